/** The outbox beside its transactions: what is not committed does not leave, whatever happens meanwhile. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { Background } from '../../../client/core/background.ts';
import { Session } from '../../../client/core/account/session.ts';
import { AnonymousConnection } from '../../../client/core/transport/anonymous.ts';
import { Connection } from '../../../client/core/transport/connection.ts';
import { Rest } from '../../../client/core/transport/rest.ts';
import { Outbox, COMPOSE_TABLES, type Outgoing } from '../../../client/core/messages/outbox.ts';
import { ownEngine } from '../../../client/core/own-engine.ts';
import { People } from '../../../client/core/people.ts';
import { Sessions } from '../../../client/core/sessions/sessions.ts';
import { idOf, type MessageId } from '@tacet/protocol/ids';
import { makeDirectoryScene } from '../../support/directory-scene.ts';

/** An outbox that has been let loose, and the requests that it has made: nobody answers them. */
async function makeOutbox() {
  const scene = await makeDirectoryScene('by-invite');
  const { ports, own, db, directory, record, conversations, ben } = scene;
  const asked: string[] = [];
  const http: typeof ports.http = async ({ path }) => {
    asked.push(path);
    throw new Error('no network');
  };
  const { clock, random } = ports;
  const rest = new Rest(http, clock);
  const session = new Session({ ...ports, http }, rest, own.value.device, undefined);
  const anonymous = new AnonymousConnection(ports.openSocket, clock);
  const people = new People(db, rest, session, anonymous, record, directory);
  const connection = new Connection(ports, {
    token: () => Promise.reject(new Error('never started')),
    tokenRefused: () => undefined,
    raiseCounter: () => Promise.resolve(1),
    opening: () => undefined,
    welcomed: () => Promise.resolve(),
    pushed: () => undefined,
    state: () => undefined,
    ended: () => undefined,
  });
  const background = new Background();
  const sessions = new Sessions(ownEngine, db, own, clock);
  const outbox = new Outbox({
    db,
    clock,
    random,
    own,
    directory,
    people,
    sessions,
    rest,
    session,
    anonymous,
    connection,
    background,
    conversations,
    record,
  });
  t.teardown(() => outbox.stop());
  outbox.kickAll();
  const text = (): Outgoing => ({
    to: ben.id,
    content: { kind: 'text', body: { text: 'to Ben' } },
    id: idOf<MessageId>(new Uint8Array(randomBytes(16))),
    sentAt: clock.now(),
  });
  return { db, outbox, background, asked, text };
}

t.test('nothing leaves of what its transaction has not committed, whoever looks meanwhile', async (t) => {
  const { db, outbox, background, asked, text } = await makeOutbox();
  const rolledBack = db.write(COMPOSE_TABLES, async (tx) => {
    outbox.add(tx, text());
    // As a connection that has just come would do.
    outbox.kickAll();
    for (let i = 0; i < 50; i += 1) await tx.get({ store: 'outbox' }, [i]);
    throw new Error('the disk is full');
  });
  await t.rejects(rolledBack);
  await background.settled();
  t.strictSame(asked, []);
});

t.test('what is committed is on its way at once', async (t) => {
  const { db, outbox, background, asked, text } = await makeOutbox();
  await db.write(COMPOSE_TABLES, async (tx) => outbox.add(tx, text()));
  await background.settled();
  t.ok(asked.length > 0);
});
