/**
 * What a screen may know and do: the state that core mirrors to its views, and the commands that views give. Types only; the door
 * (`door.ts`) carries them across the worker's border. No key, frame or database row appears here.
 * Every value is plain data that survives structured cloning. State comes in slices; `patches.ts` says how they cross the border.
 */
import type { CallMedia } from '@tacet/protocol/content/call';
import type { AccountId, DeviceId, MessageId } from '@tacet/protocol/ids';
import type {
  SessionState,
  ConnectionState,
  LockView,
  ResetView,
  RefusedInvite,
  EncounterView,
  AlertId,
  AlertView,
  PassphraseView,
  DeviceView,
  NoticeLevel,
  Progress,
  ServerView,
  InviteView,
  OwnInviteView,
} from './view/account.ts';
import type {
  ConversationId,
  MessageRef,
  ConversationSummary,
  LinePlace,
  OpenConversation,
  MessageDetails,
  SafetyNumber,
  CodeComparison,
} from './view/conversation.ts';
import type { CallView } from './view/calls.ts';
import type { SearchResults } from './view/search.ts';

export type * from './view/account.ts';
export type * from './view/calls.ts';
export type * from './view/conversation.ts';
export type * from './view/failure.ts';
export type * from './view/search.ts';

/** Everything that core shows a view. */
export interface ViewState {
  readonly session: SessionState;
  readonly connection: ConnectionState;
  /** Newest first. */
  readonly conversations: readonly ConversationSummary[];
  readonly open: OpenConversation | undefined;
  /** This one first, then in the order in which they were added. */
  readonly devices: readonly DeviceView[];
  /** The app lock, where one is set. */
  readonly lock: LockView | undefined;
  /** This device's own first; the others by when they may be finished. */
  readonly resets: readonly ResetView[];
  readonly passphrase: PassphraseView;
  readonly refusedInvite: RefusedInvite | undefined;
  /** Oldest first. */
  readonly encounters: readonly EncounterView[];
  readonly alerts: readonly AlertView[];
  /** Another own device runs a newer build, whose account record this one cannot read: the two do not agree until this one is as new. */
  readonly outdated: boolean;
  readonly progress: Progress | undefined;
  readonly unreadTotal: number;
  /** Lines that were added to the search index, while that goes on. */
  readonly indexing: { readonly done: number; readonly total: number } | undefined;
  /** The call of this device: one that rings, goes on, or has ended and was not seen yet. */
  readonly call: CallView | undefined;
  /** What notifications of this device may show. */
  readonly notices: NoticeLevel;
  /** Whether the browser promised to keep the data (`storage.persist()`). */
  readonly persistent: boolean | undefined;
}

/** What a view can ask for. Each is answered by its value or refused with a `Failure`. */
export interface Commands {
  readServer(): Promise<ServerView>;
  /** `link` is a whole URL, fragment included. Consumes nothing. */
  readInvite(link: string): Promise<InviteView>;
  /** Six words. */
  suggestPassphrase(): Promise<string>;
  /** Estimated bits of a person's own choice; accepted from 66. */
  estimatePassphrase(passphrase: string): Promise<{ readonly bits: number; readonly enough: boolean }>;
  signUp(request: {
    readonly username: string;
    readonly name: string;
    readonly passphrase: string;
    readonly invite: string | undefined;
  }): Promise<void>;
  signIn(request: { readonly username: string; readonly passphrase: string }): Promise<void>;
  signOut(): Promise<void>;
  /** Makes a single-use invite and gives its whole link, secret included. */
  makeInvite(use?: 'link' | 'scan'): Promise<{ readonly link: string; readonly expiresAt: number }>;
  /** The link to be given to somebody: one that nobody was given yet, else a new one. */
  offerInvite(): Promise<{ readonly link: string; readonly expiresAt: number }>;
  /** The person has copied or shared a link: the next one who is invited gets another. */
  noteGivenInvite(link: string): Promise<void>;
  /** The own invite links whose time is not over, newest first. */
  readOwnInvites(): Promise<readonly OwnInviteView[]>;
  /** Ends an own invite before its time. */
  withdrawInvite(link: string): Promise<void>;
  /** Opens the conversation that an invite link leads to, as somebody who is signed in. */
  followInvite(link: string): Promise<ConversationId>;
  /** The other person is there; `number`: what the screen that scanned the code shows. `false`: it shows another, and it is over. */
  confirmEncounter(id: string, number: string): Promise<boolean>;
  /** He is not, or the person has seen what came of it. */
  endEncounter(id: string): Promise<void>;
  /** The person has seen `refusedInvite`. */
  seeRefusedInvite(): Promise<void>;
  /** The person has seen one of `alerts`. */
  seeAlert(id: AlertId): Promise<void>;
  /** The conversation with whoever has this username; the person learns of it with the first message. */
  startConversation(username: string): Promise<ConversationId>;
  /** Opens a conversation, or moves the one that is open. Without a place: where what is unread begins, or at the end. */
  openConversation(id: ConversationId | undefined, at?: LinePlace): Promise<void>;
  loadEarlier(id: ConversationId): Promise<void>;
  loadLater(id: ConversationId): Promise<void>;
  /** Times of a message, and which of the other person's devices have it. */
  readDetails(id: ConversationId, order: number): Promise<MessageDetails>;
  /** A search is about to begin: makes the index ready, and adds what it lacks (`indexing` tells how far that is). */
  prepareSearch(): Promise<void>;
  /** Stops adding older messages to the index. */
  stopIndexing(): Promise<void>;
  /** Messages that hold a word beginning like each word of the query, in all conversations or in one. */
  searchMessages(query: string, within?: ConversationId, most?: number): Promise<SearchResults>;
  acceptRequest(id: ConversationId): Promise<void>;
  /** From now on nothing of this person is shown, and what he knows of this account is of no use any more. He is not told. */
  block(id: ConversationId): Promise<void>;
  unblock(id: ConversationId): Promise<void>;
  /** The draft goes with the same commit: any, or only `draft`, so that what another tab has written stays. */
  sendText(id: ConversationId, text: string, reply?: MessageRef, draft?: string): Promise<MessageId>;
  /** Another text for an own message, within 24 hours. */
  editMessage(id: ConversationId, message: MessageId, text: string): Promise<void>;
  /** One emoji, or none to take the own reaction back. */
  react(id: ConversationId, message: MessageRef, emoji: string | undefined): Promise<void>;
  /** Takes an own message back on both sides, within 24 hours. */
  deleteForEveryone(id: ConversationId, message: MessageId): Promise<void>;
  /** Deletes messages on the own devices alone. */
  deleteForMe(id: ConversationId, messages: readonly MessageRef[]): Promise<void>;
  /** Deletes everything that was said so far from this device. */
  clearHistory(id: ConversationId): Promise<void>;
  /** Seconds after which messages disappear; 0: they stay. Both sides are told. */
  setTimer(id: ConversationId, seconds: number): Promise<void>;
  /** The timer that conversations begun from now on have. */
  setDefaultTimer(seconds: number): Promise<void>;
  /** The number of the key that is shown for somebody; while a changed key waits, of that one. */
  readSafetyNumber(id: ConversationId): Promise<SafetyNumber>;
  /** Holds a scanned code against it. */
  compareCode(id: ConversationId, scanned: Uint8Array): Promise<CodeComparison>;
  /** Marks somebody as verified; `digits` are those that were compared. */
  verify(id: ConversationId, digits: string): Promise<void>;
  unverify(id: ConversationId): Promise<void>;
  /**
   * Believes the changed key of somebody verified without comparing. `shownKey`: the key that the person saw, as `PersonView` names it;
   * where another waits by now, nothing is decided.
   */
  goOnUnverified(id: ConversationId, shownKey: string | undefined): Promise<void>;
  /** Stays with the key that was verified before. */
  keepEarlierKey(id: ConversationId): Promise<void>;
  /**
   * Sends what waits since a key change: of one message, or all. `shownKey`: the key that the person saw, as `PersonView` names it; where
   * another is in force nothing is sent.
   */
  sendHeld(id: ConversationId, shownKey: string | undefined, message?: MessageId): Promise<void>;
  /** Discards it instead; what may have arrived all the same is deleted on the other side too. */
  discardHeld(id: ConversationId, message?: MessageId): Promise<void>;
  /** Sends a failed message again. */
  retrySend(message: MessageId): Promise<void>;
  /** Everything up to `order` has been seen by the person. */
  markRead(id: ConversationId, order: number): Promise<void>;
  setTyping(id: ConversationId, on: boolean): Promise<void>;
  setDraft(id: ConversationId, text: string): Promise<void>;
  setName(name: string): Promise<void>;
  /** Sets the own picture, a small JPEG file; `undefined` takes it away. */
  setPicture(picture: Uint8Array | undefined): Promise<void>;
  /** The picture of somebody, the own one included: a JPEG file that has been looked at. */
  readPicture(account: AccountId): Promise<Uint8Array | undefined>;
  /** Emoji used lately, newest first. */
  readRecentEmoji(): Promise<readonly string[]>;
  /** An emoji was chosen. */
  noteEmoji(emoji: string): Promise<void>;
  /** Names an own device; an empty name takes it away. */
  renameDevice(device: DeviceId, name: string): Promise<void>;
  /** Removes another own device. It is refused by the server at once, and by contacts as they learn of it. */
  removeDevice(device: DeviceId, passphrase: string): Promise<void>;
  /** Announces a reset by this device: the passphrase is lost. All devices are told. */
  beginReset(): Promise<void>;
  cancelReset(passphrase: string): Promise<void>;
  /** Finishes a due reset of this device under a new passphrase: a new account key, this device alone. */
  finishReset(passphrase: string): Promise<void>;
  /** Puts another passphrase in force. Devices that are signed in stay so. */
  changePassphrase(change: { readonly current: string; readonly next: string }): Promise<void>;
  /** Whether this is the passphrase in force; refused as `passphrase-wrong` if not. */
  checkPassphrase(passphrase: string): Promise<void>;
  /** The question whether it is at hand is asked another time. */
  postponePassphrase(): Promise<void>;
  /** The person has seen that another device has changed it. */
  seePassphraseChange(): Promise<void>;
  /** Deletes the account on the server and everything here. */
  deleteAccount(passphrase: string): Promise<void>;
  /** Deletes everything here, without asking the server for anything. Works offline, locked, and where the storage is broken. */
  wipe(): Promise<void>;
  /** Locks this device with a passphrase of its own from now on. */
  setLock(lock: { readonly passphrase: string; readonly afterMs: number | undefined }): Promise<void>;
  clearLock(passphrase: string): Promise<void>;
  /** Locks now. */
  lock(): Promise<void>;
  unlock(passphrase: string): Promise<void>;
  /** Somebody is at this view. */
  noteActivity(): Promise<void>;
  /** Deliveries that gave nothing: whose seal did not open, and whose sender could not be proved. They name nobody. */
  readFaults(): Promise<{ readonly unopened: number; readonly unproven: number }>;
  /** Chooses what notifications of this device may show. */
  setNotices(level: NoticeLevel): Promise<void>;
  /** Whether others are told what was read and that this one types, and whether calls hide this one's address from them. */
  setPrivacy(privacy: {
    readonly readReceipts?: boolean;
    readonly typing?: boolean;
    readonly relayCalls?: boolean;
  }): Promise<void>;
  /**
   * Calls an accepted person, or takes his call that rings. Answered once it has begun; what becomes of it is told by `call`. Done by the core
   * of this tab.
   */
  startCall(id: ConversationId, media: CallMedia): Promise<CallView['id']>;
  /** Takes this call, here. Refused as `call-over` where it does not ring any more, whatever else rings. */
  takeCall(id: CallView['id'], media: CallMedia): Promise<void>;
  /** Ends this call: hangs up, cancels or declines it. Where it does not go on, nothing happens. */
  hangUp(id: CallView['id']): Promise<void>;
  /** The person has seen how the call ended: it is shown no more. */
  seeCallEnd(): Promise<void>;
  /** The conversation that a notification was about. */
  findNoticed(token: string): Promise<ConversationId | undefined>;
  /** The network may be back: try now. */
  connectNow(): Promise<void>;
}
