/** A server that says it was restored from a backup to have older states taken for good: it gains two minutes, twice a week, and is shown. */
import t from 'tap';
import type { HttpReply } from '@tacet/client/core/ports';
import { makeHostileWire } from '../support/hostile-wire.ts';
import { isOnline, openTestClient, reconnect, signUp, type TestClient } from '../support/make-client.ts';
import { openRestorableServer } from '../support/restorable-server.ts';

t.setTimeout(600_000);

const MINUTE_MS = 60_000;
const RECORD = '/v1/account/record';

function toldOf({ state }: TestClient): readonly string[] {
  return state.alerts.map(({ what }) => what);
}

async function backOnline(client: TestClient): Promise<void> {
  await client.commands.connectNow();
  await isOnline(client);
  await client.client.background.settled();
}

t.test(
  'a restored server that does not take the later record is told of once its time is over',
  async (t) => {
    const server = await openRestorableServer(t);
    const wire = makeHostileWire();
    let skew = 0;
    const ada = openTestClient({ url: server.url, wire, skewMs: () => skew });
    t.teardown(() => ada.close());
    await signUp(ada, 'ada');
    await ada.client.background.settled();
    await server.backUp();
    await ada.commands.setName('Countess');
    await ada.client.background.settled();
    await server.goBack();

    // What the backup has is all that is ever shown, whatever is put over it.
    let puts = 0;
    let older: HttpReply | undefined;
    wire.answer = (request, reply) => {
      if (request.path !== RECORD) return reply;
      if (request.method === 'GET') return (older ??= reply);
      puts += 1;
      return { ...reply, status: 409, body: JSON.stringify({ code: 'version-mismatch' }) };
    };
    wire.change = (frame) => (frame.kind === 'welcome' ? [{ ...frame, recordVersion: 1 }] : [frame]);
    await backOnline(ada);
    await ada.waitFor('the word', () => toldOf(ada).includes('restored'));
    t.strictSame(toldOf(ada), ['restored'], 'the own devices have their time');
    skew = 3 * MINUTE_MS;
    await reconnect(ada);
    await ada.waitFor('the alarm', () => toldOf(ada).includes('older-state'));
    t.ok(puts > 0, 'it was offered the later one');
    t.match(ada.state.session, { me: { name: 'Countess' } }, 'and nothing was taken back');
  },
);

t.test('a third restore in a week is not believed: its older states are told of', async (t) => {
  const server = await openRestorableServer(t);
  let skew = 0;
  const ada = openTestClient({ url: server.url, skewMs: () => skew });
  t.teardown(() => ada.close());
  await signUp(ada, 'ada');
  await ada.client.background.settled();
  await server.backUp();
  for (const [i, name] of ['One', 'Two', 'Three'].entries()) {
    await ada.commands.setName(name);
    await ada.client.background.settled();
    await server.goBack();
    skew += 3 * MINUTE_MS;
    await backOnline(ada);
    t.match(ada.state.session, { me: { name } }, 'nothing was taken back');
    if (i < 2) t.strictSame(toldOf(ada), ['restored']);
  }
  await ada.waitFor('the alarm', () => toldOf(ada).includes('older-state'));
});
