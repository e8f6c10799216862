/**
 * Between the devices of one account: what this device sent, what was read or removed, that the account record has changed, the record
 * key after a device was removed, that the passphrase is another one. Refused from anybody else. `sent` is durable.
 */
import { Array as List, Literal, Object as Shape, Optional, String, Union, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { CLOSED, Counter, HASH_BYTES, Id, Instant } from '../shapes.ts';
import { RECEIPT_MAX } from './receipt.ts';

/** A content that another own device sent to `account`. */
const SentCopy = Shape(
  {
    what: Literal('sent'),
    account: Id(Bytes),
    id: Id(Bytes),
    sentAt: Instant,
    kind: String({ pattern: '^[a-z][a-z-]{0,31}$' }),
    body: Bytes(0, LIMITS.contentMaxBytes),
  },
  CLOSED,
);
const ReadHere = Shape(
  {
    what: Literal('read'),
    account: Id(Bytes),
    messages: List(Id(Bytes), { maxItems: RECEIPT_MAX }),
    /** Calls whose lines were seen, of those that nobody answered. */
    calls: Optional(List(Id(Bytes), { minItems: 1, maxItems: RECEIPT_MAX })),
  },
  CLOSED,
);
/** Messages that were deleted for this person alone. */
const RemovedHere = Shape(
  {
    what: Literal('removed'),
    account: Id(Bytes),
    messages: List(Shape({ author: Id(Bytes), message: Id(Bytes) }, CLOSED), {
      minItems: 1,
      maxItems: RECEIPT_MAX,
    }),
  },
  CLOSED,
);
const RecordChanged = Shape({ what: Literal('record'), version: Counter }, CLOSED);
/** The record key that the own list names, for a device that stayed. */
const RecordKey = Shape({ what: Literal('record-key'), key: Bytes(HASH_BYTES) }, CLOSED);
/** The sender is on the list and has not been given the record key of it. */
const RecordKeyWanted = Shape({ what: Literal('record-key-wanted') }, CLOSED);
/** The sender has put another passphrase in force. */
const PassphraseChanged = Shape({ what: Literal('passphrase') }, CLOSED);

export const Sync = Union([
  SentCopy,
  ReadHere,
  RemovedHere,
  RecordChanged,
  RecordKey,
  RecordKeyWanted,
  PassphraseChanged,
]);
export type Sync = Static<typeof Sync>;
