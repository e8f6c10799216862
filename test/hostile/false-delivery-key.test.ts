/**
 * A contact who tells a delivery key that is none: what this device answers him on its own goes as introductions from then on, of which the
 * server allows an account 50 a day. Most of them are left for other people, receipts leave some of his to what mends, what the person herself
 * writes goes at once, who he is can still be asked, and what waits for him goes when there is room again or a key that works.
 */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { introduce, strangerBundles } from '@tacet/protocol/rest/people';
import { encodeCbor } from '@tacet/protocol/cbor';
import { encodeForDevice } from '@tacet/protocol/content/frame';
import { flipped, makeLyingEngine } from '../support/lying-engine.ts';
import {
  linesOf,
  openTestClient,
  openWith,
  reconnect,
  signIn,
  signUp,
  textsOf,
} from '../support/make-client.ts';
import { rowsOf } from '../support/node-ports.ts';
import { openMallory } from './mallory.ts';
import { openScene } from './scene.ts';

t.setTimeout(600_000);

const DAY_MS = 24 * 60 * 60_000;
/** What Ada's device sends one account on its own as a stranger, at most, in a day. */
const SHARE = 10;
/** What receipts take of it, at most. */
const RECEIPTS = SHARE / 2;
const SAID = 2 * RECEIPTS;

let skew = 0;
const clock = { skewMs: (): number => skew };
const scene = await openScene({ adas: clock, bens: clock });
t.teardown(() => scene.close());
const { ada, ben } = scene;
const mallory = await openMallory(scene, clock);
t.teardown(() => mallory.client.close());
// What is counted by the day is counted within one.
skew = DAY_MS - (Date.now() % DAY_MS);

/** What Ada's account was charged for at the server's rate for introductions. */
function charged(): number {
  return ada.wire.asked.filter(({ path }) => path === introduce.path || path === strangerBundles.path).length;
}

/** Says so much that receipts have used up their part, and what came last is gathered. Gives what was said. */
async function sayMuch(words: string): Promise<readonly string[]> {
  const said = Array.from({ length: SAID }, (_, i) => `${words}, ${i}`);
  for (const each of said) {
    await mallory.settle(each);
    await areReceiptsAtRest();
  }
  return said;
}

/** Waits until Ada's receipts have left, or one waits and nothing is being tried. */
async function areReceiptsAtRest(): Promise<void> {
  const { ports, client } = ada.client;
  const until = ports.clock.now() + 60_000;
  for (;;) {
    await client.background.settled();
    if (rowsOf(ports.disk, 'outbox') > 0 || rowsOf(ports.disk, 'receipts') === 0) return;
    if (ports.clock.now() > until) throw new Error('the receipts neither left nor wait');
    await new Promise<void>((resolve) => ports.clock.after(20, resolve));
  }
}

/** Waits until Mallory's device knows that each of these was delivered. */
async function areConfirmed(said: readonly string[]): Promise<void> {
  await mallory.client.waitFor('every receipt', (state) => {
    const lines = linesOf(state).filter(({ text }) => said.includes(text ?? ''));
    return (
      lines.length === said.length &&
      lines.every(({ delivery: { kind } }) => kind === 'delivered' || kind === 'read')
    );
  });
}

t.test('a contact who tells a false delivery key uses up few introductions, and none for good', async (t) => {
  const before = charged();
  await mallory.sayBody('profile', { profileKey: randomBytes(32), deliveryKey: randomBytes(32) });
  const said = await sayMuch('to be confirmed');
  t.equal(charged() - before, RECEIPTS);
  const waiting = rowsOf(ada.client.ports.disk, 'outbox');
  t.ok(waiting > 0 && waiting <= 2, `of each kind of receipts one entry waits: ${String(waiting)}`);

  // What she asks him for is not kept waiting by them.
  const damaged = 'damaged on its way';
  mallory.liar.exchange = flipped;
  await mallory.send(damaged);
  mallory.liar.exchange = undefined;
  await mallory.settle('after the damage');
  await ada.client.waitFor('the repair', (state) => textsOf(state).includes(damaged));
  await areReceiptsAtRest();
  const mended = charged() - before;
  t.ok(mended > RECEIPTS && mended <= SHARE, `with what mends: ${String(mended)}`);

  const written = ['and what', 'she writes', 'herself'];
  for (const words of written) {
    await ada.client.commands.sendText(mallory.toMallory, words);
    await mallory.client.waitFor(words, (state) => textsOf(state).includes(words));
  }
  await ada.client.waitFor('sent', (state) =>
    linesOf(state).every(({ text, delivery }) => !written.includes(text) || delivery.kind !== 'sending'),
  );
  t.equal(charged() - before, mended + written.length, 'nothing else goes with it');

  // A device of his that she does not know, and that does not show its list: she has to ask.
  const lying = makeLyingEngine();
  await using second = openTestClient({ ...(await scene.newWay()).way, ...clock, engine: lying.engine });
  await signIn(second, mallory.username, mallory.passphrase);
  const fromSecond = await openWith(second, ada.name);
  lying.lie = (frame) => encodeForDevice({ frame: encodeCbor(frame) });
  await second.commands.sendText(fromSecond, 'from a new device');
  await ada.client.waitFor('what it says', (state) => textsOf(state).includes('from a new device'));
  const asked = charged() - before - mended - written.length;
  // Not as a stranger where his device has told its keys before she asks.
  t.ok(asked <= 1, `asked once, in a share of its own: ${String(asked)}`);
  lying.lie = undefined;

  await using carol = openTestClient({ ...(await scene.newWay()).way, ...clock });
  const username = scene.freshName('carol');
  await signUp(carol, username, await scene.freshInvite());
  const toCarol = await ada.client.commands.startConversation(username);
  await ada.client.commands.openConversation(toCarol);
  await ada.client.commands.sendText(toCarol, 'hello carol');
  await carol.waitFor('the text', ({ conversations }) =>
    conversations.some(({ last }) => last?.text === 'hello carol'),
  );

  skew += DAY_MS;
  await reconnect(ada.client);
  await areConfirmed(said);
});

t.test('a delivery key that was refused is tried again once when it is told again', async (t) => {
  await openWith(ada.client, mallory.name);
  const deliveryKey = randomBytes(32);
  const keys = { profileKey: randomBytes(32), deliveryKey };
  const tried = () =>
    ada.wire.said.filter((frame) => frame.kind === 'send' && deliveryKey.equals(frame.deliveryKey)).length;
  for (const times of [1, 2]) {
    await mallory.sayBody('profile', keys);
    await mallory.settle(`told for the ${String(times)}. time`);
    await areReceiptsAtRest();
    await mallory.settle('and something after it');
    await areReceiptsAtRest();
    t.equal(tried(), times);
  }
});

t.test('what waits for a contact leaves as soon as he tells a delivery key that is one', async (t) => {
  await openWith(ada.client, mallory.name);
  await mallory.sayBody('profile', { profileKey: randomBytes(32), deliveryKey: randomBytes(32) });
  const said = await sayMuch('to be confirmed today');
  t.ok(rowsOf(ada.client.ports.disk, 'outbox') > 0, 'receipts wait for another day');
  // Whoever takes a block back gives the keys that are in force since.
  await mallory.client.commands.block(mallory.toAda);
  await mallory.client.client.background.settled();
  await mallory.client.commands.unblock(mallory.toAda);
  await mallory.settle('said after the keys');
  await areConfirmed([...said, 'said after the keys']);
  await areReceiptsAtRest();
  t.equal(rowsOf(ada.client.ports.disk, 'outbox'), 0, 'without a new day or a new connection');
  await openWith(ada.client, ben.name);
  await scene.stillTalk();
});
