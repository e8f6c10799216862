/** What a person does to messages, beside what else happens to the conversation meanwhile. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { idOf, type MessageId } from '@tacet/protocol/ids';
import type { WriteTx } from '../../../client/core/db/sealed.ts';
import { MessageActs } from '../../../client/core/message-acts.ts';
import { AMEND_TABLES, Amending } from '../../../client/core/messages/amending.ts';
import { EarlyContents } from '../../../client/core/messages/early.ts';
import { ToldQuotes } from '../../../client/core/messages/told-quotes.ts';
import { makeOfflineOutbox } from '../../support/offline-outbox.ts';

t.test('what is said while a history is deleted is not deleted with it', async (t) => {
  const made = await makeOfflineOutbox();
  const { db, own, ports, conversations, ben } = made;
  const { clock, random } = ports;
  const early = new EarlyContents(db, clock);
  const amending = new Amending({ ...made, clock, early, told: new ToldQuotes(db) });
  const acts = new MessageActs({ ...made, clock, random, amending });
  const say = (tx: WriteTx, text: string): Promise<unknown> => {
    const id = idOf<MessageId>(new Uint8Array(randomBytes(16)));
    const at = { sentAt: clock.now(), receivedAt: clock.now() };
    const message = { id, author: own.value.account, mine: true, text, ...at };
    return amending.addMessage(tx, ben.id, { ...message, delivery: { kind: 'sent' } }, { own: true });
  };
  // More than one transaction deletes.
  await db.write(AMEND_TABLES, async (tx) => {
    for (let i = 0; i < 201; i += 1) await say(tx, `before ${i}`);
  });
  const cleared = acts.clearHistory(ben.id);
  await db.write(AMEND_TABLES, async (tx) => say(tx, 'meanwhile'));
  await cleared;
  const left = await conversations.lines.page(ben.id, 1_000, 1_000);
  t.match(left, [{ kind: 'message', text: 'meanwhile' }]);
  t.equal(left.length, 1);
});
