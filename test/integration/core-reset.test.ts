/** A lost passphrase with a device left: announced to all devices, ended by any use of the passphrase, in force after 72 hours. */
import t from 'tap';
import { encodeCbor } from '@tacet/protocol/cbor';
import { LIMITS } from '@tacet/protocol/limits';
import { changeList } from '@tacet/protocol/rest/devices';
import { finishReset } from '@tacet/protocol/rest/resets';
import { makeHostileWire } from '../support/hostile-wire.ts';
import {
  eventsOf,
  isOnline,
  makePair,
  openTestClient,
  openWith,
  signIn,
  signUp,
  textsOf,
  toldOf,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { openThief } from '../support/thief.ts';

t.setTimeout(300_000);

/** A server whose clock can be set forward. */
async function openServerWithClock() {
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead };
  const server = await openTestServer({ overrides: { clock } });
  return {
    server,
    url: server.url,
    pass(ms: number) {
      ahead += ms;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function signInAgain(url: string, username: string, passphrase: string): Promise<TestClient> {
  const client = openTestClient({ url });
  await client.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await client.commands.signIn({ username, passphrase });
  await isOnline(client);
  return client;
}

t.test(
  'after 72 hours a reset gives a new key with this device alone, and contacts see a changed key',
  async (t) => {
    await using at = await openServerWithClock();
    const { ada, ben, adasPassphrase } = await makePair(at.url);
    const other = await signInAgain(at.url, 'ada', adasPassphrase);
    t.teardown(() => Promise.all([ada.close(), ben.close(), other.close()]));
    const toBen = await openWith(ada, 'Ben');
    const toAda = await openWith(ben, 'Ada');
    await ada.commands.sendText(toBen, 'before');
    await ben.waitFor('before', (state) => textsOf(state).includes('before'));

    await ada.commands.beginReset();
    t.equal(ada.state.resets[0]?.isThis, true);
    await other.waitFor('the announcement', ({ resets }) => resets[0]?.isThis === false);
    const next = await ada.commands.suggestPassphrase();
    await t.rejects(ada.commands.finishReset(next), { code: 'reset-not-due' }, 'not at once');
    const others = await other.commands.suggestPassphrase();
    await t.rejects(other.commands.finishReset(others), { code: 'reset-not-due' }, 'not by another device');

    at.pass(LIMITS.resetWaitMs + 1_000);
    await t.rejects(
      other.commands.finishReset(others),
      { code: 'reset-not-due' },
      'not by another device, ever',
    );
    await ada.commands.finishReset(next);
    t.same(ada.state.resets, []);
    t.equal(ada.state.devices.length, 1);
    await other.waitFor('the end', ({ session }) => session.kind === 'ended');

    await ada.commands.sendText(toBen, 'under the new key');
    const seen = await ben.waitFor('the text', (state) => textsOf(state).includes('under the new key'));
    t.ok(eventsOf(seen).includes('key-changed'), 'a permanent line');
    t.equal(seen.open?.person.trust, 'unverified');
    await ben.commands.sendText(toAda, 'and back');
    await ada.waitFor('the answer', (state) => textsOf(state).includes('and back'));

    const late = openTestClient({ url: at.url });
    t.teardown(() => late.close());
    await late.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
    await t.rejects(late.commands.signIn({ username: 'ada', passphrase: adasPassphrase }), {
      code: 'login-refused',
    });
    await late.commands.signIn({ username: 'ada', passphrase: next });
    await isOnline(late);
    await openWith(late, 'Ben');
  },
);

t.test(
  'a device that announced a reset and is gone keeps no other from its own, nor from the whole wait',
  async (t) => {
    await using at = await openServerWithClock();
    const { ada, ben, adasPassphrase } = await makePair(at.url);
    const [lost, left] = [
      await signInAgain(at.url, 'ada', adasPassphrase),
      await signInAgain(at.url, 'ada', adasPassphrase),
    ];
    t.teardown(() => Promise.all([ada.close(), ben.close(), lost.close(), left.close()]));
    // One announces and is never seen again, one announces and signs out for good.
    await lost.commands.beginReset();
    lost.crash();
    await left.commands.beginReset();
    await ada.waitFor('both', ({ resets }) => resets.length === 2);
    await left.commands.signOut();
    await ada.waitFor('the one that has left to go', ({ resets }) => resets.length === 1);
    at.pass(LIMITS.resetWaitMs + 1_000);

    await ada.commands.beginReset();
    t.match(ada.state.resets, [{ isThis: true }, { isThis: false }]);
    const next = await ada.commands.suggestPassphrase();
    await t.rejects(ada.commands.finishReset(next), { code: 'reset-not-due' }, 'no other wait counts for it');
    at.pass(LIMITS.resetWaitMs + 1_000);
    await ada.commands.finishReset(next);
    t.same(ada.state.resets, []);
    t.equal(ada.state.devices.length, 1);
    const toBen = await openWith(ada, 'Ben');
    await openWith(ben, 'Ada');
    await ada.commands.sendText(toBen, 'here again');
    await ben.waitFor('the text', (state) => textsOf(state).includes('here again'));
  },
);

t.test('who announces beside another waits as long, and the passphrase ends both', async (t) => {
  await using at = await openServerWithClock();
  const { ada, ben, adasPassphrase } = await makePair(at.url);
  const thief = await signInAgain(at.url, 'ada', adasPassphrase);
  t.teardown(() => Promise.all([ada.close(), ben.close(), thief.close()]));
  await ada.commands.beginReset();
  await thief.waitFor('the announcement', ({ resets }) => resets[0]?.isThis === false);
  at.pass(LIMITS.resetWaitMs - 60_000);
  await thief.commands.beginReset();
  await ada.waitFor('to be told of the second too', ({ resets }) => resets.length === 2);
  at.pass(120_000);
  const next = await thief.commands.suggestPassphrase();
  await t.rejects(thief.commands.finishReset(next), { code: 'reset-not-due' });
  await ada.commands.cancelReset(adasPassphrase);
  await thief.waitFor('the end of both', ({ resets }) => resets.length === 0);
  at.pass(LIMITS.resetWaitMs);
  await t.rejects(thief.commands.finishReset(next), { code: 'reset-not-due' });
});

t.test('any login with the passphrase ends a reset, and so does the passphrase on a device', async (t) => {
  await using at = await openServerWithClock();
  const { ada, ben, adasPassphrase } = await makePair(at.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  await ada.commands.beginReset();
  at.pass(LIMITS.resetWaitMs + 1_000);
  const other = await signInAgain(at.url, 'ada', adasPassphrase);
  t.teardown(() => other.close());
  await ada.waitFor('the end of the reset', ({ resets }) => resets.length === 0);
  await t.rejects(ada.commands.finishReset(await ada.commands.suggestPassphrase()), {
    code: 'reset-not-due',
  });

  await ada.commands.beginReset();
  await other.waitFor('the announcement', ({ resets }) => resets.length > 0);
  await t.rejects(other.commands.cancelReset('not the passphrase of this account'), {
    code: 'passphrase-wrong',
  });
  await other.commands.cancelReset(adasPassphrase);
  await ada.waitFor('the end of the reset', ({ resets }) => resets.length === 0);
});

t.test('a reset whose answer was lost is in force after the next start', async (t) => {
  await using at = await openServerWithClock();
  const { ada, ben } = await makePair(at.url);
  t.teardown(() => ben.close());
  await ada.commands.beginReset();
  at.pass(LIMITS.resetWaitMs + 1_000);
  const next = await ada.commands.suggestPassphrase();
  let here = ada;
  let isCut = false;
  for (let steps = 3; !isCut; steps += 1) {
    here.ports.power.failAfter(steps);
    const finished = here.commands.finishReset(next).then(
      () => true,
      () => false,
    );
    await Promise.race([finished, new Promise<void>((resolve) => here.ports.power.onLoss(resolve))]);
    isCut = !here.ports.power.isOff || steps > 14;
    here.ports.power.cut();
    here = openTestClient({ url: at.url, disk: here.ports.disk });
    await isOnline(here);
    if (here.state.resets.length === 0) {
      await here.waitFor('settled', ({ devices }) => devices.length === 1);
    }
  }
  const last = here;
  t.teardown(() => last.close());
  if (here.state.resets.length > 0) await here.commands.finishReset(next);
  t.strictSame(toldOf(here), [], 'its own list is no forged one');
  const toBen = await openWith(here, 'Ben');
  await here.commands.sendText(toBen, 'still me');
  await openWith(ben, 'Ada');
  await ben.waitFor('the text', (state) => textsOf(state).includes('still me'));
});

t.test('a thief who writes the record again and again does not keep a reset from its end', async (t) => {
  await using at = await openServerWithClock();
  const wire = makeHostileWire();
  await using ada = openTestClient({ url: at.url, wire });
  const { passphrase } = await signUp(ada, 'ada');
  const thief = await openThief(at.url, 'ada', passphrase);
  await ada.waitFor('two devices', ({ devices }) => devices.length === 2);
  await ada.commands.beginReset();
  at.pass(LIMITS.resetWaitMs + 1_000);
  let leaps = 0;
  wire.answer = async ({ method, path }, reply) => {
    if (method === 'GET' && path === '/v1/account/record') {
      // More than one ahead of what this answer says.
      for (let i = 0; i < 3; i += 1) await thief.writeRecord((record) => encodeCbor(record));
      leaps += 1;
    }
    return reply;
  };
  const next = await ada.commands.suggestPassphrase();
  await ada.commands.finishReset(next);
  wire.answer = undefined;
  t.ok(leaps > 1, 'it was overtaken once at least');
  t.equal(ada.state.devices.length, 1);
  await t.rejects(thief.readRecord(), 'nothing of the account is his any more');
  await ada.commands.setName('Ada again');
  await using late = openTestClient({ url: at.url });
  await signIn(late, 'ada', next);
  await late.waitFor(
    'the name',
    ({ session }) => session.kind === 'signed-in' && session.me.name === 'Ada again',
  );
});

t.test(
  'a device that never got the record key of a removal finishes its reset, with the first request',
  async (t) => {
    await using at = await openServerWithClock();
    const [adasWire, wire] = [makeHostileWire(), makeHostileWire()];
    const ada = openTestClient({ url: at.url, wire: adasWire });
    t.teardown(() => ada.close());
    const { passphrase } = await signUp(ada, 'ada');
    await using left = openTestClient({ url: at.url, wire });
    await signIn(left, 'ada', passphrase);
    const gone = await openThief(at.url, 'ada', passphrase);
    await ada.waitFor('three devices', ({ devices }) => devices.length === 3);
    // The device that removes another is lost before it gives the new key to this one.
    const isLost = new Promise<void>((resolve) => ada.ports.power.onLoss(resolve));
    adasWire.answer = ({ path, method }, reply) => {
      if (path === changeList.path && method === changeList.method && reply.status < 300) ada.crash();
      return reply;
    };
    await Promise.race([ada.commands.removeDevice(gone.device, passphrase), isLost]);
    await left.waitFor('the removal', ({ devices }) => devices.length === 2);

    await left.commands.beginReset();
    at.pass(LIMITS.resetWaitMs + 1_000);
    let asked = 0;
    wire.answer = ({ path, method }, reply) => {
      if (path === finishReset.path && method === finishReset.method) asked += 1;
      return reply;
    };
    const next = await left.commands.suggestPassphrase();
    await left.commands.finishReset(next);
    t.equal(asked, 1);
    t.equal(left.state.devices.length, 1);
    await left.commands.setName('Ada again');
    await using late = openTestClient({ url: at.url });
    await signIn(late, 'ada', next);
    await late.waitFor(
      'the name',
      ({ session }) => session.kind === 'signed-in' && session.me.name === 'Ada again',
    );
  },
);
