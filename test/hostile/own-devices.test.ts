/** What a server says of the account's own devices: one more than there are, or one less. */
import t from 'tap';
import { getDirectory } from '@tacet/protocol/rest/devices';
import {
  isOnline,
  linesOf,
  openTestClient,
  openWith,
  reconnect,
  signIn,
  textsOf,
  toldOf,
  type TestClient,
} from '../support/make-client.ts';
import { changeDeliveries, holdFrames } from '../support/hostile-wire.ts';
import {
  forgeReply,
  forksOf,
  lieAboutOwnList,
  listIn,
  openAccountKey,
  replyWith,
  withGhost,
} from './forged-lists.ts';
import { openScene } from './scene.ts';
import { readAs } from './servers-word.ts';

t.setTimeout(300_000);
const scene = await openScene();
t.teardown(() => scene.close());

/** Everything that followed from an answer has been done. */
async function isDone({ client }: TestClient): Promise<void> {
  for (let rounds = 0; rounds < 3; rounds += 1) await client.background.settled();
}

t.test(
  'A43: a list of the own devices that the account has not signed is told of, shows no device and gets no copies',
  async (t) => {
    const { ada, ben } = scene;
    await isDone(ada.client);
    t.strictSame(toldOf(ada.client), []);
    lieAboutOwnList(ada.wire, 9, (reply) => forgeReply(reply, withGhost));
    await reconnect(ada.client);
    await ada.client.waitFor('the word', ({ alerts }) => alerts.length > 0);
    t.strictSame(toldOf(ada.client), ['forged-devices']);
    t.equal(ada.client.state.devices.length, 1, 'no device was added');
    const before = ada.wire.said.length;
    await ada.client.commands.sendText(ada.talk, 'no copies');
    await ben.client.waitFor('it', (state) => textsOf(state).includes('no copies'));
    await isDone(ada.client);
    t.notOk(ada.wire.said.slice(before).some(({ kind }) => kind === 'send-own'));

    const again = await scene.open(ada);
    await again.waitFor('the word', ({ alerts }) => alerts.length > 0);
    await isOnline(again);
    await again.commands.seeAlert('forged-devices');
    await again.waitFor('seen', ({ alerts }) => alerts.length === 0);
    const asked = ada.wire.asked.length;
    await reconnect(again);
    await isDone(again);
    t.ok(
      ada.wire.asked.slice(asked).some(({ path }) => path === getDirectory.path),
      'the same lie again',
    );
    t.strictSame(toldOf(again), [], 'once');
    await scene.stillTalk();
  },
);

t.test('A43: such a list is told of also after a reset that was asked for and refused', async (t) => {
  const { ben } = scene;
  await ben.client.commands.beginReset();
  const next = await ben.client.commands.suggestPassphrase();
  await t.rejects(ben.client.commands.finishReset(next), { code: 'reset-not-due' });
  lieAboutOwnList(ben.wire, 9, (reply) => forgeReply(reply, withGhost));
  await reconnect(ben.client);
  await ben.client.waitFor('the word', ({ alerts }) => alerts.length > 0);
  t.strictSame(toldOf(ben.client), ['forged-devices']);
  t.equal(ben.client.state.devices.length, 1);
  await scene.stillTalk();
});

t.test(
  'A45: an own device that the server hides goes on being shown and written to, and the person is told',
  async (t) => {
    const { ada, ben } = scene;
    const older = await readAs(ada, getDirectory);
    const { way } = await scene.newWay();
    await using tablet = openTestClient({ ...way });
    await signIn(tablet, ada.username, ada.passphrase);
    await openWith(tablet, ben.name);
    await ada.client.waitFor('the tablet', ({ devices }) => devices.length === 2);

    lieAboutOwnList(ada.wire, 1, (reply) => ({ ...reply, body: older }));
    await reconnect(ada.client);
    await ada.client.waitFor('the word', ({ alerts }) => alerts.some(({ what }) => what === 'older-state'));
    t.equal(ada.client.state.devices.length, 2, 'no device has gone');
    await ada.client.commands.sendText(ada.talk, 'to both of us');
    const copy = await tablet.waitFor('the copy', (state) => textsOf(state).includes('to both of us'));
    t.equal(linesOf(copy).find(({ text }) => text === 'to both of us')?.mine, true);
    await scene.stillTalk();
  },
);

t.test(
  'A19: copies from another own device that come in another order are all there, and say that they came late',
  async (t) => {
    const { ada } = scene;
    const { wire, way } = await scene.newWay();
    await using phone = openTestClient({ ...way });
    await signIn(phone, ada.username, ada.passphrase);
    await openWith(phone, scene.ben.name);
    // All that was on its way before is there, and Ben hears and answers nothing: what comes from here on is the copies.
    await ada.client.commands.sendText(ada.talk, 'before the copies');
    for (const each of [ada.client, phone])
      await each.waitFor('delivered', (state) => {
        const line = linesOf(state).findLast(({ text }) => text === 'before the copies');
        return line?.delivery.kind === 'delivered';
      });
    scene.ben.wire.change = changeDeliveries(() => []);
    const words = ['first copy', 'second copy', 'third copy'];
    const held = holdFrames(wire);
    for (const text of words) await ada.client.commands.sendText(ada.talk, text);
    await wire.when('all', () => held.frames.length >= words.length);
    held.release((frames) => frames.toReversed());
    for (const text of words) await phone.waitFor(text, (state) => textsOf(state).includes(text));
    const copies = linesOf(phone.state).filter(({ text }) => words.includes(text));
    t.strictSame(
      copies.map(({ text, mine, late }) => [text, mine, late]),
      [
        ['third copy', true, undefined],
        ['second copy', true, true],
        ['first copy', true, true],
      ],
    );
    await phone.commands.signOut();
    await scene.stillTalk();
  },
);

t.test(
  'A45: a fork of the own list, signed by the account itself, changes no device, and the person is told',
  async (t) => {
    const { ada, ben } = scene;
    const { way } = await scene.newWay();
    await using tablet = openTestClient({ ...way });
    await signIn(tablet, ben.username, ben.passphrase);
    await openWith(tablet, ada.name);
    const devicesOf = ({ state }: TestClient): readonly string[] => state.devices.map(({ device }) => device);
    await ben.client.waitFor('the tablet', ({ devices }) => devices.length === 2);
    const devices = devicesOf(ben.client);
    await isDone(ben.client);
    const before = toldOf(ben.client);
    const honest = listIn({ body: await readAs(ben, getDirectory) });
    for (const [what, list] of forksOf(honest, await openAccountKey(ben))) {
      const asked = ben.wire.asked.length;
      lieAboutOwnList(ben.wire, 9, (reply) => replyWith(reply, list));
      await reconnect(ben.client);
      await ben.wire.when('the question', () =>
        ben.wire.asked.slice(asked).some(({ path }) => path === getDirectory.path),
      );
      await ben.client.waitFor('the word', ({ alerts }) =>
        alerts.some((told) => told.what === 'older-state'),
      );
      await isDone(ben.client);
      t.strictSame(toldOf(ben.client), [...before, 'older-state'], what);
      t.strictSame(devicesOf(ben.client), devices, what);
      await ben.client.commands.sendText(ben.talk, what);
      const copy = await tablet.waitFor('the copy', (state) => textsOf(state).includes(what));
      t.equal(linesOf(copy).find(({ text }) => text === what)?.mine, true);
      ben.wire.behave();
    }
    await scene.stillTalk();
  },
);
