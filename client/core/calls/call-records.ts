/** What a call leaves and needs outside its own memory: words to the other side's devices, a line in the conversation, the ring that is kept. */
import type { Call } from '@tacet/protocol/content/call';
import { idOf, type AccountId, type CallId, type MessageId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { LINE_TABLES } from '../conversations/lines.ts';
import { T } from '../db/stores.ts';
import { COMPOSE_TABLES } from '../messages/outbox.ts';
import type { Services } from '../services.ts';
import type { CallEntry } from './call-types.ts';

/** Says something about a call to all devices of somebody, for as long as a ring lasts. Resolves when it waits to leave. */
export function sayInCall(
  { db, outbox, clock, random, background }: Services,
  to: AccountId,
  body: Call,
  { online }: { readonly online?: true },
): Promise<void> {
  const sentAt = clock.now();
  const outgoing = {
    to,
    content: { kind: 'call' as const, body },
    id: idOf<MessageId>(random(16)),
    sentAt,
    until: sentAt + LIMITS.callRingMs,
    ...(online === undefined ? {} : { online }),
  };
  const written = db.write(COMPOSE_TABLES, (tx) => outbox.addReady(tx, outgoing));
  background.run(written, 'say something about a call');
  return written;
}

/** Writes the line of a call. */
export function logCall({ db, conversations, background }: Services, entry: CallEntry): void {
  const { account, media, side, outcome, talkedMs } = entry;
  const line = {
    what: 'call' as const,
    media,
    mine: side === 'caller',
    outcome,
    ...(talkedMs === undefined ? {} : { talkedMs }),
  };
  background.run(
    db.write(LINE_TABLES, async (tx) => conversations.addCall(tx, account, line, entry.call)),
    'log a call',
  );
}

/** A ring that is kept rings no more. */
export function dropRing({ db, background }: Services, call: CallId): void {
  const dropped = db.write([T.ring], async (tx) => {
    if ((await tx.get(T.ring, 'ring'))?.call === call) tx.delete(T.ring, 'ring');
  });
  background.run(dropped, 'forget a ring');
}
