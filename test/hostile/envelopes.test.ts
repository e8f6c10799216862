/** The server gives the wrong envelopes: old ones again, other people’s, the own ones, damaged ones, under other names and times. Rows A16 to A18, A23, A24. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { SOCKET_PATH } from '@tacet/protocol/frames/client';
import { parseFrame } from '@tacet/protocol/frames/frame';
import { ServerFrame } from '@tacet/protocol/frames/server';
import { LIMITS } from '@tacet/protocol/limits';
import { changeDeliveries, type Deliver } from '../support/hostile-wire.ts';
import {
  eventsOf,
  isAllDelivered,
  isOnline,
  linesOf,
  openTestClient,
  openWith,
  signIn,
  textsOf,
} from '../support/make-client.ts';
import { extended, withBitFlipped } from '../support/mangle.ts';
import type { Wire } from '../support/node-ports.ts';
import { openScene, type Player } from './scene.ts';

t.setTimeout(600_000);
/** Within Ben’s own machine, where everything can come in one breath, as no socket would bring it. */
let copies = 1;
const within: Wire = {
  toClient(_path, bytes) {
    if (copies === 1 || parseFrame(ServerFrame, bytes).kind !== 'deliver') return [bytes];
    const all = Array.from({ length: copies }, () => bytes);
    copies = 1;
    return all;
  },
};
const scene = await openScene({ bens: { wire: within } });
t.teardown(() => scene.close());
const { ada, ben } = scene;

/** The same ciphertext under an id that the server has made up. */
function renamed(frame: Deliver): Deliver {
  return { ...frame, id: new Uint8Array(randomBytes(16)) };
}

/** How often somebody is shown these words. */
function countOf({ client }: Player, words: string): number {
  return textsOf(client.state).filter((text) => text === words).length;
}

/** Deliveries of somebody's client that gave nothing, as its settings show them. */
async function faultsOf({ client }: Player): Promise<number> {
  const { unopened, unproven } = await client.commands.readFaults();
  return unopened + unproven;
}

/** Says words to Ben and waits until he has them: everything that was told to him before is worked off. */
async function sayToBen(words: string): Promise<void> {
  await ada.client.commands.sendText(ada.talk, words);
  await ben.client.waitFor(words, (state) => textsOf(state).includes(words));
}

t.test('A16: a repeated envelope, under its own or another id, is shown once and acknowledged', async (t) => {
  ben.wire.change = changeDeliveries((frame) => [frame, frame, renamed(frame)]);
  for (const text of ['one', 'two']) await sayToBen(text);
  await ada.client.waitFor('delivered', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
  for (const text of ['one', 'two']) t.equal(countOf(ben, text), 1);
  t.notOk(eventsOf(ben.client.state).includes('unreadable'));
  t.strictSame(ben.client.client.background.failures, []);
  await scene.stillTalk();
});

t.test('A16: every envelope that Ben ever got is refused when it is delivered again', async (t) => {
  const [texts, events] = [textsOf(ben.client.state), eventsOf(ben.client.state)];
  const old = [...ben.wire.delivered];
  t.ok(old.length > 4);
  for (const frame of old) ben.wire.tell(renamed(frame));
  await sayToBen('fresh');
  t.strictSame(textsOf(ben.client.state), [...texts, 'fresh']);
  t.strictSame(eventsOf(ben.client.state), events, 'and nothing alarms');

  // Nor after a new start, when nothing is in memory any more.
  await scene.open(ben);
  for (const frame of old) ben.wire.tell(renamed(frame));
  await sayToBen('fresh again');
  t.strictSame(textsOf(ben.client.state), [...texts, 'fresh', 'fresh again']);
  t.strictSame(eventsOf(ben.client.state), events);
  await scene.stillTalk();
});

t.test(
  'A17: an envelope of another conversation, or for another device of Ben’s, gives nothing and is counted',
  async (t) => {
    const { way, wire } = await scene.newWay();
    await using phone = openTestClient(way);
    await signIn(phone, ben.username, ben.passphrase);
    await openWith(phone, ada.name);
    await sayToBen('to both');
    await phone.waitFor('to both', (state) => textsOf(state).includes('to both'));
    const events = eventsOf(ben.client.state);
    const faults = await faultsOf(ben);
    const strangers = [...ada.wire.delivered, ...wire.delivered];
    for (const frame of strangers) ben.wire.tell(renamed(frame));
    for (const frame of ben.wire.delivered.slice()) wire.tell(renamed(frame));
    await sayToBen('real');
    await phone.waitFor('real', (state) => textsOf(state).includes('real'));
    t.strictSame(eventsOf(ben.client.state), events);
    t.equal(await faultsOf(ben), faults + strangers.length, 'each is counted');
    for (const words of ['to both', 'real']) {
      t.equal(countOf(ben, words), 1);
      t.equal(textsOf(phone.state).filter((text) => text === words).length, 1);
    }
    t.notOk(eventsOf(phone.state).includes('unreadable'));
    await scene.stillTalk();
  },
);

t.test(
  'A18: what Ben said comes back to him, from the wire or out of Ada’s queue, and is nothing',
  async (t) => {
    const events = eventsOf(ben.client.state);
    const before = ada.wire.delivered.length;
    await ben.client.commands.sendText(ben.talk, 'thrown back');
    await ada.client.waitFor('it', (state) => textsOf(state).includes('thrown back'));
    const own = ada.wire.delivered.slice(before);
    t.ok(own.length > 0);
    const faults = await faultsOf(ben);
    for (const frame of own) ben.wire.tell(renamed(frame));
    await sayToBen('after it');
    t.equal(countOf(ben, 'thrown back'), 1);
    t.ok(linesOf(ben.client.state).find(({ text }) => text === 'thrown back')?.mine, 'as his own');
    t.strictSame(eventsOf(ben.client.state), events);
    t.equal(await faultsOf(ben), faults + own.length);
    await scene.stillTalk();
  },
);

t.test(
  'A23: a bit flipped anywhere, bytes cut off or added: nothing of it is taken, and it comes by repair',
  async (t) => {
    const damages: readonly ((body: Uint8Array) => Uint8Array)[] = [
      // The version, the ephemeral key, the sealed key of the sender, the sealed message, its end.
      (body) => withBitFlipped(body, 0),
      (body) => withBitFlipped(body, 8 * 10 + 3),
      (body) => withBitFlipped(body, 8 * 60),
      (body) => withBitFlipped(body, 8 * 400),
      (body) => withBitFlipped(body, 8 * body.length - 1),
      (body) => body.subarray(0, -1),
      (body) => body.subarray(0, 100),
      (body) => body.subarray(0, 1),
      (body) => extended(body, 0),
    ];
    // Her receipts have come: what comes next is what is to be damaged.
    await isAllDelivered(ben.client);
    const faults = await faultsOf(ben);
    for (const [i, damage] of damages.entries()) {
      let isDone = false;
      ben.wire.change = changeDeliveries((frame) => {
        if (isDone) return [frame];
        isDone = true;
        return [{ ...frame, body: Uint8Array.from(damage(frame.body)) }];
      });
      await ada.client.commands.sendText(ada.talk, `damaged ${i}`);
      await ben.wire.when('it', () => isDone);
      await sayToBen(`after ${i}`);
      await ben.client.waitFor('the repair', (state) => textsOf(state).includes(`damaged ${i}`));
      t.equal(countOf(ben, `damaged ${i}`), 1);
    }
    await ben.client.waitFor('no gap', (state) => !eventsOf(state).includes('gap'));
    t.equal(await faultsOf(ben), faults + damages.length, 'each is counted');
    await isAllDelivered(ada.client);
    await scene.stillTalk();
  },
);

t.test('A23: frames that are none end the socket, and the client comes back', async (t) => {
  for (const noise of [new Uint8Array(256), new Uint8Array(randomBytes(4096)), new Uint8Array(1)]) {
    let isSaid = false;
    ben.wire.change = (frame, path) => {
      if (isSaid || path !== SOCKET_PATH) return [frame];
      isSaid = true;
      return [noise];
    };
    const lost = ben.client.waitFor('lost', ({ connection }) => connection.kind === 'offline');
    const words = `over noise of ${noise.length}`;
    await ada.client.commands.sendText(ada.talk, words);
    await lost;
    await ben.client.commands.connectNow();
    await isOnline(ben.client);
    await ben.client.waitFor(words, (state) => textsOf(state).includes(words));
    t.equal(countOf(ben, words), 1);
  }
  await scene.stillTalk();
});

t.test(
  'A23: a server that delivers far beyond its window is left, and nothing is lost or doubled by it',
  async (t) => {
    copies = 20 * LIMITS.deliveryWindow;
    const left = ben.client.waitFor('left', ({ connection }) => connection.kind === 'offline');
    await ada.client.commands.sendText(ada.talk, 'many times');
    await left;
    await isOnline(ben.client);
    await ben.client.waitFor('it', (state) => textsOf(state).includes('many times'));
    await sayToBen('once');
    for (const words of ['many times', 'once']) t.equal(countOf(ben, words), 1);
    await scene.stillTalk();
  },
);

t.test(
  'A24: the time and id of the envelope are the server’s word; what is shown is the sender’s',
  async (t) => {
    for (const receivedAt of [1, Date.now() + 365 * 24 * 60 * 60_000]) {
      ben.wire.change = changeDeliveries((frame) => [{ ...renamed(frame), receivedAt }]);
      const words = `at ${receivedAt}`;
      await sayToBen(words);
      const [said, read] = [ada, ben].map(({ client }) =>
        linesOf(client.state).find(({ text }) => text === words),
      );
      t.equal(read?.sentAt, said?.sentAt);
      t.equal(read?.id, said?.id);
      t.notOk(read?.mine);
      t.ok(Math.abs((read?.receivedAt ?? 0) - Date.now()) < 60_000, 'by Ben’s own clock');
    }
    await scene.stillTalk();
  },
);

/** The server says to Ada that what it delivers was refused. */
function callRefused(): void {
  ada.wire.change = (frame) =>
    frame.kind === 'sent' ? [{ kind: 'refused', re: frame.re, code: 'too-large' }] : [frame];
}

t.test(
  'a message that the server delivers and calls refused is still deleted on the other side',
  async (t) => {
    callRefused();
    await ada.client.commands.sendText(ada.talk, 'called refused');
    await ada.client.waitFor('refused', (state) => linesOf(state).at(-1)?.delivery.kind === 'failed');
    await ben.client.waitFor('it came all the same', (state) => textsOf(state).includes('called refused'));
    ada.wire.behave();
    await ada.client.commands.deleteForEveryone(ada.talk, linesOf(ada.client.state).at(-1)!.id);
    await ben.client.waitFor('the deletion', (state) => !textsOf(state).includes('called refused'));
    t.ok(linesOf(ben.client.state).some(({ deletedAt }) => deletedAt !== undefined));
    await scene.stillTalk();
  },
);

t.test('that a refused reply was delivered is not forgotten with the words that it quotes', async (t) => {
  await ben.client.commands.sendText(ben.talk, 'quoted words');
  await ada.client.waitFor('it', (state) => textsOf(state).includes('quoted words'));
  const { id } = linesOf(ada.client.state).at(-1)!;
  callRefused();
  await ada.client.commands.sendText(ada.talk, 'a refused reply', { id, mine: false });
  await ada.client.waitFor('refused', (state) => linesOf(state).at(-1)?.delivery.kind === 'failed');
  const reply = linesOf(ada.client.state).at(-1)!;
  await ben.client.waitFor('it came all the same', (state) => textsOf(state).includes('a refused reply'));
  ada.wire.behave();
  // What is kept of the reply for repairs goes, because the words that it quotes are deleted.
  await ben.client.commands.deleteForEveryone(ben.talk, id);
  await ada.client.waitFor('no quote', (state) =>
    linesOf(state).some((line) => line.id === reply.id && line.reply?.state === 'gone'),
  );
  await ada.client.commands.deleteForEveryone(ada.talk, reply.id);
  await ben.client.waitFor('the deletion', (state) =>
    linesOf(state).some((line) => line.id === reply.id && line.deletedAt !== undefined),
  );
  t.notOk(textsOf(ben.client.state).includes('a refused reply'));
  await scene.stillTalk();
});
