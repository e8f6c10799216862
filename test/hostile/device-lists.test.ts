/** What a server says of a contact's devices: a ghost among them, one hidden by an older list. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { linesOf, openTestClient, openWith, signIn, textsOf } from '../support/make-client.ts';
import {
  answerMismatch,
  entryOf,
  forgeEntry,
  forgeSigned,
  forksOf,
  openAccountKey,
  withGhost,
} from './forged-lists.ts';
import { needsStore, openScene, type Player } from './scene.ts';

t.setTimeout(300_000);
const scene = await openScene();
t.teardown(() => scene.close());

/** Waits until somebody's newest message was refused as a lie of the server's, and gives its id. */
async function isRefused({ client }: Player) {
  const state = await client.waitFor('refused', (now) => linesOf(now).at(-1)?.delivery.kind === 'failed');
  const line = linesOf(state).at(-1)!;
  const isLie = line.delivery.kind === 'failed' && line.delivery.failure.code === 'server-dishonest';
  if (!isLie) throw new Error(`refused for another reason: ${JSON.stringify(line.delivery)}`);
  return line.id;
}

function asksOf({ wire }: Player): number {
  return wire.said.filter(({ kind }) => kind === 'fetch-bundles').length;
}

t.test('A44: a ghost device that the account key did not sign is never written to', async (t) => {
  const { ada, ben } = scene;
  const asked = asksOf(ben);
  answerMismatch(ben.wire, forgeEntry(await entryOf(ada), withGhost));
  await ben.client.commands.sendText(ben.talk, 'for Ada alone');
  const id = await isRefused(ben);
  t.equal(asksOf(ben), asked, 'no bundle of the ghost was asked for');

  ben.wire.behave();
  await ben.client.commands.retrySend(id);
  await ben.client.waitFor('sent after all', (now) => linesOf(now).at(-1)?.delivery.kind === 'delivered');
  t.equal(textsOf(ada.client.state).filter((text) => text === 'for Ada alone').length, 1);
  await scene.stillTalk();
});

t.test('A44: a ghost that the server has put into its store gets nothing', needsStore, async (t) => {
  const { ada, ben } = scene;
  const ghost = Buffer.from(randomBytes(16));
  const honest = await scene.edit((store) =>
    store.show(ada.username, (before) => {
      const { bytes, signature } = forgeSigned(before.list, (list) => {
        const made = withGhost(list);
        return {
          ...made,
          devices: made.devices.map((each, n) => (n === 0 ? each : { ...each, device: ghost })),
        };
      });
      // The hash that sends are held against: every one of Ben's is answered with the forged list.
      return { ...before, list: bytes, signature, counter: before.counter + 1, hash: randomBytes(32) };
    }),
  );
  const from = ben.wire.said.length;
  await ben.client.commands.sendText(ben.talk, 'for Ada still alone');
  const id = await isRefused(ben);
  const told = Buffer.from(
    JSON.stringify(ben.wire.said.slice(from), (_key, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    ),
  );
  t.notOk(told.includes(ghost.toString('hex')), 'nobody wrote to it or asked for its keys');
  await scene.edit((store) => store.show(ada.username, () => honest));
  await ben.client.commands.retrySend(id);
  await ada.client.waitFor('it', (state) => textsOf(state).includes('for Ada still alone'));
  await scene.stillTalk();
});

t.test('A45: a contact’s device that the server hides by an older list is not forgotten', async (t) => {
  const { ada, ben } = scene;
  const older = await entryOf(ada);
  const { way } = await scene.newWay();
  await using tablet = openTestClient({ ...way });
  await signIn(tablet, ada.username, ada.passphrase);
  await openWith(tablet, ben.name);
  await ben.client.commands.sendText(ben.talk, 'to both');
  await tablet.waitFor('to both', (state) => textsOf(state).includes('to both'));

  answerMismatch(ben.wire, older);
  await ben.client.commands.sendText(ben.talk, 'to one alone?');
  const id = await isRefused(ben);
  ben.wire.behave();
  await ben.client.commands.retrySend(id);
  await tablet.waitFor('it', (state) => textsOf(state).includes('to one alone?'));
  await ada.client.waitFor('it', (state) => textsOf(state).includes('to one alone?'));
  t.equal(textsOf(tablet.state).filter((text) => text === 'to one alone?').length, 1);
  await scene.stillTalk();
});

t.test(
  'A45: a fork of a contact’s list, signed by the account itself, hides no device and adds none, and the person is told',
  async (t) => {
    const { ada, ben } = scene;
    const { way } = await scene.newWay();
    await using tablet = openTestClient({ ...way });
    await signIn(tablet, ada.username, ada.passphrase);
    await openWith(tablet, ben.name);
    await ben.client.commands.sendText(ben.talk, 'to all of you');
    await tablet.waitFor('it', (state) => textsOf(state).includes('to all of you'));
    const entry = await entryOf(ada);
    for (const [what, list] of forksOf(entry.list.bytes, await openAccountKey(ada))) {
      const asked = asksOf(ben);
      answerMismatch(ben.wire, { ...entry, list });
      await ben.client.commands.sendText(ben.talk, what);
      const id = await isRefused(ben);
      t.equal(asksOf(ben), asked, `${what}: no bundle was asked for`);
      ben.wire.behave();
      await ben.client.commands.retrySend(id);
      await tablet.waitFor(what, (state) => textsOf(state).includes(what));
      await ada.client.waitFor(what, (state) => textsOf(state).includes(what));
    }
    await scene.stillTalk();
  },
);
