/** Every command of a view, with what becomes of a call of it whose core ends or is locked. */
import type { CommandName } from './worker-messages.ts';

/**
 * What becomes of a call whose core ended before it answered. `again`: the next core is asked the same, because doing it twice is as
 * doing it once (what a command makes has its id from the call's key; a call to somebody that was begun ended with its core, and is made anew).
 * `once`: refused as `cancelled`.
 */
type Repeat = 'again' | 'once';

export const COMMANDS: { readonly [Name in CommandName]: Repeat } = {
  readServer: 'again',
  readInvite: 'again',
  suggestPassphrase: 'again',
  estimatePassphrase: 'again',
  signUp: 'once',
  signIn: 'once',
  signOut: 'once',
  makeInvite: 'once',
  offerInvite: 'again',
  noteGivenInvite: 'again',
  readOwnInvites: 'again',
  withdrawInvite: 'again',
  followInvite: 'once',
  confirmEncounter: 'again',
  endEncounter: 'again',
  seeRefusedInvite: 'again',
  seeAlert: 'again',
  startConversation: 'again',
  openConversation: 'again',
  loadEarlier: 'again',
  loadLater: 'again',
  readDetails: 'again',
  prepareSearch: 'again',
  stopIndexing: 'again',
  searchMessages: 'again',
  acceptRequest: 'again',
  block: 'again',
  unblock: 'again',
  sendText: 'again',
  editMessage: 'again',
  react: 'again',
  deleteForEveryone: 'again',
  deleteForMe: 'again',
  clearHistory: 'again',
  setTimer: 'again',
  setDefaultTimer: 'again',
  setPrivacy: 'again',
  startCall: 'again',
  takeCall: 'again',
  hangUp: 'again',
  seeCallEnd: 'again',
  readSafetyNumber: 'again',
  compareCode: 'again',
  verify: 'again',
  unverify: 'again',
  goOnUnverified: 'again',
  keepEarlierKey: 'again',
  sendHeld: 'again',
  discardHeld: 'again',
  retrySend: 'again',
  markRead: 'again',
  setTyping: 'again',
  setDraft: 'again',
  setName: 'again',
  readRecentEmoji: 'again',
  noteEmoji: 'again',
  setPicture: 'again',
  readPicture: 'again',
  renameDevice: 'again',
  changePassphrase: 'once',
  checkPassphrase: 'again',
  postponePassphrase: 'again',
  seePassphraseChange: 'again',
  beginReset: 'again',
  cancelReset: 'once',
  finishReset: 'once',
  deleteAccount: 'once',
  wipe: 'again',
  setLock: 'once',
  clearLock: 'once',
  lock: 'again',
  unlock: 'again',
  noteActivity: 'again',
  removeDevice: 'once',
  readFaults: 'again',
  setNotices: 'again',
  findNoticed: 'again',
  connectNow: 'again',
};

/** Commands that carry words of the person: found locked, they wait with those that a takeover left. */
export const WORDS: ReadonlySet<CommandName> = new Set(['sendText', 'editMessage', 'setDraft']);

/** Commands that are done by the core of the tab in which they are given: it takes the account over where another one has it. */
export const OWNING: ReadonlySet<CommandName> = new Set(['startCall', 'takeCall']);

/** Names of all commands, in the order of `Commands`. */
export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];
