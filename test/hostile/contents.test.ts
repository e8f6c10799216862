/**
 * A contact whose client writes contents by hand, inside valid encryption, and a server that withholds some: what is said about messages
 * changes nothing but what is his to change. Rows A28 to A32, on two devices of Ada's.
 */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { ViewState } from '@tacet/client/core/view';
import { encodeCbor } from '@tacet/protocol/cbor';
import { TIMER_REVISION_STEP } from '@tacet/protocol/content/timer';
import { idBytes } from '@tacet/protocol/ids';
import { changeDeliveries } from '../support/hostile-wire.ts';
import { holdsText } from '../support/local-text.ts';
import {
  accountOf,
  eventsOf,
  linesOf,
  openTestClient,
  readShown,
  signIn,
  textsOf,
  type MessageLine,
} from '../support/make-client.ts';
import { openMallory } from './mallory.ts';
import { openScene } from './scene.ts';

t.setTimeout(600_000);

const scene = await openScene();
t.teardown(() => scene.close());
const { ada, ben } = scene;
const mallory = await openMallory(scene);
t.teardown(() => mallory.client.close());
const { toMallory } = mallory;
const sayBody: (typeof mallory)['sayBody'] = (...said) => mallory.sayBody(...said);
const phone = openTestClient((await scene.newWay()).way);
t.teardown(() => phone.close());
await signIn(phone, ada.username, ada.passphrase);
const devices = [ada.client, phone];
const me = idBytes(accountOf(ada.client));

/** Shows a conversation on both of Ada's devices. */
async function show(talk: typeof toMallory): Promise<void> {
  for (const device of devices) {
    await device.waitFor('it is there', ({ conversations }) => conversations.some(({ id }) => id === talk));
    await device.commands.openConversation(talk);
    await device.waitFor('it is open', ({ open }) => open?.id === talk);
  }
}

/** Everything that Mallory has said has been worked off on both devices. */
function settle(words: string): Promise<void> {
  return mallory.settle(words, ...devices);
}

/** A text of Mallory's by hand: its id. */
async function malloryWrites(text: string): Promise<Uint8Array> {
  const id = randomBytes(16);
  await sayBody('text', { text }, id);
  for (const device of devices) await device.waitFor(text, (state) => textsOf(state).includes(text));
  return id;
}

function lineOf(state: ViewState, words: string): MessageLine {
  const line = linesOf(state).findLast(({ text }) => text === words);
  if (line === undefined) throw new Error(`no message ${words}`);
  return line;
}

/** Ada says something in the open conversation, and both devices show it. */
async function adaWrites(talk: typeof toMallory, words: string): Promise<Uint8Array> {
  await ada.client.commands.sendText(talk, words);
  await phone.waitFor(words, (state) => textsOf(state).includes(words));
  return idBytes(lineOf(ada.client.state, words).id);
}

/** A row ends in the conversation with Ben. */
async function end(): Promise<void> {
  for (const device of devices) await readShown(device);
  await show(ada.talk);
  await scene.stillTalk();
  for (const device of [...devices, ben.client]) await readShown(device);
}

await show(ada.talk);
const withBen = await adaWrites(ada.talk, 'between Ada and Ben');
await ada.client.waitFor(
  'delivered',
  (state) => lineOf(state, 'between Ada and Ben').delivery.kind === 'delivered',
);

t.test('A28: a receipt counts for messages to whoever sends it, and for nobody else’s', async (t) => {
  await show(toMallory);
  const his = await adaWrites(toMallory, 'Ada to Mallory');
  await sayBody('read', { messages: [withBen, his, randomBytes(16)] });
  await sayBody('delivered', { messages: [withBen, his] });
  await settle('after the receipts');
  t.equal(lineOf(ada.client.state, 'Ada to Mallory').delivery.kind, 'read', 'and none is taken back');
  await show(ada.talk);
  for (const device of devices) {
    t.not(lineOf(device.state, 'between Ada and Ben').delivery.kind, 'read', 'Ben has not said so');
  }
  await end();
});

t.test('A28: the server makes no receipt, and takes none back', async (t) => {
  await show(ada.talk);
  // Ben's receipts do not pass; the acknowledgement of his device is all that the server has.
  ada.wire.change = changeDeliveries(() => []);
  await adaWrites(ada.talk, 'read by nobody');
  await ben.client.waitFor('it', (state) => textsOf(state).includes('read by nobody'));
  await ben.client.commands.markRead(ben.talk, lineOf(ben.client.state, 'read by nobody').order);
  for (const each of ada.wire.delivered.slice(0, 20)) ada.wire.tell({ ...each, id: randomBytes(16) });
  await ada.client.client.background.settled();
  t.equal(lineOf(ada.client.state, 'read by nobody').delivery.kind, 'sent');
  ada.wire.behave();
  ada.wire.hangUp();
  await ada.client.waitFor('his own word', (state) => {
    const { kind } = lineOf(state, 'read by nobody').delivery;
    return kind === 'delivered' || kind === 'read';
  });
  await end();
});

t.test('A29: typing is what an accepted person says inside the encryption, and ends by itself', async (t) => {
  await show(ada.talk);
  // Typing does not overtake a message.
  await ben.client.waitFor('all sent', (state) =>
    linesOf(state).every(({ delivery }) => delivery.kind !== 'sending'),
  );
  await ben.client.commands.setTyping(ben.talk, true);
  await ada.client.waitFor('typing', ({ open }) => open?.typing === true);
  await ben.client.commands.setTyping(ben.talk, false);
  await ada.client.waitFor('no more', ({ open }) => open?.typing === false);
  // What is repeated, and what somebody else says, is not Ben's typing.
  for (const frame of ada.wire.delivered.slice(-4)) ada.wire.tell({ ...frame, id: randomBytes(16) });
  await sayBody('typing', { on: true });
  await ben.client.commands.sendText(ben.talk, 'done typing');
  const said = await ada.client.waitFor('the text', (state) => textsOf(state).includes('done typing'));
  t.equal(said.open?.typing, false);
  await ben.client.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind !== 'sending');
  await ben.client.commands.setTyping(ben.talk, true);
  await ada.client.waitFor('typing again', ({ open }) => open?.typing === true);
  await ben.client.commands.sendText(ben.talk, 'a message ends it');
  const state = await ada.client.waitFor('it', (now) => textsOf(now).includes('a message ends it'));
  t.equal(state.open?.typing, false);
  await end();
});

t.test('A30: a contact can change his own messages and nobody else’s, in no conversation', async (t) => {
  await show(toMallory);
  const said = await malloryWrites('I am Mallory');
  const adas = await adaWrites(toMallory, 'Ada’s own words');
  const bens = idBytes(ada.talk);
  for (const message of [adas, withBen]) {
    await sayBody('edit', { message, revision: 9, text: 'Mallory wrote this' });
    await sayBody('delete', { message });
    await sayBody('sync', { what: 'removed', account: bens, messages: [{ author: me, message }] });
    const copy = { what: 'sent', account: bens, sentAt: Date.now() };
    await sayBody('sync', { ...copy, id: randomBytes(16), kind: 'delete', body: encodeCbor({ message }) });
    const words = encodeCbor({ text: 'Ada never said this' });
    await sayBody('sync', { ...copy, id: randomBytes(16), kind: 'text', body: words });
  }
  await sayBody('sync', { what: 'record-key', key: randomBytes(32) });
  await sayBody('sync', { what: 'passphrase' });
  await sayBody('reaction', { author: me, message: withBen, emoji: '🎉', revision: 1 });
  await sayBody('reaction', { author: bens, message: withBen, emoji: '🎉', revision: 1 });
  await settle('after the lies');
  for (const device of devices) {
    const texts = textsOf(device.state);
    t.ok(['I am Mallory', 'Ada’s own words'].every((words) => texts.includes(words)));
    t.notOk(texts.includes('Mallory wrote this') || texts.includes('Ada never said this'));
    t.ok(linesOf(device.state).every((line) => line.editedAt === undefined && line.reactions === undefined));
    t.ok(linesOf(device.state).every((line) => line.deletedAt === undefined));
  }
  await show(ada.talk);
  for (const device of devices) {
    t.ok(textsOf(device.state).includes('between Ada and Ben'));
    t.notOk(textsOf(device.state).includes('Ada never said this'));
    t.ok(linesOf(device.state).every((line) => line.deletedAt === undefined && line.reactions === undefined));
  }
  t.ok(textsOf(ben.client.state).includes('between Ada and Ben'));

  await show(toMallory);
  await sayBody('reaction', { author: me, message: adas, emoji: '🎉', revision: 1 });
  await sayBody('edit', { message: said, revision: 1, text: 'I am still Mallory' });
  await settle('after the truth');
  for (const device of devices) {
    t.ok(textsOf(device.state).includes('I am still Mallory'), 'what is his he may change');
    t.strictSame(lineOf(device.state, 'Ada’s own words').reactions, [{ emoji: '🎉', mine: false }]);
  }
  await end();
});

t.test(
  'A31: the highest revision of an edit stands on every device, whatever order the edits come in',
  async (t) => {
    await show(toMallory);
    const said = await malloryWrites('the zeroth');
    for (const [revision, text] of [
      [3, 'the third'],
      [1, 'the first'],
      [2, 'the second'],
    ] as const) {
      await sayBody('edit', { message: said, revision, text });
    }
    const early = randomBytes(16);
    await sayBody('edit', { message: early, revision: 2, text: 'known before it was said' });
    await sayBody('edit', { message: early, revision: 1, text: 'older' });
    await sayBody('text', { text: 'the original' }, early);
    const gone = randomBytes(16);
    await sayBody('delete', { message: gone });
    await sayBody('edit', { message: gone, revision: 1, text: 'words that must not be' });
    await sayBody('text', { text: 'words that must not be' }, gone);
    await settle('the end of A31');
    for (const device of devices) {
      t.strictSame(textsOf(device.state).slice(-4), [
        'the third',
        'known before it was said',
        '',
        'the end of A31',
      ]);
      for (const words of ['words that must not be', 'the original'])
        t.notOk(await holdsText(device.ports, words), words);
    }
    await end();
  },
);

t.test(
  'A31: the server swaps the envelopes of two edits, and the later one stands on both sides',
  async (t) => {
    await show(ada.talk);
    await adaWrites(ada.talk, 'the zeroth');
    const { id } = lineOf(ada.client.state, 'the zeroth');
    await ben.client.waitFor('it', (state) => textsOf(state).includes('the zeroth'));
    const held: Parameters<Parameters<typeof changeDeliveries>[0]>[0][] = [];
    ben.wire.change = changeDeliveries((frame) => {
      held.push(frame);
      return [];
    });
    for (const text of ['edited once', 'edited twice'])
      await ada.client.commands.editMessage(ada.talk, id, text);
    await ben.wire.when('both edits', () => held.length >= 2);
    ben.wire.change = undefined;
    for (const frame of held.toReversed()) ben.wire.tell(frame);
    await ada.client.commands.sendText(ada.talk, 'after the edits');
    await ben.client.waitFor('the end', (state) => textsOf(state).includes('after the edits'));
    await ben.client.waitFor('no gap', (state) => !eventsOf(state).includes('gap'));
    for (const { client } of [ada, ben]) {
      t.ok(textsOf(client.state).includes('edited twice'));
      t.notOk(textsOf(client.state).includes('edited once'));
    }
    await end();
  },
);

t.test('A32: no message outlives the shorter timer, and no made-up number holds the timer', async (t) => {
  await show(toMallory);
  await ada.client.commands.setTimer(toMallory, 3_600);
  for (const device of [phone, mallory.client])
    await device.waitFor('the timer', (state) => state.open?.timer === 3_600);
  await sayBody('text', { text: 'without a timer' });
  await sayBody('text', { text: 'a longer one', timer: { seconds: 86_400, revision: 1 } });
  await sayBody('text', { text: 'a shorter one', timer: { seconds: 1_800, revision: 1 } });
  const jump = { seconds: 0, revision: 3 + TIMER_REVISION_STEP };
  await sayBody('text', { text: 'a jump', timer: jump });
  await sayBody('timer', { seconds: 0, revision: Number.MAX_SAFE_INTEGER });
  await sayBody('text', { text: 'the end of the timers' });
  for (const device of devices) {
    await device.waitFor('the end', (state) => textsOf(state).includes('the end of the timers'));
    const timers = linesOf(device.state).map(({ text, timer }) => [text, timer]);
    t.strictSame(timers.slice(-5), [
      ['without a timer', 3_600],
      ['a longer one', 3_600],
      ['a shorter one', 1_800],
      ['a jump', 1_800],
      ['the end of the timers', 1_800],
    ]);
    t.equal(device.state.open?.timer, 1_800, 'of one revision the shorter is in force');
  }
  await sayBody('timer', { seconds: 0, revision: 2 });
  for (const device of devices) {
    await device.waitFor('an honest change', (state) => state.open?.timer === 0);
    const told = (device.state.open?.lines ?? []).flatMap((line) =>
      line.kind === 'event' && line.event.what === 'timer' ? [line.event] : [],
    );
    t.strictSame(
      told,
      [
        { what: 'timer', seconds: 3_600, mine: true },
        { what: 'timer', seconds: 1_800, mine: false },
        { what: 'timer', seconds: 0, mine: false },
      ],
      'every change is a line',
    );
  }
  await end();
});

t.test('A32: a timer whose own content is withheld comes with the next message', async (t) => {
  await show(ada.talk);
  let withheld = 0;
  ben.wire.change = changeDeliveries(() => {
    withheld += 1;
    return [];
  });
  await ada.client.commands.setTimer(ada.talk, 60);
  await ben.wire.when('it', () => withheld > 0);
  ben.wire.change = undefined;
  await ada.client.commands.sendText(ada.talk, 'short-lived');
  await ben.client.waitFor('the message', (state) => textsOf(state).includes('short-lived'));
  t.equal(ben.client.state.open?.timer, 60);
  t.equal(lineOf(ben.client.state, 'short-lived').timer, 60);
  t.ok(eventsOf(ben.client.state).includes('timer'), 'and the change is shown');
  await end();
});
