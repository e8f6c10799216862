/**
 * What a screen may know and do: the state that core mirrors to its views, and the commands that views give. Types only; the door
 * (`door.ts`) carries them across the worker's border. No key, frame or database row appears here.
 * Every value is plain data that survives structured cloning. State comes in slices; `patches.ts` says how they cross the border.
 */
import type { AccountId, DeviceId, MessageId } from '@tacet/protocol/ids';
import type { ErrorCode } from '@tacet/protocol/errors';

/** A conversation's id is the other account's. */
export type ConversationId = AccountId;

/** What went wrong, for a person: a wire code, or one of the client's own. Texts live in the interface. */
export interface Failure {
  readonly code: ErrorCode | ClientErrorCode;
  /** Set where the answer says when to try again. */
  readonly retryAt?: number;
}
/** The client's own failures. */
export type ClientErrorCode =
  | 'offline'
  | 'part-missing'
  | 'passphrase-weak'
  | 'passphrase-wrong'
  | 'invite-malformed'
  | 'invite-key-mismatch'
  | 'invite-own'
  | 'username-own'
  | 'picture-unfit'
  | 'person-blocked'
  | 'server-dishonest'
  | 'key-changed'
  | 'storage-unavailable'
  | 'storage-full'
  | 'storage-damaged'
  /** A newer build has written what this one should read, here or on another own device. */
  | 'app-outdated'
  /** More people, invites and names than the account record holds. */
  | 'record-full'
  /** As many invites as an account may have open. */
  | 'invites-full'
  | 'unsupported-browser'
  | 'text-too-long'
  | 'too-late'
  | 'message-unknown'
  | 'not-signed-in'
  | 'conversation-unknown'
  | 'cancelled'
  | 'unexpected';

export interface Me {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly username: string;
  /** Shown name; the username until one is set. */
  readonly name: string;
  /** Seconds of the timer that new conversations begin with; 0 for none. */
  readonly defaultTimer: number;
  /** Whether others are told what was read, and that one writes. */
  readonly readReceipts: boolean;
  readonly typing: boolean;
  /** Names the picture that is set, for `readPicture`; another picture has another one. */
  readonly picture?: string | undefined;
}

/** Where the app stands as a whole. */
export type SessionState =
  /** Opening local storage. */
  | { readonly kind: 'starting' }
  /** Another tab owns the account with another version of the app, with which this one does not speak. */
  | { readonly kind: 'other-version' }
  | { readonly kind: 'signed-out' }
  | { readonly kind: 'signed-in'; readonly me: Me }
  /** There is an account here behind the app lock; nothing of it is in memory, and nothing is received. */
  | { readonly kind: 'locked' }
  /** This device's account is over; local data is gone or locked. */
  | { readonly kind: 'ended'; readonly why: 'signed-out' | 'removed' | 'deleted' }
  /** The server no longer speaks this client's version, or cannot yet. */
  | { readonly kind: 'too-old' }
  | { readonly kind: 'broken'; readonly failure: Failure };

export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'online' }
  /** No connection; the next try starts at `retryAt`. */
  | { readonly kind: 'offline'; readonly retryAt: number };

/** How far an own message has come, over all devices of the other person; `failed` keeps the text and can be sent again. */
export type Delivery =
  | { readonly kind: 'sending' }
  /** Written before the other's key changed: waits until the person sends or discards it. */
  | { readonly kind: 'held' }
  | { readonly kind: 'sent' }
  | { readonly kind: 'delivered'; readonly at: number }
  | { readonly kind: 'read'; readonly at: number }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface PersonView {
  readonly account: AccountId;
  /** As he was looked up or invited by: he is found by it. */
  readonly username: string | undefined;
  /** What he says that it is, while this account knows none: shown as his word, and nobody is found by it. */
  readonly claims?: string | undefined;
  /** Profile name, else username, else a short form of the id. */
  readonly name: string;
  /** Names the picture that is known, for `readPicture`; another picture has another one. */
  readonly picture?: string | undefined;
  /** Names the account key that is shown; another key has another one. */
  readonly key?: string | undefined;
  /** How the account key came to be believed. */
  readonly trust: 'unverified' | 'by-invite' | 'verified';
  /** Verified under another key than the one that is shown now: nothing is sent until the person has decided. */
  readonly changed?: boolean | undefined;
}

/** Names a message of the open conversation: ids are unique for each author. */
export interface MessageRef {
  readonly id: MessageId;
  readonly mine: boolean;
}

/** The message that another one replies to. */
export interface QuoteView extends MessageRef {
  /** Where it stands; only while it is `here`. */
  readonly order?: number;
  /** Its first words as they are now; empty where it was deleted or is gone. */
  readonly text: string;
  /** `here`: in this conversation on this device; `told`: never came here, so these are the words of whoever replied. */
  readonly state: 'here' | 'told' | 'gone';
}

/** A line of a conversation, in display order. */
export type Line =
  | {
      readonly kind: 'message';
      readonly id: MessageId;
      /** Position in the conversation, dense, ascending. */
      readonly order: number;
      readonly mine: boolean;
      readonly text: string;
      readonly sentAt: number;
      /** When this device got it; for own messages equal to `sentAt`. */
      readonly receivedAt: number;
      readonly delivery: Delivery;
      /** It was missing here when later ones came. */
      readonly late?: boolean;
      readonly reply?: QuoteView;
      /** At most one of each person. */
      readonly reactions?: readonly { readonly emoji: string; readonly mine: boolean }[];
      /** When its text last changed, by its author's clock. The texts before are not kept. */
      readonly editedAt?: number;
      /** Deleted by its author for everyone; `text` is empty. */
      readonly deletedAt?: number;
      /** An own edit or deletion that has not left yet, or could not. */
      readonly change?: 'sending' | 'failed';
      /** Seconds that it stays once it was sent or read; absent for ever. */
      readonly timer?: number;
      /** When it goes, once its time runs. */
      readonly expiresAt?: number;
    }
  /** A permanent line about keys, gaps, repairs, and contents of a newer version. */
  | {
      readonly kind: 'event';
      readonly order: number;
      readonly at: number;
      readonly event:
        | { readonly what: 'key-changed' }
        | { readonly what: 'gap'; readonly missing: number }
        /** `asked`: its sender was asked to send it again. */
        | { readonly what: 'unreadable'; readonly asked?: boolean }
        | { readonly what: 'newer-version' }
        /** Messages disappear after so many seconds from here on; 0: they stay. */
        | { readonly what: 'timer'; readonly seconds: number; readonly mine: boolean }
        /** This device ran on an older copy of its data: keys were begun anew, and what came between may be missing here. */
        | { readonly what: 'restored' }
        | { readonly what: 'invite-accepted' };
    };

/**
 * How two people stand. `request`: a stranger has written and waits for an answer; `new`: found by name, nothing written yet; `blocked`:
 * nothing goes to him and nothing of him is shown.
 */
export type Relation = 'accepted' | 'request' | 'new' | 'blocked';

export interface ConversationSummary {
  readonly id: ConversationId;
  readonly person: PersonView;
  readonly state: Relation;
  readonly last:
    | {
        readonly text: string;
        readonly at: number;
        readonly mine: boolean;
        readonly delivery: Delivery;
        readonly deleted?: boolean;
      }
    | undefined;
  readonly unread: number;
  readonly typing: boolean;
  readonly draft: string;
}

/** Where in a conversation: at its end, at a line, or at the first line of a day (`at`: its first instant). */
export type LinePlace =
  | { readonly to: 'latest' }
  | { readonly to: 'order'; readonly order: number }
  | { readonly to: 'day'; readonly at: number };

/** The conversation that this view has open: a stretch of its lines, more in both directions on demand. */
export interface OpenConversation {
  readonly id: ConversationId;
  readonly person: PersonView;
  readonly state: Relation;
  readonly lines: readonly Line[];
  readonly hasEarlier: boolean;
  /** Newer lines are not among these. */
  readonly hasLater: boolean;
  /** Order of the newest line, whether it is among these or not. */
  readonly newest: number;
  /** Messages of the other side that have not been seen. */
  readonly unread: number;
  readonly typing: boolean;
  /**
   * The line to be brought in sight because somebody asked for it; without an order the end. A higher turn is another wish; without
   * one the conversation was opened as it stands.
   */
  readonly target: { readonly order: number | undefined; readonly turn: number } | undefined;
  /** First unread order when it was opened, for the unread line. */
  readonly unreadFrom: number | undefined;
  readonly draft: string;
  /** Seconds after which messages disappear; 0: they stay. */
  readonly timer: number;
  /** The verified key has changed: nothing is sent until the person has compared again or goes on unverified. */
  readonly blocked: boolean;
  /** Messages that were written before a key change and wait to be sent or discarded. */
  readonly waiting: number;
  /** Edits, deletions, reactions and timers that wait likewise. */
  readonly waitingChanges: number;
}

/** The app lock as it is set. */
export interface LockView {
  /** Locks after this long without anybody; absent: when told to, and at every start. */
  readonly afterMs: number | undefined;
}

/** A reset that a device announced because the passphrase is lost. */
export interface ResetView {
  /** Whether this device announced it and may finish it. */
  readonly isThis: boolean;
  /** Name of the device that announced it. */
  readonly deviceName: string | undefined;
  /** From when it may be finished, and until when. */
  readonly dueAt: number;
  readonly lapsesAt: number;
}

/** The invite that the account came by was not answered: the server shows another key of the inviter than the link names. */
export interface RefusedInvite {
  /** Whose invite it was, by the word of the server. */
  readonly username: string;
}

/**
 * What the server was caught at; none of it was accepted. `older-state`: it has shown an older state of the account than this device
 * knows; `forged-devices`: a list of the own devices that the account has not signed; `foreign-keys`: it holds other keys for new
 * conversations than this device has made for them.
 */
export type Caught = 'older-state' | 'forged-devices' | 'foreign-keys';

/** Names an alert when it was seen. */
export type AlertId = DeviceId | Caught;

/** What is told above the list until the person has seen it. */
export type AlertView =
  /** Somebody has added a device to the account, with its passphrase. */
  | {
      readonly what: 'device-added';
      readonly id: DeviceId;
      readonly deviceName: string | undefined;
      /** When this device learnt of it. */
      readonly at: number;
    }
  | { readonly what: Caught; readonly id: Caught; readonly at: number };

/** What is to be said of the passphrase. */
export interface PassphraseView {
  /** It is time to ask whether it is still at hand. */
  readonly asked: boolean;
  /** Another own device has put another one in force, which the person has not seen yet. */
  readonly changed?: { readonly deviceName: string | undefined; readonly at: number };
}

/** One of the own devices, as far as this one knows. */
export interface DeviceView {
  readonly device: DeviceId;
  /** Known to the own devices only; absent until one of them has told it. */
  readonly name: string | undefined;
  readonly isThis: boolean;
  readonly addedAt: number;
  /** When something of it was last seen here, to the day; absent if nothing was. This device itself: always absent. */
  readonly heardAt: number | undefined;
  /** It has signed out and leaves the list with the next change of it. */
  readonly hasLeft: boolean;
}

/** A message that a search found: its text around the find, on one line, with the finds marked. */
export interface MessageFind {
  readonly order: number;
  readonly at: number;
  readonly mine: boolean;
  readonly excerpt: readonly { readonly text: string; readonly found: boolean }[];
}

/** The finds of one conversation, newest first. */
export interface ConversationFinds {
  readonly id: ConversationId;
  readonly person: PersonView;
  readonly finds: readonly MessageFind[];
}

/** What is known of one message besides its words. */
export interface MessageDetails {
  readonly sentAt: number;
  readonly receivedAt: number;
  /** Encrypted, for one device at least, in a session that began without a one-time prekey and had no answer yet. */
  readonly reduced: boolean;
  /** It came more than two hours after it was sent, though this device was connected and had got everything that waited. */
  readonly delayed: boolean;
  /** Of an own message: the other person's devices that it went to, each with what it has told. */
  readonly devices: readonly {
    readonly device: DeviceId;
    /** When it was added to the account, as its list says; unknown of a device that is no longer listed. */
    readonly addedAt: number | undefined;
    readonly deliveredAt: number | undefined;
    readonly readAt: number | undefined;
  }[];
}

/** What a search found: the newest finds, by conversation. */
export interface SearchResults {
  readonly groups: readonly ConversationFinds[];
  /** Older ones were found besides. */
  readonly more: boolean;
  /** Whether every message was looked at; not while older ones are still being added to the index. */
  readonly complete: boolean;
}

/** What a notification may show: nothing at all, that there is a message, from whom, or what it says. */
export type NoticeLevel = 'none' | 'private' | 'name' | 'full';

/** The safety number of two people: what they read to each other, and what a camera reads. */
export interface SafetyNumber {
  /** 60 digits, the same on both sides. */
  readonly digits: string;
  /** Bytes for a code. */
  readonly code: Uint8Array;
}

/**
 * What a scanned code says. `another-person`: it belongs to somebody else or is shown for somebody else; `equal-to-earlier`: it is the
 * key that was verified before the present change.
 */
export type CodeComparison =
  | 'equal'
  | 'different'
  | 'equal-to-earlier'
  | 'another-person'
  | 'newer-version'
  | 'older-version'
  | 'not-a-code';

/** Long work that shows progress. */
export type Progress =
  | { readonly kind: 'stretching' }
  | { readonly kind: 'making-keys' }
  | { readonly kind: 'registering' }
  | { readonly kind: 'opening-vault' }
  | { readonly kind: 'connecting' };

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
  readonly alerts: readonly AlertView[];
  /** Another own device runs a newer build, whose account record this one cannot read: the two do not agree until this one is as new. */
  readonly outdated: boolean;
  readonly progress: Progress | undefined;
  readonly unreadTotal: number;
  /** Lines that were added to the search index, while that goes on. */
  readonly indexing: { readonly done: number; readonly total: number } | undefined;
  /** What notifications of this device may show. */
  readonly notices: NoticeLevel;
  /** Whether the browser promised to keep the data (`storage.persist()`). */
  readonly persistent: boolean | undefined;
}

export interface ServerView {
  readonly name: string;
  readonly inviteOnly: boolean;
  readonly fresh: boolean;
}

/** An invite link as read from the address: the code for the server, the rest never leaves the browser. */
export interface InviteView {
  readonly link: string;
  /** Absent in a server's first invite. */
  readonly inviterUsername: string | undefined;
  readonly expiresAt: number | undefined;
}

/** An own invite link. */
export interface OwnInviteView {
  /** While it lets somebody in. */
  readonly link: string | undefined;
  /** Unknown of one that an earlier build made. */
  readonly madeAt: number | undefined;
  readonly expiresAt: number;
  /** `unused`: nobody was given it yet. `used`: somebody came by it. */
  readonly state: 'unused' | 'given' | 'used' | 'withdrawn';
  /** Shown name of who came by it. */
  readonly by?: string;
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
  sendText(id: ConversationId, text: string, reply?: MessageRef): Promise<MessageId>;
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
  /** Believes the changed key of somebody verified without comparing; `digits` are those that were shown. */
  goOnUnverified(id: ConversationId, digits: string): Promise<void>;
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
  setPrivacy(privacy: { readonly readReceipts?: boolean; readonly typing?: boolean }): Promise<void>;
  /** The conversation that a notification was about. */
  findNoticed(token: string): Promise<ConversationId | undefined>;
  /** The network may be back: try now. */
  connectNow(): Promise<void>;
}
