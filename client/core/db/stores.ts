/** What the local database holds: one table for each kind of value, with the form of its keys. */
import { encodeB64u } from '@tacet/protocol/bytes';
import type { AccountId, CallId, DeviceId, EnvelopeId, MessageId } from '@tacet/protocol/ids';
import type { DbKey } from '../ports.ts';
import type { SearchState, StoredChunk } from '../search/chunk.ts';
import type { NoticeLevel } from '../view.ts';
import type { SealedDb, Table } from './sealed.ts';
import type { StoredRing } from './stored-call.ts';
import type {
  KeptReceipts,
  OwnDevice,
  StartCounter,
  StoredRecord,
  PreKeyState,
  StoredCare,
  Counts,
} from './stored-device.ts';
import type { StoredPerson, StoredConversation } from './stored-people.ts';
import type {
  StoredLine,
  MessagePlace,
  EarlyAmendments,
  Expiring,
  PendingReceipt,
} from './stored-messages.ts';
import type {
  OutboxEntry,
  SentRecord,
  SentPointer,
  SentCopies,
  OutChain,
  InChain,
} from './stored-sending.ts';

type Bytes = Uint8Array;

export const T = {
  /** How the rows are laid out. Key `layout`; absent before `LAYOUT` 1. */
  layout: { store: 'device' } as Table<number>,
  own: { store: 'device' } as Table<OwnDevice>,
  start: { store: 'device' } as Table<StartCounter>,
  record: { store: 'device' } as Table<StoredRecord>,
  /** Key `receipts`. */
  receiptsKept: { store: 'device' } as Table<KeptReceipts>,
  preKeyState: { store: 'device' } as Table<PreKeyState>,
  counts: { store: 'device' } as Table<Counts>,
  notices: { store: 'device' } as Table<NoticeLevel>,
  /** Key `ring`. */
  ring: { store: 'device' } as Table<StoredRing>,
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
  /** Orders of the lines that quote a message which has not come. Key [hidden conversation, hidden author and message]. */
  toldQuotes: { store: 'early' } as Table<readonly number[]>,
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
  /** In the table of messages: where the line of a call stands. */
  call: (db: SealedDb, account: AccountId, call: CallId): DbKey => db.hide(`call of ${account} ${call}`),
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
  toldQuote: (db: SealedDb, account: AccountId, author: AccountId, message: MessageId): DbKey => [
    db.hide(`quotes told in ${account}`),
    db.hide(`told ${author} ${message}`),
  ],
  toldQuotes: (db: SealedDb, account: AccountId): { from: DbKey; to: DbKey } => {
    const group = db.hide(`quotes told in ${account}`);
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
