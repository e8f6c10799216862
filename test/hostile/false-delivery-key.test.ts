/**
 * A contact who tells a delivery key that is none: what this device answers him on its own goes as introductions from then on, of which the
 * server allows an account 50 a day. Most of them are left for other people, what the person herself writes goes at once, who he is can
 * still be asked, and what waits for him goes when there is room again.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { introduce, strangerBundles } from '@tacet/protocol/rest/people';
import { encodeCbor } from '@tacet/protocol/cbor';
import { encodeForDevice } from '@tacet/protocol/content/frame';
import { makeLyingEngine } from '../support/lying-engine.ts';
import {
  haveReceiptsLeft,
  linesOf,
  openTestClient,
  openWith,
  reconnect,
  signIn,
  signUp,
  textsOf,
} from '../support/make-client.ts';
import { openMallory } from './mallory.ts';
import { openScene } from './scene.ts';

t.setTimeout(600_000);

const DAY_MS = 24 * 60 * 60_000;
/** What Ada's device sends one account on its own as a stranger, at most, in a day. */
const SHARE = 10;
/** Longer than receipts are gathered. */
const GATHERED_MS = 1_100;
const SAID = 2 * SHARE;

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

t.test('a contact who tells a false delivery key uses up few introductions, and none for good', async (t) => {
  const before = charged();
  await mallory.sayBody('profile', { profileKey: randomBytes(32), deliveryKey: randomBytes(32) });
  const said = Array.from({ length: SAID }, (_, i) => `to be confirmed, ${i}`);
  for (const words of said) {
    await mallory.settle(words);
    await (charged() - before < SHARE ? haveReceiptsLeft(ada.client) : delay(GATHERED_MS));
  }
  t.equal(charged() - before, SHARE);
  const waiting = ada.client.ports.disk.databases.get('tacet')?.get('outbox')?.size ?? 0;
  t.ok(waiting > 0 && waiting <= 2, `of each kind of receipts one entry waits: ${String(waiting)}`);

  const written = ['and what', 'she writes', 'herself'];
  for (const words of written) {
    await ada.client.commands.sendText(mallory.toMallory, words);
    await mallory.client.waitFor(words, (state) => textsOf(state).includes(words));
  }
  await ada.client.waitFor('sent', (state) =>
    linesOf(state).every(({ text, delivery }) => !written.includes(text) || delivery.kind !== 'sending'),
  );
  t.equal(charged() - before, SHARE + written.length, 'nothing else goes with it');

  // A device of his that she does not know, and that does not show its list: she has to ask.
  const lying = makeLyingEngine();
  await using second = openTestClient({ ...(await scene.newWay()).way, ...clock, engine: lying.engine });
  await signIn(second, mallory.username, mallory.passphrase);
  const fromSecond = await openWith(second, ada.name);
  lying.lie = (frame) => encodeForDevice({ frame: encodeCbor(frame) });
  await second.commands.sendText(fromSecond, 'from a new device');
  await ada.client.waitFor('what it says', (state) => textsOf(state).includes('from a new device'));
  t.equal(charged() - before, SHARE + written.length + 1, 'asked once, in a share of its own');
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
  await mallory.client.waitFor('every receipt', (state) => {
    const lines = linesOf(state).filter(({ text }) => said.includes(text ?? ''));
    return (
      lines.length === SAID &&
      lines.every(({ delivery: { kind } }) => kind === 'delivered' || kind === 'read')
    );
  });
  await openWith(ada.client, ben.name);
  await scene.stillTalk();
});
