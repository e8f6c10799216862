/**
 * Hostile people, a hostile server and a failing network against the way of messages: first contents to new devices, look-ups that fail,
 * and what nobody may make grow.
 */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import type { HttpRequest } from '@tacet/client/core/ports';
import { encodeCbor } from '@tacet/protocol/cbor';
import { idBytes, idOf, type AccountId } from '@tacet/protocol/ids';
import { putRecord } from '@tacet/protocol/rest/accounts';
import { changeDeliveries, makeHostileWire, type HostileWire } from '../support/hostile-wire.ts';
import { makeImpostor, type Impostor } from '../support/impostor.ts';
import {
  accountOf,
  eventsOf,
  isOnline,
  linesOf,
  openTestClient,
  openWith,
  readAll,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { makeSpokenPair } from '../support/spoken-pair.ts';

t.setTimeout(600_000);

interface Scene {
  readonly ada: TestClient;
  readonly ben: TestClient;
  readonly adasWire: HostileWire;
  readonly bensPassphrase: string;
  /** The link that Ada once gave away. */
  readonly link: string;
  readonly toBen: AccountId;
  readonly toAda: AccountId;
  /** Requests of Ada's client, newest last. */
  readonly requests: string[];
}

/** Ada behind a wire that can lie, and Ben, who have spoken once in each direction. */
async function makeScene(t: Test, url: string): Promise<Scene> {
  const requests: string[] = [];
  const adasWire: HostileWire = Object.assign(makeHostileWire(), {
    request: ({ method, path }: HttpRequest) => void requests.push(`${method} ${path}`),
  });
  const { ada, ben, bensPassphrase, link, toBen, toAda } = await makeSpokenPair(url, {
    adas: { wire: adasWire },
  });
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  return { ada, ben, adasWire, bensPassphrase, link, toBen, toAda, requests };
}

/** Somebody who writes to Ada by hand under an account of nobody's. */
async function makeStranger(
  t: Test,
  url: string,
  { ada, link }: Scene,
  account = idOf<AccountId>(new Uint8Array(randomBytes(16))),
): Promise<Impostor & { readonly account: AccountId }> {
  const impostor = await makeImpostor(url, link, accountOf(ada), account);
  t.teardown(() => impostor.stop());
  return { ...impostor, account };
}

/** Whether a frame of a client asks the directory about somebody. */
function asksAbout(frame: { readonly kind: string }, account: AccountId): boolean {
  const named = 'account' in frame && frame.account instanceof Uint8Array ? frame.account : new Uint8Array(0);
  return frame.kind === 'fetch-bundles' && Buffer.compare(named, idBytes(account)) === 0;
}

/** Resolves when something outside the state of a view is so. */
async function until({ ports }: TestClient, test: () => boolean): Promise<void> {
  const { clock } = ports;
  for (const end = clock.now() + 30_000; !test();) {
    if (clock.now() > end) throw new Error('it never came');
    await new Promise<void>((resolve) => clock.after(20, resolve));
  }
}

/** Rows of a store on the disk. */
function rowsOf({ ports }: TestClient, store: string): number {
  return ports.disk.databases.get('tacet')?.get(store)?.size ?? 0;
}

t.test(
  'a device that was listed while a message was on its way proves its sender without asking anybody',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, bensPassphrase, toBen, toAda } = await makeScene(t, server.url);
    const wire = makeHostileWire();
    wire.swallow = (frame) => asksAbout(frame, toAda);
    const phone = openTestClient({ url: server.url, wire });
    t.teardown(() => phone.close());
    await phone.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
    // Ada’s message is made for the list without the phone, refused, and made for the phone as well.
    await phone.commands.signIn({ username: 'ben', passphrase: bensPassphrase });
    await isOnline(phone);
    await openWith(phone, 'Ada');
    await ada.commands.sendText(toBen, 'to both');
    await phone.waitFor('it', (state) => textsOf(state).includes('to both'));
    await ben.waitFor('it', (state) => textsOf(state).includes('to both'));
    t.notOk(eventsOf(phone.state).includes('gap'));
    t.notOk(
      wire.said.some((frame) => asksAbout(frame, toAda)),
      'the phone had nothing to look up',
    );
  },
);

t.test('a message for a device that was listed meanwhile is missed when it does not come', async (t) => {
  await using server = await openTestServer();
  const { ada, bensPassphrase, toBen } = await makeScene(t, server.url);
  const wire = makeHostileWire();
  const phone = openTestClient({ url: server.url, wire });
  t.teardown(() => phone.close());
  await phone.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await phone.commands.signIn({ username: 'ben', passphrase: bensPassphrase });
  await isOnline(phone);
  await openWith(phone, 'Ada');
  // What comes first to the phone is what Ada made for it after a mismatch.
  let dropped = 0;
  wire.change = changeDeliveries((frame) => {
    dropped += 1;
    return dropped === 1 ? [] : [frame];
  });
  await ada.commands.sendText(toBen, 'dropped');
  await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind !== 'sending');
  const sawGap = phone.waitFor('the gap', (state) => eventsOf(state).includes('gap'));
  await ada.commands.sendText(toBen, 'after it');
  await sawGap;
  const repaired = await phone.waitFor('the repair', (state) => textsOf(state).includes('dropped'));
  t.strictSame(textsOf(repaired), ['after it', 'dropped']);
});

t.test('what a stranger says besides asking for an answer leaves no trace on the disk', async (t) => {
  await using server = await openTestServer();
  const scene = await makeScene(t, server.url);
  const { ada, ben, toAda } = scene;
  const stores = ['people', 'chains', 'sessions', 'lines', 'early', 'outbox', 'receipts'];
  const count = (): readonly number[] => stores.map((store) => rowsOf(ada, store));
  const isQuiet = (): boolean => rowsOf(ada, 'receipts') === 0 && rowsOf(ada, 'outbox') === 0;
  await until(ada, isQuiet);
  const before = count();
  for (let i = 0; i < 4; i += 1) {
    const stranger = await makeStranger(t, server.url, scene);
    for (const [kind, body] of [
      ['reaction', { author: randomBytes(16), message: randomBytes(16), emoji: '🎉', revision: 1 }],
      ['edit', { message: randomBytes(16), revision: 1, text: 'x'.repeat(10_000) }],
      ['delivered', { messages: [randomBytes(16)] }],
      ['from-the-future', {}],
      ['text', { text: 5 }],
    ] as const) {
      const link = {
        epoch: randomBytes(16),
        number: 300,
        previous: randomBytes(32),
        salt: randomBytes(32),
        seen: [],
        starts: [],
      };
      await stranger.say((honest) => ({ ...honest, kind, body: encodeCbor(body), link }));
    }
  }
  await ben.commands.sendText(toAda, 'after them');
  await ada.waitFor('after them', (state) => textsOf(state).includes('after them'));
  await until(ada, isQuiet);
  t.strictSame(
    count(),
    before.map((rows, i) => (stores[i] === 'lines' ? rows + 1 : rows)),
  );
  t.equal(ada.state.conversations.length, 1);
});

t.test('an envelope whose sender cannot be looked up for want of a connection comes again', async (t) => {
  await using server = await openTestServer();
  const scene = await makeScene(t, server.url);
  const { ada, ben, adasWire, toAda } = scene;
  // In Ben’s name, without a proof, from a device that nobody has heard of: Ada asks the directory.
  const mallory = await makeStranger(t, server.url, scene, accountOf(ben));
  let lost = 0;
  const { toBen } = scene;
  adasWire.swallow = (frame) => {
    if (!asksAbout(frame, toBen) || lost > 0) return false;
    lost += 1;
    ada.ports.dropSockets();
    return true;
  };
  const from = adasWire.delivered.length;
  await mallory.say(
    (honest) => honest,
    () => undefined,
  );
  await until(ada, () => lost > 0);
  await isOnline(ada);
  await ben.commands.sendText(toAda, 'after it');
  await ada.waitFor('after it', (state) => textsOf(state).includes('after it'));
  const [first, second] = adasWire.delivered.slice(from).map(({ id }) => Buffer.from(id).toString('hex'));
  t.equal(second, first, 'the same one came a second time');
  t.ok(adasWire.said.filter((frame) => asksAbout(frame, toBen)).length > 1, 'and was looked up again');
  t.strictSame(textsOf(ada.state), ['hello', 'hi', 'after it']);
});

t.test('a contact who begins his numbering again and again makes nothing grow without bound', async (t) => {
  await using server = await openTestServer();
  const scene = await makeScene(t, server.url);
  const { ada } = scene;
  const mallory = await makeStranger(t, server.url, scene);
  const say = (text: string) =>
    mallory.say((honest) => ({
      ...honest,
      body: encodeCbor({ text }),
      link: {
        epoch: randomBytes(16),
        number: 1,
        previous: new Uint8Array(32),
        salt: randomBytes(32),
        seen: [],
        starts: [],
      },
    }));
  await say('the first');
  await ada.waitFor('a request', ({ conversations }) => conversations.length === 2);
  await ada.commands.acceptRequest(mallory.account);
  await ada.commands.openConversation(mallory.account);
  for (let i = 0; i < 80; i += 1) await say(`number ${i}`);
  await ada.waitFor('the last', (state) => textsOf(state).includes('number 79'));
  t.ok(rowsOf(ada, 'chains') <= 64 + 4, `${rowsOf(ada, 'chains')} chains`);
  t.notOk(eventsOf(ada.state).includes('gap'));
});

t.test(
  'a server that delivers far beyond its window is left, and nothing is lost or doubled by it',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, adasWire, toAda } = await makeScene(t, server.url);
    adasWire.change = changeDeliveries((frame) => {
      adasWire.change = undefined;
      return Array.from({ length: 3_000 }, () => frame);
    });
    const left = ada.waitFor('left', ({ connection }) => connection.kind === 'offline');
    await ben.commands.sendText(toAda, 'many times');
    await left;
    await isOnline(ada);
    await ada.waitFor('it', (state) => textsOf(state).includes('many times'));
    await ben.commands.sendText(toAda, 'once');
    await ada.waitFor('the next', (state) => textsOf(state).includes('once'));
    t.strictSame(textsOf(ada.state), ['hello', 'hi', 'many times', 'once']);
  },
);

t.test(
  'a message that the server delivers and calls refused is still deleted on the other side',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, adasWire, toBen } = await makeScene(t, server.url);
    adasWire.change = (frame) =>
      frame.kind === 'sent' ? [{ kind: 'refused', re: frame.re, code: 'too-large' }] : [frame];
    await ada.commands.sendText(toBen, 'taken back');
    await ada.waitFor('refused', (state) => linesOf(state).at(-1)?.delivery.kind === 'failed');
    await ben.waitFor('it came all the same', (state) => textsOf(state).includes('taken back'));
    adasWire.change = undefined;
    await ada.commands.deleteForEveryone(toBen, linesOf(ada.state).at(-1)!.id);
    const state = await ben.waitFor('the deletion', ({ open }) =>
      (open?.lines ?? []).some((line) => line.kind === 'message' && line.deletedAt !== undefined),
    );
    t.notOk(textsOf(state).includes('taken back'));
  },
);

t.test('that a refused reply was delivered is not forgotten with the words that it quotes', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasWire, toBen, toAda } = await makeScene(t, server.url);
  await ben.commands.sendText(toAda, 'quoted words');
  await ada.waitFor('it', (state) => textsOf(state).includes('quoted words'));
  const { id } = linesOf(ada.state).at(-1)!;
  adasWire.change = (frame) =>
    frame.kind === 'sent' ? [{ kind: 'refused', re: frame.re, code: 'too-large' }] : [frame];
  await ada.commands.sendText(toBen, 'taken back', { id, mine: false });
  await ada.waitFor('refused', (state) => linesOf(state).at(-1)?.delivery.kind === 'failed');
  const reply = linesOf(ada.state).at(-1)!;
  await ben.waitFor('it came all the same', (state) => textsOf(state).includes('taken back'));
  adasWire.change = undefined;
  // What is kept of the reply for repairs goes, because the words that it quotes are deleted.
  await ben.commands.deleteForEveryone(toAda, id);
  await ada.waitFor('no quote', (state) => linesOf(state).at(-1)?.reply?.state === 'gone');
  await ada.commands.deleteForEveryone(toBen, reply.id);
  await ben.waitFor('the deletion', (state) =>
    linesOf(state).some((line) => line.id === reply.id && line.deletedAt !== undefined),
  );
  t.notOk(textsOf(ben.state).includes('taken back'));
});

t.test('everything is asked for when more is missing than one request can name', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasWire, toAda } = await makeScene(t, server.url);
  // Fewer than the window holds: what is kept back is never acknowledged.
  const words = Array.from({ length: 100 }, (_, i) => `number ${i}`);
  let dropped = 0;
  adasWire.change = changeDeliveries((frame) => {
    dropped += 1;
    return dropped < words.length ? [] : [frame];
  });
  for (const text of words) await ben.commands.sendText(toAda, text);
  await until(ada, () => dropped >= words.length);
  await ada.waitFor('the last of the gap', (state) => state.conversations[0]?.unread === words.length + 1);
  const lines = await readAll(ada, await openWith(ada, 'Ben'));
  t.strictSame(
    lines
      .map(({ text }) => text)
      .slice(2)
      .toSorted(),
    words.toSorted(),
  );
  t.notOk(eventsOf(ada.state).includes('gap'));
});

t.test('keys that are known already change no record, however often they are told', async (t) => {
  await using server = await openTestServer();
  const scene = await makeScene(t, server.url);
  const { ada, requests } = scene;
  const mallory = await makeStranger(t, server.url, scene);
  const keys = { profileKey: randomBytes(32), deliveryKey: randomBytes(32) };
  const tell = () => mallory.say((honest) => ({ ...honest, kind: 'profile', body: encodeCbor(keys) }));
  const uploads = (): number =>
    requests.filter((each) => each === `${putRecord.method} ${putRecord.path}`).length;
  await tell();
  await mallory.say((honest) => ({ ...honest, body: encodeCbor({ text: 'first' }) }));
  await ada.waitFor('a request', ({ conversations }) =>
    conversations.some(({ id, last }) => id === mallory.account && last?.text === 'first'),
  );
  const before = await untilStill(ada, uploads);
  t.ok(before > 0, 'the first did');
  for (let i = 0; i < 5; i += 1) await tell();
  await mallory.say((honest) => ({ ...honest, body: encodeCbor({ text: 'second' }) }));
  await ada.waitFor('the second', ({ conversations }) =>
    conversations.some(({ id, last }) => id === mallory.account && last?.text === 'second'),
  );
  t.equal(await untilStill(ada, uploads), before);
});

/** A number once nothing that would change it waits any more: a change of the record is uploaded within 300 ms. */
async function untilStill({ ports, client }: TestClient, read: () => number): Promise<number> {
  for (let last = -1; ;) {
    await new Promise<void>((resolve) => ports.clock.after(600, resolve));
    await client.background.settled();
    if (read() === last) return last;
    last = read();
  }
}
