/**
 * Between the devices of one account: what this device sent, what was read, that the account record has changed. Refused from anybody
 * else. `sent` is durable.
 */
import { Array as List, Literal, Object as Shape, String, Union, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { CLOSED, Counter, Id, Instant } from '../shapes.ts';
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
    messages: List(Id(Bytes), { minItems: 1, maxItems: RECEIPT_MAX }),
  },
  CLOSED,
);
const RecordChanged = Shape({ what: Literal('record'), version: Counter }, CLOSED);

export const Sync = Union([SentCopy, ReadHere, RecordChanged]);
export type Sync = Static<typeof Sync>;
