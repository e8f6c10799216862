/** The server drops, reorders and holds back, and says that it has delivered. Rows A19 to A22. */
import t from 'tap';
import type { ConversationId, MessageDetails, ViewState } from '@tacet/client/core/view';
import { equalBytes } from '@tacet/protocol/bytes';
import { RETRY_MAX } from '@tacet/protocol/content/retry';
import { idBytes } from '@tacet/protocol/ids';
import { changeDeliveries, holdFrames } from '../support/hostile-wire.ts';
import { holdsText } from '../support/local-text.ts';
import {
  eventsOf,
  isAllDelivered,
  linesOf,
  openTestClient,
  openWith,
  readAll,
  readShown,
  signIn,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { openScene, type Player } from './scene.ts';

t.setTimeout(600_000);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How far everybody's clock is ahead, and Ben's of that; both only grow, but where a test says so. */
let skew = 0;
let bensSkew = 0;
const [adasClock, bensClock] = [{ skewMs: (): number => skew }, { skewMs: (): number => skew + bensSkew }];
const scene = await openScene({ adas: adasClock, bens: bensClock });
t.teardown(() => scene.close());
const { ada, ben } = scene;
// What passes is what a test sends, and no word of what was read.
for (const { client } of [ada, ben]) await client.commands.setPrivacy({ readReceipts: false });

/** Ada says something, and the server has it. */
async function say(words: string): Promise<void> {
  await ada.client.commands.sendText(ada.talk, words);
  await ada.client.waitFor(`${words}: sent`, (state) => {
    const { kind } = linesOf(state).findLast(({ text }) => text === words)?.delivery ?? {};
    return kind === 'sent' || kind === 'delivered';
  });
}

/** Waits until somebody is shown words, and gives the state. */
function hears({ client }: Player, words: string): Promise<ViewState> {
  return client.waitFor(words, (state) => textsOf(state).includes(words));
}

/** The end of a row; nothing is on its way then, and what passes next is what a test sends. */
async function rest(): Promise<void> {
  await scene.stillTalk();
  for (const { client } of [ada, ben]) {
    await isAllDelivered(client);
    await readShown(client);
  }
}

function countOf({ client }: Player, words: string): number {
  return textsOf(client.state).filter((text) => text === words).length;
}

/** The gap that is shown closes, or has closed. */
async function isWhole({ client }: Player): Promise<void> {
  await client.waitFor('no gap', (state) => !eventsOf(state).includes('gap'));
}

/** Those of the words that are marked as having come late. */
function lateOf({ client }: Player, words: readonly string[]): readonly string[] {
  const late = linesOf(client.state).filter((line) => line.late === true && words.includes(line.text));
  return late.map(({ text }) => text);
}

/** The details of the message with this text in the open conversation. */
async function detailsOf(client: TestClient, id: ConversationId, text: string): Promise<MessageDetails> {
  const line = linesOf(client.state).find((each) => each.text === text);
  if (line === undefined) throw new Error(`no message ${text}`);
  return client.commands.readDetails(id, line.order);
}

t.test('A19: reordered messages all arrive, with a gap between them that closes by itself', async (t) => {
  const words = ['first', 'second', 'third'];
  const held = holdFrames(ben.wire);
  for (const text of words) await say(text);
  await ben.wire.when('all', () => held.frames.length >= words.length);
  const sawGap = ben.client.waitFor('the gap', (state) => eventsOf(state).includes('gap'));
  held.release((frames) => frames.toReversed());
  await sawGap;
  for (const text of words) await hears(ben, text);
  await isWhole(ben);
  for (const text of words) t.equal(countOf(ben, text), 1);
  t.strictSame(lateOf(ben, words).toSorted(), ['first', 'second'], 'what came too late says so');
  await rest();
});

t.test(
  'A20: a dropped message shows as a gap with the next one, is asked for, and closes the gap',
  async (t) => {
    // The server drops the first and says to Ada that it was delivered: it is never acknowledged by Ben.
    let dropped = 0;
    ben.wire.change = changeDeliveries((frame) => (dropped++ === 0 ? [] : [frame]));
    await say('dropped');
    const sawGap = ben.client.waitFor('the gap', (state) => eventsOf(state).includes('gap'));
    await say('after it');
    await sawGap;
    await hears(ben, 'dropped');
    await isWhole(ben);
    for (const text of ['dropped', 'after it']) t.equal(countOf(ben, text), 1);
    t.strictSame(
      lateOf(ben, ['dropped', 'after it']),
      ['dropped'],
      'what was missing says that it came late',
    );
    await rest();
  },
);

t.test(
  'A20: what is missing is asked for again the next day if the repair did not come either',
  async (t) => {
    let seen = 0;
    // The message itself, and what Ada sends when she is asked for it; between them the message that shows the gap.
    ben.wire.change = changeDeliveries((frame) => {
      seen += 1;
      return seen === 1 || seen === 3 ? [] : [frame];
    });
    await say('dropped twice');
    await say('after both');
    await ben.client.waitFor('the gap', (state) => eventsOf(state).includes('gap'));
    await ben.wire.when('the repair is lost', () => seen >= 3);
    await say('soon after');
    await hears(ben, 'soon after');
    t.equal(countOf(ben, 'dropped twice'), 0, 'nobody asks twice on one day');

    skew += 25 * HOUR_MS;
    await say('the next day');
    await hears(ben, 'dropped twice');
    await isWhole(ben);
    await rest();
  },
);

t.test(
  'A20: what cannot be read is asked for again the next day if nothing was said of it, and its line goes',
  async (t) => {
    const words = 'its receipt is not read';
    // A receipt, which has no number to be missed by.
    let receipt: Uint8Array | undefined;
    ben.wire.change = changeDeliveries(({ id }) => {
      receipt ??= id;
      return [];
    });
    await ben.client.commands.sendText(ben.talk, words);
    await ben.wire.when('the receipt', () => receipt !== undefined);
    // It comes when there is no session any more; the answer to what Ben asks for is dropped, and the server told that it came.
    let [hasCome, answers] = [false, 0];
    ben.wire.change = changeDeliveries((frame) => {
      const isReceipt = receipt !== undefined && equalBytes(frame.id, receipt);
      hasCome ||= isReceipt;
      // Before it comes what earlier tests have dropped.
      if (isReceipt || !hasCome) return [frame];
      answers += 1;
      ben.wire.tellServer({ kind: 'acknowledge', envelopes: [frame.id] });
      return [];
    });
    await scene.forgetSessions(ben);
    await ben.client.waitFor('the line', (state) => eventsOf(state).includes('unreadable'));
    await ben.wire.when('the answer is lost', () => answers > 0);
    ben.wire.change = undefined;
    await say('no answer yet');
    t.ok(eventsOf(await hears(ben, 'no answer yet')).includes('unreadable'), 'nobody asks twice on one day');

    skew += 25 * HOUR_MS;
    await say('another day');
    await hears(ben, 'another day');
    const mended = await ben.client.waitFor('no line', (state) => !eventsOf(state).includes('unreadable'));
    // Its receipt never comes.
    const { id, mine } = linesOf(mended).find(({ text }) => text === words)!;
    await ben.client.commands.deleteForMe(ben.talk, [{ id, mine }]);
    await rest();
  },
);

t.test('A20: everything is asked for when more is missing than one request can name', async (t) => {
  // Fewer than the window holds: what is kept back is never acknowledged.
  const words = Array.from({ length: RETRY_MAX + 6 }, (_, i) => `number ${i}`);
  let dropped = 0;
  ben.wire.change = changeDeliveries((frame) => {
    dropped += 1;
    return dropped < words.length ? [] : [frame];
  });
  for (const text of words) await ada.client.commands.sendText(ada.talk, text);
  // In the order in which they are asked for: the newest that one request names, then the others.
  for (const text of [...words.slice(-RETRY_MAX - 1), ...words]) await hears(ben, text);
  await isWhole(ben);
  await readShown(ben.client);
  const shown = (await readAll(ben.client, ben.talk)).map(({ text }) => text);
  await ben.client.commands.openConversation(ben.talk);
  t.strictSame(shown.filter((text) => words.includes(text)).toSorted(), words.toSorted());
  await rest();
});

t.test(
  'a device that was listed while a message was on its way proves its sender without asking anybody',
  async (t) => {
    const { way, wire } = await scene.newWay();
    // The phone can ask nobody about Ada: what is made for it proves her.
    const isAboutAda = (frame: { readonly kind: string }): boolean => {
      const named =
        'account' in frame && frame.account instanceof Uint8Array ? frame.account : new Uint8Array(0);
      return frame.kind === 'fetch-bundles' && Buffer.compare(named, idBytes(ben.talk)) === 0;
    };
    wire.swallow = isAboutAda;
    await using phone = openTestClient({ ...way, ...bensClock });
    await signIn(phone, ben.username, ben.passphrase);
    await openWith(phone, ada.name);
    await say('for a phone as well');
    await phone.waitFor('it', (state) => textsOf(state).includes('for a phone as well'));
    t.notOk(eventsOf(phone.state).includes('gap'));
    t.notOk(wire.said.some(isAboutAda), 'the phone had nothing to look up');
    wire.behave();
    await phone.commands.signOut();
    await rest();
  },
);

t.test('A20: a message for a device that was listed meanwhile is missed when it does not come', async (t) => {
  const { way, wire } = await scene.newWay();
  await using phone = openTestClient({ ...way, ...bensClock });
  await signIn(phone, ben.username, ben.passphrase);
  await openWith(phone, ada.name);
  // What comes first to the phone is what Ada made for it after a mismatch.
  let dropped = 0;
  wire.change = changeDeliveries((frame) => (dropped++ === 0 ? [] : [frame]));
  await say('for both');
  const sawGap = phone.waitFor('the gap', (state) => eventsOf(state).includes('gap'));
  await say('after it, for both');
  await sawGap;
  const repaired = await phone.waitFor('the repair', (state) => textsOf(state).includes('for both'));
  t.strictSame(textsOf(repaired), ['after it, for both', 'for both']);
  await phone.commands.signOut();
  await rest();
});

t.test(
  'A21: what the server dropped is sent again when the other side writes without having read it',
  async (t) => {
    const dropped = new Set<string>();
    let isDropping = true;
    ben.wire.change = changeDeliveries((frame) => {
      const id = Buffer.from(frame.id).toString('hex');
      if (isDropping) dropped.add(id);
      return dropped.has(id) ? [] : [frame];
    });
    const words = ['swallowed one', 'swallowed two', 'swallowed three'];
    for (const text of words) await say(text);
    await ben.wire.when('all of it', () => dropped.size >= words.length);
    isDropping = false;

    // What may still be on its way is not sent again.
    const sends = (): number => ada.wire.said.filter(({ kind }) => kind === 'send').length;
    await ben.client.commands.sendText(ben.talk, 'soon after');
    await hears(ada, 'soon after');
    await ben.client.waitFor('its receipt', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
    await ada.client.client.background.settled();
    const before = sends();
    t.notOk(words.some((text) => textsOf(ben.client.state).includes(text)));

    skew += 11 * MINUTE_MS;
    await ben.client.commands.sendText(ben.talk, 'are you there?');
    for (const text of words) await hears(ben, text);
    t.ok(sends() - before >= words.length, 'sent again by Ada');
    t.notOk(eventsOf(ben.client.state).some((what) => what === 'gap' || what === 'unreadable'));
    for (const text of words) t.equal(countOf(ben, text), 1, text);
    await rest();
    for (const { client } of [ada, ben]) t.strictSame(client.client.background.failures, []);
  },
);

t.test(
  'A21: where a number is gone for good the newest shows it once a day, not with every word',
  async (t) => {
    ben.wire.change = changeDeliveries(() => []);
    await say('taken back');
    const gone = linesOf(ada.client.state).at(-1);
    await ada.client.commands.deleteForEveryone(ada.talk, gone!.id);
    await ada.client.client.background.settled();
    ben.wire.behave();

    /** What Ada sends when Ben, who misses a number, writes to her: a receipt, and perhaps her newest once more. */
    let rounds = 0;
    async function sendsAtAWord(): Promise<number> {
      rounds += 1;
      const [hers, his] = [`from Ada ${rounds}`, `from Ben ${rounds}`];
      await ada.client.commands.sendText(ada.talk, hers);
      await hears(ben, hers);
      // He asks for what is missing: the word to delete comes, the text never does.
      await ben.client.waitFor('all but one', ({ open }) => {
        const gaps = (open?.lines ?? []).filter((line) => line.kind === 'event' && line.event.what === 'gap');
        return (
          gaps.length === 1 &&
          gaps.every((line) => line.kind === 'event' && 'missing' in line.event && line.event.missing === 1)
        );
      });
      await ada.client.waitFor('delivered', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
      skew += 11 * MINUTE_MS;
      const before = ada.wire.said.filter(({ kind }) => kind === 'send').length;
      await ben.client.commands.sendText(ben.talk, his);
      await ben.client.waitFor(
        'its receipt',
        (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered',
      );
      await ada.client.client.background.settled();
      return ada.wire.said.filter(({ kind }) => kind === 'send').length - before;
    }
    t.equal(await sendsAtAWord(), 2, 'the newest again, and a receipt');
    for (let i = 0; i < 3; i += 1) t.equal(await sendsAtAWord(), 1, 'a receipt');
    skew += DAY_MS;
    t.equal(await sendsAtAWord(), 2, 'once more the day after');
    t.equal(await sendsAtAWord(), 1, 'and then no more');
    await scene.stillTalk();
  },
);

t.test(
  'A22: a message that was held back says so; what waited while the device was away does not',
  async (t) => {
    const held = holdFrames(ben.wire);
    await say('held back');
    await ben.wire.when('it', () => held.frames.length > 0);
    skew += 3 * HOUR_MS;
    held.release();
    await say('at once');
    for (const words of ['held back', 'at once']) await hears(ben, words);
    const sent = linesOf(ada.client.state).find(({ text }) => text === 'held back')?.sentAt;
    t.match(await detailsOf(ben.client, ben.talk, 'held back'), {
      delayed: true,
      sentAt: sent,
      reduced: false,
    });
    t.match(await detailsOf(ben.client, ben.talk, 'at once'), { delayed: false });

    await scene.open(ben, async () => {
      await say('waited');
      skew += 4 * HOUR_MS;
    });
    await hears(ben, 'waited');
    t.match(await detailsOf(ben.client, ben.talk, 'waited'), { delayed: false });
    await scene.stillTalk();
  },
);

t.test(
  'A22: a delayed message has its whole time from when it is read, by this device’s clock',
  async (t) => {
    await ada.client.commands.setTimer(ada.talk, 3_600);
    await ben.client.waitFor('the timer', (state) => state.open?.timer === 3_600);
    const held = holdFrames(ben.wire);
    await say('ephemeral words');
    await ben.wire.when('it', () => held.frames.length > 0);
    t.type(
      linesOf(ada.client.state).findLast(({ text }) => text === 'ephemeral words')?.expiresAt,
      'number',
      'the sender’s time runs from the sending',
    );
    bensSkew = 72 * HOUR_MS;
    held.release();
    await hears(ben, 'ephemeral words');
    const line = () => linesOf(ben.client.state).find(({ text }) => text === 'ephemeral words');
    t.equal(line()?.expiresAt, undefined, 'nothing runs before it is read');
    await ben.client.commands.markRead(ben.talk, line()?.order ?? 0);
    const expiresAt = line()?.expiresAt ?? 0;
    const now = ben.client.ports.clock.now();
    t.ok(Math.abs(expiresAt - (now + HOUR_MS)) < MINUTE_MS, 'an hour from now, by Ben’s clock');

    bensSkew = 24 * HOUR_MS;
    await scene.open(ben);
    const again = line()?.expiresAt ?? 0;
    t.ok(
      again <= ben.client.ports.clock.now() + HOUR_MS,
      'a clock set back gives no more than the whole time',
    );
    bensSkew = 26 * HOUR_MS;
    await scene.open(ben);
    t.equal(line(), undefined, 'what ran out while nobody looked is gone at the start');
    t.notOk(await holdsText(ben.client.ports, 'ephemeral words'));
    await scene.stillTalk();
  },
);
