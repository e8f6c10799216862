/** The line of a message: how it is made, what the summary shows of it, and how far its delivery has come. Pure. */
import type { AccountId, DeviceId } from '@tacet/protocol/ids';
import type { HeardFrom, StoredConversation } from '../db/stored-people.ts';
import type { MessageMarks } from '../db/stored-messages.ts';
import type { Delivery, Line } from '../view.ts';

export type MessageLine = Extract<Line, { readonly kind: 'message' }>;

/** A message to be shown. */
export interface NewMessage extends Pick<
  MessageLine,
  'id' | 'mine' | 'text' | 'sentAt' | 'receivedAt' | 'delivery' | 'late' | 'reply'
> {
  readonly author: AccountId;
  /** Seconds that it stays. */
  readonly timer?: number;
  readonly marks?: MessageMarks | undefined;
}

const RANK = { failed: 0, held: 0, sending: 1, sent: 2, delivered: 3, read: 4 } as const;

/** Whether the server has a message that has come so far. */
export function isOut({ kind }: Delivery): boolean {
  return RANK[kind] >= RANK.sent;
}

/** Whether a delivery is further than another. */
export function isFurther(a: Delivery, b: Delivery): boolean {
  return RANK[a.kind] > RANK[b.kind];
}

export function messageLine(message: NewMessage, order: number): MessageLine {
  const { id, mine, text, sentAt, receivedAt, delivery, late, reply, timer } = message;
  return {
    kind: 'message',
    id,
    order,
    mine,
    text,
    sentAt,
    receivedAt,
    delivery,
    ...(late === true ? { late } : {}),
    ...(reply === undefined ? {} : { reply }),
    ...(timer === undefined ? {} : { timer }),
  };
}

/** What the summary shows of a message. */
export function lastOf({
  order,
  text,
  sentAt,
  mine,
  delivery,
  deletedAt,
}: MessageLine): NonNullable<StoredConversation['last']> {
  return { order, text, at: sentAt, mine, delivery, ...(deletedAt === undefined ? {} : { deleted: true }) };
}

/** Adds what a device tells of a message; what it told first stays. The same list where nothing is new. */
export function hear(
  before: readonly HeardFrom[],
  device: DeviceId,
  delivery: Delivery,
): readonly HeardFrom[] | undefined {
  const held = before.find((one) => one.device === device) ?? { device };
  const at = delivery.kind === 'delivered' || delivery.kind === 'read' ? delivery.at : undefined;
  const name = delivery.kind === 'read' ? 'readAt' : 'deliveredAt';
  if (at === undefined || held[name] !== undefined) return before.length === 0 ? undefined : before;
  return [...before.filter((one) => one.device !== device), { ...held, [name]: at }];
}
