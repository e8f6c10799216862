/**
 * Clocks that are wrong by a year, either way, between sessions and in the middle of one: a device's, the server's, and one about which the
 * server lies. Nothing is deleted for it, both are told, and talk goes on. Row A88.
 */
import t, { type Test } from 'tap';
import { encodeB64u } from '@tacet/protocol/bytes';
import type { AlertView } from '@tacet/client/core/view';
import { changeDeliveries, changeTimes, SOCKET_PATH } from '../support/hostile-wire.ts';
import { holdsText } from '../support/local-text.ts';
import {
  eventsOf,
  hasContact,
  isAllDelivered,
  linesOf,
  nameOf,
  openTestClient,
  readShown,
  reconnect,
  reconnectAndSettle,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { needsStore, openScene } from './scene.ts';

t.setTimeout(600_000);

const DAY_MS = 24 * 60 * 60_000;
const YEAR_MS = 365 * DAY_MS;

const set = { ada: 0, server: 0 };
const scene = await openScene({ adas: { skewMs: () => set.ada }, serverSkewMs: () => set.server });
t.teardown(() => scene.close());
const { ada, ben } = scene;

/** The server’s word that the clocks differ, as a device shows it. */
function clocksOf({ state }: TestClient): Extract<AlertView, { readonly what: 'clocks' }> | undefined {
  return state.alerts.find((alert) => alert.what === 'clocks');
}

/** Where lines, secrets of prekeys, copies for repairs and sessions lie on Ada’s disk. */
function kept(): readonly string[] {
  const stores = ada.client.ports.disk.databases.get('tacet');
  return ['lines', 'prekeys', 'sent', 'sessions'].flatMap((name) =>
    [...(stores?.get(name)?.keys() ?? [])].map((key) => `${name} ${key}`),
  );
}

/** Nothing has gone since. */
function keeps(t: Test, before: readonly string[]): void {
  const now = new Set(kept());
  t.strictSame(
    before.filter((row) => !now.has(row)),
    [],
    `${String(before.length)} rows`,
  );
}

/** Both sides show all of what was said, once. */
function bothShow(t: Test, words: readonly string[]): void {
  for (const { client } of [ada, ben]) {
    const texts = textsOf(client.state);
    for (const each of words) t.equal(texts.filter((text) => text === each).length, 1, each);
    t.notOk(eventsOf(client.state).includes('unreadable'));
  }
}

t.test(
  'A88: a device whose clock is set forth and back in the middle of a session stays connected, says so, and talks on',
  async (t) => {
    const before = kept();
    const { length: shakes } = ada.proxy.handshakes;
    for (const [byMs, words] of [
      [YEAR_MS, 'a year on'],
      [-YEAR_MS, 'a year back'],
    ] as const) {
      set.ada = byMs;
      const state = await ada.client.waitFor('the difference', () => clocksOf(ada.client) !== undefined);
      t.equal(state.connection.kind, 'online');
      const told = clocksOf(ada.client)!;
      t.ok(Math.abs(told.at - told.serverAt - byMs) < DAY_MS, 'both times are shown');
      await ada.client.commands.sendText(ada.talk, words);
      await ben.client.waitFor(words, (now) => textsOf(now).includes(words));
      await scene.stillTalk();
      set.ada = 0;
      await ada.client.waitFor('that they agree', () => clocksOf(ada.client) === undefined);
    }
    t.equal(ada.proxy.handshakes.length, shakes, 'by the same connections');
    bothShow(t, ['hello', 'hi', 'a year on', 'a year back']);
    keeps(t, before);
    await scene.stillTalk();
  },
);

t.test(
  'A88: a device and a server that sleep together are told nothing of their clocks',
  needsStore,
  async (t) => {
    const { length: shakes } = ada.proxy.handshakes;
    for (const byMs of [DAY_MS, 0]) {
      let pongs = 0;
      ada.wire.change = (frame, path) => {
        if (frame.kind === 'pong' && path === SOCKET_PATH) pongs += 1;
        return [frame];
      };
      [set.ada, set.server] = [byMs, byMs];
      await ada.wire.when('an answer', () => pongs > 0);
      // What comes after it on the same socket has come.
      await scene.stillTalk();
      await readShown(ada.client);
      await ada.client.waitFor('that they agree', () => clocksOf(ada.client) === undefined);
    }
    t.equal(ada.proxy.handshakes.length, shakes, 'by the same connection');
  },
);

t.test(
  'A88: a device that starts under a wrong clock loses nothing, then or when it is right again',
  async (t) => {
    const { link } = await ada.client.commands.makeInvite();
    await ada.client.commands.sendText(ada.talk, 'before the wrong clocks');
    await ben.client.waitFor('it', (state) => textsOf(state).includes('before the wrong clocks'));
    // Copies that an earlier test has dated a year back go now.
    await reconnectAndSettle(ada.client);
    const before = kept();
    for (const byMs of [YEAR_MS, 0, -YEAR_MS, 0]) {
      set.ada = byMs;
      await scene.open(ada);
      await ada.client.client.background.settled();
      t.equal(clocksOf(ada.client) !== undefined, byMs !== 0, 'whether it is told');
      await reconnectAndSettle(ada.client);
      // Making one looks through the others.
      await ada.client.commands.makeInvite();
      await ada.client.commands.sendText(ada.talk, `under ${String(byMs)}`);
      await scene.stillTalk();
      keeps(t, before);
    }
    bothShow(t, ['before the wrong clocks', `under ${String(YEAR_MS)}`, `under ${String(-YEAR_MS)}`]);
    const { way } = await scene.newWay();
    const name = scene.freshName('guest');
    await using guest = openTestClient(way);
    await signUp(guest, name, link);
    await hasContact(ada.client, nameOf(name));
    await scene.stillTalk();
  },
);

/** A stranger writes to Ada. */
async function introduce(words: string): Promise<void> {
  const { way } = await scene.newWay();
  await using stranger = openTestClient(way);
  await signUp(stranger, scene.freshName(words), await scene.freshInvite());
  const talk = await stranger.commands.startConversation(ada.username);
  await stranger.commands.openConversation(talk);
  await stranger.commands.sendText(talk, words);
  await stranger.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
}

/** Ada’s device looks after its keys under a clock. Twice: the newest keys stay in any case, and the first look makes newer ones. */
async function lookUnder(byMs: number): Promise<void> {
  set.ada = byMs;
  for (let looks = 0; looks < 2; looks += 1) await reconnectAndSettle(ada.client);
}

t.test('A88: what waits for a device can be read after its clock was a year ahead', async (t) => {
  ada.wire.change = changeDeliveries(() => []);
  await introduce('ahead');
  // The server hands other keys out by then.
  await lookUnder(3 * DAY_MS);
  await lookUnder(YEAR_MS);
  await lookUnder(0);
  await hearsStranger(t, 'ahead');
});

t.test(
  'A88: what waits for keys that were made under a clock a year back can be read when it is right',
  async (t) => {
    await lookUnder(-YEAR_MS);
    ada.wire.change = changeDeliveries(() => []);
    await introduce('back');
    await lookUnder(3 * DAY_MS - YEAR_MS);
    await lookUnder(0);
    await hearsStranger(t, 'back');
  },
);

/** What waited comes, and is read. */
async function hearsStranger(t: Test, words: string): Promise<void> {
  ada.wire.behave();
  await reconnect(ada.client);
  const { conversations } = await ada.client.waitFor('who waited', (state) =>
    state.conversations.some(({ last }) => last?.text === words),
  );
  t.equal(conversations.find(({ last }) => last?.text === words)?.state, 'request');
  await scene.stillTalk();
}

t.test(
  'A88: what was asked for in vain under a wrong clock is asked for again under the right one',
  async (t) => {
    await lookUnder(YEAR_MS);
    // His receipts have come: what he sends from here on is what is said here.
    await isAllDelivered(ada.client);
    const { length: before } = ben.wire.said;
    /** What he has sent since, in its order: what is lost, what shows it, and what he sends again. */
    const sent = (): readonly string[] => {
      const frames = ben.wire.said.slice(before).filter((frame) => frame.kind === 'send');
      const ids = frames.flatMap(({ to }) => to.map(({ envelope }) => envelope && encodeB64u(envelope.id)));
      return [...new Set(ids.filter((id) => id !== undefined))];
    };
    const lost = new Set<string | undefined>();
    ada.wire.change = changeDeliveries((frame) => {
      const id = encodeB64u(frame.id);
      if (id === sent()[1]) return [frame];
      lost.add(id);
      return [];
    });
    await ben.client.commands.sendText(ben.talk, 'lost on its way');
    await ada.wire.when('the loss', () => lost.has(sent()[0]));
    await ben.client.commands.sendText(ben.talk, 'what shows it');
    await ada.client.waitFor('the gap', (state) => eventsOf(state).includes('gap'));
    // What he sends again is lost too.
    await ada.wire.when('the repair', () => lost.has(sent()[2]));
    set.ada = 0;
    await scene.stillTalk();
    await ada.client.waitFor('what was lost', (state) => textsOf(state).includes('lost on its way'));
    await ada.client.waitFor('no gap', (state) => !eventsOf(state).includes('gap'));
    t.equal(textsOf(ada.client.state).filter((text) => text === 'lost on its way').length, 1);
    await scene.stillTalk();
  },
);

t.test('A88: what was sent under a wrong clock is sent again, and erased, under the right one', async (t) => {
  for (const byMs of [YEAR_MS, -YEAR_MS]) {
    const [lost, erased] = [`lost under ${String(byMs)}`, `erased after ${String(byMs)}`];
    set.ada = byMs;
    ben.wire.change = changeDeliveries(() => []);
    await ada.client.commands.sendText(ada.talk, lost);
    const id = await ada.client.commands.sendText(ada.talk, erased);
    await ada.client.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
    set.ada = 0;
    await ada.client.commands.deleteForMe(ada.talk, [{ id, mine: true }]);
    t.notOk(await holdsText(ada.client.ports, erased), 'no copy is left');
    ben.wire.behave();
    await scene.stillTalk();
    if (byMs > 0) await ben.client.waitFor(lost, (state) => textsOf(state).includes(lost));
  }
  await scene.stillTalk();
});

t.test(
  'A88: a server whose clock is set forth and back loses no message and ends no session',
  needsStore,
  async (t) => {
    for (const byMs of [YEAR_MS, -YEAR_MS]) {
      const words = `waited for ${String(byMs)}`;
      ben.wire.change = changeDeliveries(() => []);
      await ada.client.commands.sendText(ada.talk, words);
      await ada.client.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
      set.server = byMs;
      await scene.edit(() => undefined);
      await reconnectAndSettle(ada.client);
      const told = clocksOf(ada.client);
      t.ok(told !== undefined && Math.abs(told.serverAt - told.at - byMs) < DAY_MS, 'it is told');
      set.server = 0;
      await scene.edit(() => undefined);
      await reconnectAndSettle(ada.client);
      t.notOk(clocksOf(ada.client));
      ben.wire.behave();
      await reconnect(ben.client);
      await ben.client.waitFor(words, (state) => textsOf(state).includes(words));
      await scene.stillTalk();
    }
  },
);

t.test('A88: a server that lies about its time is told of, and has nothing deleted', async (t) => {
  for (const byMs of [10 * YEAR_MS, -10 * YEAR_MS]) {
    // What is old under an honest clock goes beforehand.
    await lookUnder(0);
    const before = kept();
    ada.wire.change = changeTimes(() => byMs);
    await lookUnder(0);
    t.ok(clocksOf(ada.client));
    keeps(t, before);
    await ada.client.commands.seeAlert('clocks');
    await ada.client.waitFor('that it was seen', () => clocksOf(ada.client) === undefined);
    await reconnectAndSettle(ada.client);
    t.notOk(clocksOf(ada.client), 'the same lie is not told twice');
    ada.wire.behave();
    await reconnectAndSettle(ada.client);
    await scene.stillTalk();
  }
});
