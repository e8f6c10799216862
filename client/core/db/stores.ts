/**
 * What the local database holds: one table for each kind of value, with the form of its keys. Values are this device's own and were
 * sealed by it; they are not parsed again.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import type { Timer } from '@tacet/protocol/content/timer';
import type { AccountId, DeviceId, EnvelopeId, InviteCode, MessageId } from '@tacet/protocol/ids';
import type { Amendments } from '../messages/amendments.ts';
import type { SearchState, StoredChunk } from '../search/chunk.ts';
import type { Caught, Delivery, Line, NoticeLevel } from '../view.ts';
import type { DbKey } from '../ports.ts';
import type { SealedDb, Table } from './sealed.ts';

type Bytes = Uint8Array;

/** A signed byte string as it travels. */
export interface SignedBytes {
  readonly bytes: Bytes;
  readonly signature: Bytes;
}

/** Who this device is. Key `own`. */
export interface OwnDevice {
  /** `joining`: keys made, the server has not answered yet; dropped at the next start. */
  readonly phase: 'joining' | 'active';
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly username: string;
  /** Public half, 33 bytes. */
  readonly accountKey: Bytes;
  /** libsignal's serialised identity key pair of this device. */
  readonly identity: Bytes;
  readonly registrationId: number;
  readonly recordKey: Bytes;
  /** Install epoch of the numbering, 16 bytes. */
  readonly epoch: Bytes;
  /** Counter of the list that first named this device. */
  readonly joinedAt: number;
  /** Own device list in force as far as known. */
  readonly list: SignedBytes;
  /** Highest version of the credentials that was ever seen. */
  readonly credentialsVersion: number;
  /** Removals that were asked for; the own list in force says which of them happened. */
  readonly removals?: readonly Removal[];
  /** The profile key in the record has yet to reach the server and the contacts. */
  readonly publishing?: boolean;
  /** An invite to answer, taken from the link. */
  readonly answering?: InviteAnswer;
  /** What the server was caught at. */
  readonly caught?: Readonly<Partial<Record<Caught, CaughtAt>>>;
  /** The same of an older state, as versions of the database before 6 wrote it. */
  readonly rollback?: CaughtAt;
  /** The devices of the own list as this device knows them; absent until it has looked for the first time. */
  readonly toldDevices?: readonly ToldDevice[];
}

/** When the server was caught; `seen`: when the person had been told. */
export interface CaughtAt {
  readonly at: number;
  readonly seen?: true;
}

/** A device of the own list. */
export interface ToldDevice {
  readonly device: DeviceId;
  /** 33 bytes. */
  readonly identityKey: Bytes;
  /** When this device learnt that it was added; absent once the person has seen it, and of those that were there before. */
  readonly learntAt?: number;
}

/** A removal as it was asked for, with what it makes valid, stored before the request leaves. */
export interface Removal {
  readonly list: SignedBytes;
  /** Public half of the new account key, 33 bytes: a reset. */
  readonly accountKey?: Bytes;
  readonly recordKey: Bytes;
  readonly profileKey: Bytes;
  readonly profileVersion: number;
  readonly credentialsVersion: number;
  /** Version and hash of the sealed record. */
  readonly record: { readonly version: number; readonly hash: Bytes };
}

/** What an invite link said about the inviter, kept until it is answered. */
export interface InviteAnswer {
  readonly account: AccountId;
  readonly username: string;
  readonly code: InviteCode;
  readonly secret: Bytes;
  readonly accountKeyHash: Bytes;
  readonly deliveryKey: Bytes;
  /** The server showed another account key than the link names: it is not answered, and the person is told. */
  readonly refused?: true;
}

/** The start counter. Key `start`. */
export interface StartCounter {
  readonly counter: number;
  /** When old state was announced to the person, today. */
  readonly restoredAt?: readonly number[];
}

/** The account record as last known. Key `record`. */
export interface StoredRecord {
  readonly version: number;
  /** Hash of the sealed form of `version`. */
  readonly hash: Bytes;
  /** CBOR of the record, possibly ahead of `version`. */
  readonly plain: Bytes;
  readonly dirty: boolean;
}

/** Prekeys that were made and what was uploaded. Key `prekeys`. */
export interface PreKeyState {
  readonly nextId: number;
  /** Signed prekeys, each with the last-resort key of the same id; newest last. Kept as long as a queue can hold a message for them. */
  readonly signed: readonly { readonly id: number; readonly madeAt: number }[];
  /** Batches of one-time keys of both kinds; `heldAt`: when the server last said that it holds one of them, exact to a day. */
  readonly batches: readonly {
    readonly firstId: number;
    readonly count: number;
    readonly madeAt: number;
    readonly heldAt?: number;
  }[];
  readonly statedAt: number;
  /** The newest signed prekey that the server has taken; absent before the first was changed. */
  readonly confirmedId?: number;
  /** How often the server held other keys than were uploaded. */
  readonly faults: number;
}

/** When the passphrase is asked for next, and that another own device has changed it. Key `passphrase`. */
export interface StoredCare {
  /** Right answers in a row. */
  readonly answers: number;
  readonly askAt: number;
  /** Until the person has seen it. */
  readonly changed?: { readonly device: DeviceId; readonly at: number };
}

/** Things that only count. Key `counts`. */
export interface Counts {
  /** Envelopes whose outer seal did not open. */
  readonly unopened: number;
  /** Envelopes that named a sender who could not be shown to be one. */
  readonly unproven: number;
}

/** When a device was last known to be alive, ms; 0 for never. */
export interface SignsOfLife {
  readonly device: DeviceId;
  readonly statedAt: number;
  readonly askedAt: number;
  readonly heardAt: number;
}

/** A person's devices as last proved by the account key. */
export interface StoredPerson {
  readonly account: AccountId;
  readonly accountKey: Bytes;
  readonly list: SignedBytes;
  /** Devices that gave notice of leaving and are still listed. */
  readonly departed: readonly DeviceId[];
  /** Signs of life of each device, ms: its newest statement, when it was last asked for, when the device last wrote. */
  readonly signs: readonly SignsOfLife[];
  /** The hash of the own list that each device has shown that it knows. */
  readonly proven: readonly { readonly device: DeviceId; readonly hash: Bytes }[];
  /** The directory has never shown this key: it came inside a message. */
  readonly hearsay?: boolean;
  readonly username?: string;
  readonly name?: string;
  readonly profileVersion?: number;
  /** Which picture is kept of him; absent where there is none. */
  readonly picture?: string;
  /** Resets and repairs on this person's behalf today. */
  readonly repairs?: { readonly day: number; readonly count: number };
  /** Lines about what could not be read and was asked for again, with the device that is to send it. */
  readonly unreadable?: readonly { readonly device: DeviceId; readonly order: number }[];
}

/** The key that the directory shows for a verified contact since it has changed, with the list that it signed. */
export interface ChangedKey {
  readonly accountKey: Bytes;
  readonly list: SignedBytes;
}

/** A conversation's own state. */
export interface StoredConversation {
  readonly account: AccountId;
  readonly nextOrder: number;
  readonly unread: number;
  /** Highest order that the person has seen. */
  readonly readTo: number;
  readonly draft: string;
  readonly activityAt: number;
  /** The timer in force; absent while none was ever set. */
  readonly timer?: Timer;
  /** Nothing is sent while it is there, until the person has decided. */
  readonly changedKey?: ChangedKey;
  readonly last?: {
    readonly order: number;
    /** Empty once the message was deleted. */
    readonly text: string;
    readonly deleted?: boolean;
    readonly at: number;
    readonly mine: boolean;
    readonly delivery: Delivery;
  };
}

/** What one device of the other person has told of an own message, ms by its clock. */
export interface HeardFrom {
  readonly device: DeviceId;
  readonly deliveredAt?: number;
  readonly readAt?: number;
}

/** What is to be said of how a message came here or left. */
export interface MessageMarks {
  /** Encrypted, for one device at least, in a session that began without a one-time prekey and had no answer yet. */
  readonly reduced?: true;
  /** It came long after it was sent, though this device was connected. */
  readonly delayed?: true;
}

/** A line as shown, with what repairs need. */
export interface StoredLine {
  readonly line: Line;
  readonly marks?: MessageMarks;
  /** Of an own message: which devices have told that they have it. */
  readonly heard?: readonly HeardFrom[];
  /** What later contents made of the message. */
  readonly amendments?: Amendments;
  /** Orders of the replies that quote it. */
  readonly quotedBy?: readonly number[];
  /** Of a gap: the chain in which numbers are missing. */
  readonly gap?: { readonly device: DeviceId; readonly epoch: string };
}

/** Where a message stands. */
export interface MessagePlace {
  readonly account: AccountId;
  readonly order: number;
  readonly mine: boolean;
}

/** Contents about a message that has not come yet. Key [hidden conversation, hidden author and message]. */
export interface EarlyAmendments {
  readonly author: AccountId;
  readonly message: MessageId;
  readonly at: number;
  readonly amendments: Amendments;
}

/** A message whose time runs. Key [when it goes, hidden conversation, order]. */
export interface Expiring {
  readonly account: AccountId;
  readonly order: number;
  /** Its whole time, seconds: where a clock was set back, no more than this is left. */
  readonly seconds: number;
}

/** One device's part of an outgoing content. Without a body the device is skipped. */
export interface OutgoingEnvelope {
  readonly device: DeviceId;
  readonly id?: EnvelopeId;
  readonly body?: Bytes;
}

/** A content on its way to one account. Key: its number, ascending. */
export interface OutboxEntry {
  readonly seq: number;
  readonly to: AccountId;
  readonly kind: string;
  readonly body: Bytes;
  readonly id: MessageId;
  readonly sentAt: number;
  readonly durable: boolean;
  readonly critical: boolean;
  /** The message line to update. */
  readonly line?: boolean;
  /** The message whose words it holds, if it is not that message itself: an edit, a copy for own devices. */
  readonly about?: MessageId;
  /** Whether the line of `about` shows that this is still on its way. */
  readonly amends?: boolean;
  /** The message was deleted while this was on its way: no copy is kept for repairs. */
  readonly erased?: boolean;
  /** The message itself was deleted, not only words that it quotes: it never leaves under another key. */
  readonly gone?: boolean;
  /** What the person wrote: the account key that it was written under, 33 bytes. It leaves under no other. */
  readonly under?: Bytes;
  /** It was written before a key change and waits for a word of the person. */
  readonly held?: boolean;
  /** A repair for one device alone: the frame as it was first sent. */
  readonly only?: DeviceId;
  /** CBOR of the content frame, once numbered. */
  readonly frame?: Bytes;
  readonly number?: number;
  readonly epoch?: Bytes;
  /** Hash of the list that the envelopes are for. */
  readonly listHash?: Bytes;
  readonly envelopes?: readonly OutgoingEnvelope[];
  /** Sessions to be made anew before encrypting (repairs). */
  readonly fresh?: boolean;
}

/** What was sent to one device, for repairs. Key [day, hidden device and envelope]. */
export interface SentRecord {
  readonly account: AccountId;
  /** The account key that was believed when it was sent, 33 bytes. */
  readonly accountKey?: Bytes;
  readonly device: DeviceId;
  readonly identityKey: Bytes;
  readonly frame: Bytes;
  readonly id: MessageId;
  /** The message whose words it holds, if it is not that message itself. */
  readonly about?: MessageId;
  readonly at: number;
  /** How often it was sent again, and when last. */
  readonly count: number;
  readonly againAt?: number;
}
/** Leads from a chain number to the envelope. Key [day, hidden account, device, epoch and number]. */
export interface SentPointer {
  readonly envelope: EnvelopeId;
}

/** Says that a message was made ready to leave, and leads to the copies kept of it. Key [day, hidden message, hidden first envelope]. */
export interface SentCopies {
  /** None once they were erased. */
  readonly copies: readonly { readonly device: DeviceId; readonly envelope: EnvelopeId }[];
  /** It was made ready for the other own devices, not for the other side. */
  readonly own?: boolean;
}

/** The own numbering towards one account. */
export interface OutChain {
  readonly epoch: Bytes;
  readonly number: number;
  readonly previous: Bytes;
  /**
   * Numbers at which devices listed later came in. `nudgedAt`: when the newest content was last sent to one again to show what it misses.
   */
  readonly starts: readonly {
    readonly device: DeviceId;
    readonly number: number;
    readonly nudgedAt?: number;
  }[];
}
/** The numbering of one device of the other side. */
export interface InChain {
  readonly device: DeviceId;
  readonly epoch: Bytes;
  readonly contiguous: number;
  readonly highest: number;
  /** Numbers below `highest` that are missing, ascending. */
  readonly missing: readonly number[];
  /** Missing numbers that were too many to remember: how many, none of them above `upTo`. */
  readonly lost?: { readonly upTo: number; readonly count: number };
  /** When what is missing was last asked for, and how often it was asked again. */
  readonly asked?: { readonly at: number; readonly again: number };
  /** Order of the line that shows what is missing. */
  readonly gapLine?: number;
  /** When it was last heard of, ms. */
  readonly heardAt?: number;
  /** Hashes of received numbers whose successor has not come. */
  readonly heads: readonly { readonly number: number; readonly hash: Bytes }[];
}

/** A receipt that waits to be sent. */
export interface PendingReceipt {
  readonly account: AccountId;
  readonly kind: 'delivered' | 'read';
  readonly message: MessageId;
}

export const T = {
  /** How the rows are laid out. Key `layout`; absent before `LAYOUT` 1. */
  layout: { store: 'device' } as Table<number>,
  own: { store: 'device' } as Table<OwnDevice>,
  start: { store: 'device' } as Table<StartCounter>,
  record: { store: 'device' } as Table<StoredRecord>,
  preKeyState: { store: 'device' } as Table<PreKeyState>,
  counts: { store: 'device' } as Table<Counts>,
  notices: { store: 'device' } as Table<NoticeLevel>,
  passphraseCare: { store: 'device' } as Table<StoredCare>,
  recentEmoji: { store: 'device' } as Table<readonly string[]>,
  searchState: { store: 'device' } as Table<SearchState>,
  search: { store: 'search' } as Table<StoredChunk>,
  preKeys: { store: 'prekeys' } as Table<Bytes>,
  sessions: { store: 'sessions' } as Table<Bytes>,
  people: { store: 'people' } as Table<StoredPerson>,
  conversations: { store: 'conversations' } as Table<StoredConversation>,
  lines: { store: 'lines' } as Table<StoredLine>,
  messages: { store: 'messages' } as Table<MessagePlace>,
  outbox: { store: 'outbox' } as Table<OutboxEntry>,
  sent: { store: 'sent' } as Table<SentRecord>,
  sentPointers: { store: 'sent' } as Table<SentPointer>,
  sentCopies: { store: 'sent' } as Table<SentCopies>,
  outChains: { store: 'chains' } as Table<OutChain>,
  inChains: { store: 'chains' } as Table<InChain>,
  receipts: { store: 'receipts' } as Table<PendingReceipt>,
  early: { store: 'early' } as Table<EarlyAmendments>,
  expiring: { store: 'expiring' } as Table<Expiring>,
  pictures: { store: 'pictures' } as Table<Bytes>,
} as const;

/** Kinds of prekeys in `T.preKeys`, keyed [kind, id]; `used` marks (last-resort key, base key) pairs that were seen. */
export type PreKeyKind = 'one-time' | 'kyber' | 'signed' | 'last-resort';

/** Keys of tables whose names are hidden. */
export const K = {
  account: (db: SealedDb, account: AccountId): DbKey => db.hide(`account ${account}`),
  /** Where the session with a device lay before `LAYOUT` 1. */
  device: (db: SealedDb, device: DeviceId): DbKey => db.hide(`device ${device}`),
  /** Whoever lists a device of somebody else's name under an identity key of his own has a session of his own. */
  session: (db: SealedDb, device: DeviceId, identityKey: Uint8Array): Uint8Array =>
    db.hide(`session ${device} ${encodeB64u(identityKey)}`),
  line: (db: SealedDb, account: AccountId, order: number): DbKey => [db.hide(`account ${account}`), order],
  search: (db: SealedDb, account: AccountId, chunk: number): DbKey => [db.hide(`words of ${account}`), chunk],
  /** `author` keeps another person from taking the place of a message id. */
  message: (db: SealedDb, author: AccountId, id: MessageId): DbKey => db.hide(`message ${author} ${id}`),
  outChain: (db: SealedDb, account: AccountId): DbKey => db.hide(`chain to ${account}`),
  /** All chains of an account's devices lie between `[a]` and `[a, ÿ…]`. */
  inChain: (db: SealedDb, account: AccountId, device: DeviceId, epochB64u: string): DbKey => [
    db.hide(`chains of ${account}`),
    db.hide(`chain ${device} ${epochB64u}`),
  ],
  inChains: (db: SealedDb, account: AccountId): { from: DbKey; to: DbKey } => {
    const group = db.hide(`chains of ${account}`);
    return { from: [group, new Uint8Array(0)], to: [group, new Uint8Array(17).fill(0xff)] };
  },
  sent: (db: SealedDb, day: number, device: DeviceId, envelope: EnvelopeId): DbKey => [
    day,
    db.hide(`sent ${device} ${envelope}`),
  ],
  /** `account`: two people may list a device of one name. */
  sentNumber: (
    db: SealedDb,
    day: number,
    account: AccountId,
    device: DeviceId,
    epochB64u: string,
    number: number,
  ): DbKey => [day, db.hide(`number ${account} ${device} ${epochB64u} ${number}`)],
  /** Where it lay before version 6 of the database; what lies there is gone after the seven days that a repair reaches back. */
  sentNumberBefore: (
    db: SealedDb,
    day: number,
    device: DeviceId,
    epochB64u: string,
    number: number,
  ): DbKey => [day, db.hide(`number ${device} ${epochB64u} ${number}`)],
  picture: (db: SealedDb, account: AccountId): DbKey => db.hide(`picture ${account}`),
  /** All copies of a message that were made on one day lie between `[day, m]` and `[day, m, ÿ…]`. */
  sentCopy: (db: SealedDb, day: number, message: MessageId, envelope: EnvelopeId): DbKey => [
    day,
    db.hide(`copies of ${message}`),
    db.hide(`copy ${envelope}`),
  ],
  sentCopies: (db: SealedDb, day: number, message: MessageId): { from: DbKey; to: DbKey } => {
    const group = db.hide(`copies of ${message}`);
    return { from: [day, group, new Uint8Array(0)], to: [day, group, new Uint8Array(17).fill(0xff)] };
  },
  early: (db: SealedDb, account: AccountId, author: AccountId, message: MessageId): DbKey => [
    db.hide(`account ${account}`),
    db.hide(`early ${author} ${message}`),
  ],
  earlyOf: (db: SealedDb, account: AccountId): { from: DbKey; to: DbKey } => {
    const group = db.hide(`account ${account}`);
    return { from: [group, new Uint8Array(0)], to: [group, new Uint8Array(17).fill(0xff)] };
  },
  expiring: (db: SealedDb, at: number, account: AccountId, order: number): DbKey => [
    at,
    db.hide(`account ${account}`),
    order,
  ],
  receipt: (db: SealedDb, kind: 'delivered' | 'read', account: AccountId, message: MessageId): DbKey =>
    db.hide(`${kind} ${account} ${message}`),
} as const;
