/**
 * Ciphertexts that are not what they say, counters that jump, and requests for repair without end, by a server that passes on what it made
 * up and by a contact whose sessions are real. Rows A25 to A27.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { DecryptionErrorMessage, PlaintextContent, type SessionRecord } from '@tacet/crypto';
import type { Line, ViewState } from '@tacet/client/core/view';
import { equalBytes } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { ServerFrame } from '@tacet/protocol/frames/server';
import { MAX_FORWARD_JUMPS, MAX_SKIPPED_KEYS } from '../../crypto/consts.ts';
import type { SessionState } from '../../crypto/session/state.ts';
import { forgeOn } from '../support/forge.ts';
import { changeDeliveries, holdFrames, type ClientFrame } from '../support/hostile-wire.ts';
import { flipped, type Ciphertext } from '../support/lying-engine.ts';
import { eventsOf, haveReceiptsLeft, openWith, readShown, textsOf } from '../support/make-client.ts';
import { openMallory } from './mallory.ts';
import { openScene } from './scene.ts';

t.setTimeout(600_000);

const DAY_MS = 24 * 60 * 60_000;
/** What is asked, answered and begun anew for one person on a day. */
const PER_DAY = 20;

const PREKEY_MESSAGE = 3;

let skew = 0;
const clock = { skewMs: (): number => skew };
const scene = await openScene({ adas: clock, bens: clock });
t.teardown(() => scene.close());
const { ada, ben } = scene;
const mallory = await openMallory(scene, clock);
t.teardown(() => mallory.client.close());
// What is sent is what a test sends, and no word of what was read.
for (const { client } of [ada, ben, mallory]) await client.commands.setPrivacy({ readReceipts: false });
// What is counted by the day is counted within one.
skew = DAY_MS - (Date.now() % DAY_MS);
const { toMallory } = mallory;

/** Envelopes that gave nothing, as Ada's settings show them. */
async function faults(): Promise<number> {
  const { unopened, unproven } = await ada.client.commands.readFaults();
  return unopened + unproven;
}

/** All lines of the conversation with Mallory: a view keeps a window of them. */
async function allLines(): Promise<readonly Line[]> {
  const { commands } = ada.client;
  const lines = new Map<number, Line>();
  const note = (): void => {
    for (const line of ada.client.state.open?.lines ?? []) lines.set(line.order, line);
  };
  for (note(); ada.client.state.open?.hasLater === true; note()) await commands.loadLater(toMallory);
  await readShown(ada.client);
  for (note(); ada.client.state.open?.hasEarlier === true; note()) await commands.loadEarlier(toMallory);
  await commands.openConversation(toMallory);
  return [...lines.values()];
}

/** Its messages, deleted ones too. */
async function messages(): Promise<number> {
  return (await allLines()).filter(({ kind }) => kind === 'message').length;
}

/** Its lines about what could not be read; `asked`: of those, what was asked for again. */
async function unreadable(asked: boolean): Promise<number> {
  const events = (await allLines()).flatMap((line) => (line.kind === 'event' ? [line.event] : []));
  return events.filter((event) => event.what === 'unreadable' && (event.asked ?? false) === asked).length;
}

/** Whether everything that is shown could be read in the end. */
function isMended({ open }: ViewState): boolean {
  const events = (open?.lines ?? []).flatMap((line) => (line.kind === 'event' ? [line.event] : []));
  return !events.some(
    (event) => event.what === 'gap' || (event.what === 'unreadable' && event.asked === true),
  );
}

/** How often a session with Mallory was begun anew today, as the contact's page says it. */
function renewals(): number {
  const { person } = ada.client.state.conversations.find(({ id }) => id === toMallory) ?? {};
  return person?.renewals ?? 0;
}

/**
 * Mallory asks for something and names the very ratchet key that Ada writes under: on his chain as it was before he heard of that key, as
 * an honest one would step hers. Gives whether her answer, that there is nothing, begins a session.
 */
async function beginsAnew(words: string): Promise<boolean> {
  await done(`${words}: before`);
  const held = holdFrames(ada.wire);
  let before: SessionState | undefined;
  await mallory.exchange((honest, session) => {
    before = currentOf(session);
    return honest;
  });
  await ada.client.commands.sendText(toMallory, words);
  await mallory.client.waitFor(words, (state) => textsOf(state).includes(words));
  const named = mallory.liar.heard.findLast(({ kind }) => kind === 'text')?.ratchetKey;
  mallory.liar.lie = (honest) => {
    const body = encodeCbor({ what: 'envelope', envelope: randomBytes(16), ratchetKey: named });
    return { ...honest, kind: 'retry', body };
  };
  // His next word is the request and nothing else: a receipt would step her ratchet before she reads it.
  await haveReceiptsLeft(mallory.client);
  const { length } = mallory.wire.said;
  await mallory.exchange((_honest, _session, plaintext) => {
    if (before === undefined) throw new Error('nothing was said before');
    return { type: 2, bytes: forgeOn(before, plaintext, {}) };
  });
  mallory.liar.lie = undefined;
  const sent = mallory.wire.said.slice(length).flatMap((frame) => (frame.kind === 'send' ? frame.to : []));
  const isRequest = (frame: ServerFrame): boolean =>
    frame.kind === 'deliver' &&
    sent.some(({ envelope }) => envelope !== undefined && equalBytes(envelope.id, frame.id));
  await ada.wire.when('the request', () => held.frames.some(isRequest));
  const from = mallory.liar.heard.length;
  // What the request is a copy of comes another time.
  held.release((frames) => frames.filter(isRequest));
  const answer = () => mallory.liar.heard.slice(from).find(({ kind }) => kind === 'retry');
  while (answer() === undefined) await delay(20);
  return answer()?.type === PREKEY_MESSAGE;
}

/** Frames that Ada has sent to others. */
function sends(): readonly ClientFrame[] {
  return ada.wire.said.filter((frame): frame is ClientFrame => frame.kind === 'send');
}

/** Everything that Ada does on what was said to her has been done. */
async function done(words: string): Promise<void> {
  await mallory.settle(words);
  await ada.client.client.background.settled();
}

/** Bytes of a stored row, sealed as it lies on the disk. */
function storedBytes(row: unknown): number {
  const value = typeof row === 'object' && row !== null && 'value' in row ? row.value : undefined;
  return value instanceof Uint8Array ? value.length : 0;
}

function currentOf(session: SessionRecord): SessionState {
  const state = session._current();
  if (state === undefined) throw new Error('no session');
  return state;
}

/** A row ends in the conversation with Ben; with Mallory it goes on too. */
async function end(t: Test): Promise<void> {
  await ada.client.commands.sendText(toMallory, `to Mallory ${skew}`);
  await mallory.client.waitFor('it', (state) => textsOf(state).includes(`to Mallory ${skew}`));
  await readShown(ada.client);
  await openWith(ada.client, ben.name);
  t.notOk(
    eventsOf(ada.client.state).some((what) => what !== 'invite-accepted'),
    'nothing is shown to Ben’s charge',
  );
  await scene.stillTalk();
  for (const { client } of [ada, ben, mallory]) await readShown(client);
  await openWith(ada.client, mallory.name);
  skew += DAY_MS;
}

t.test('A25: plaintext and a group’s ciphertext are refused and counted, whatever they hold', async (t) => {
  await ada.client.commands.sendText(toMallory, 'something heard');
  await mallory.client.waitFor('it', (state) => textsOf(state).includes('something heard'));
  const { type, bytes } = mallory.liar.heard.at(-1)!;
  const asked = DecryptionErrorMessage.forOriginal(bytes, type === 3 ? 3 : 2, Date.now(), 1);
  const plain = PlaintextContent.from(asked).serialize();
  const exchanges: readonly ((honest: Ciphertext, plaintext: Uint8Array) => Ciphertext)[] = [
    // libsignal's request to send again, in clear: it would end a session and bring words back.
    () => ({ type: 8, bytes: plain }),
    (_honest, plaintext) => ({ type: 8, bytes: Uint8Array.of(0xc0, ...plaintext, 0x80) }),
    (honest) => ({ type: 7, bytes: honest.bytes }),
    (_honest, plaintext) => ({ type: 7, bytes: plaintext }),
  ];
  const lost = await faults();
  const { length: sent } = sends();
  for (const exchange of exchanges) {
    await mallory.exchange((honest, _session, plaintext) => exchange(honest, plaintext));
  }
  mallory.wire.change = changeDeliveries(() => []);
  await done('after the types');
  t.equal(await faults(), lost + exchanges.length, 'each is counted');
  t.notOk(
    textsOf(ada.client.state).some((text) => text.startsWith('honest')),
    'and not one is shown',
  );
  t.ok(eventsOf(ada.client.state).includes('gap'), 'that something did not come is');
  const answered = sends().slice(sent);
  t.ok(answered.length <= 2, 'a receipt, and one request for what is missing');
  mallory.wire.behave();
  mallory.wire.hangUp();
  await ada.client.waitFor('what is missing', isMended);
  await end(t);
});

t.test(
  'A25: a first message as an ordinary one and the other way round, or anything else in its place, is not read',
  async (t) => {
    const exchanges: readonly ((honest: Ciphertext) => Ciphertext)[] = [
      ({ type, bytes }) => ({ type: type === 2 ? 3 : 2, bytes }),
      ({ type }) => ({ type, bytes: new Uint8Array(0) }),
      ({ type }) => ({ type, bytes: new Uint8Array(randomBytes(300)) }),
      ({ type, bytes }) => ({ type, bytes: bytes.subarray(0, 40) }),
    ];
    for (const exchange of exchanges) {
      const before = mallory.liar.heard.length;
      await mallory.exchange((honest) => exchange(honest));
      await mallory.wire.when('he is asked for it', () =>
        mallory.liar.heard.slice(before).some(({ kind }) => kind === 'retry'),
      );
    }
    await done('after the mixtures');
    await ada.client.waitFor('all of it by repair', isMended);
    await end(t);
  },
);

t.test(
  'A25: a body of one kind under another kind’s name, or under no kind’s, is never taken for what it is not',
  async (t) => {
    const texts = await messages();
    const before = await unreadable(false);
    const bodies: readonly (readonly [string, unknown])[] = [
      ['text', { on: true }],
      ['text', { text: 5 }],
      ['text', { text: 'with more', author: randomBytes(16) }],
      ['retry', { text: 'a text' }],
      ['delete', { message: randomBytes(16), revision: 1, text: 'an edit' }],
      ['typing', { messages: [randomBytes(16)] }],
      ['profile', { text: 'a text' }],
    ];
    for (const [kind, body] of bodies) await mallory.sayBody(kind, body);
    await mallory.say((honest) => ({ ...honest, body: Uint8Array.of(0xff, 0xff) }));
    await mallory.say((honest) => ({ ...honest, kind: 'constructor' }));
    await mallory.say((honest) => ({ ...honest, kind: 'has-own-property' }));
    await mallory.say((honest) => ({ ...honest, v: 200 }));
    await done('after the kinds');
    t.equal(await messages(), texts + 1, 'nothing but what was said at the end is shown');
    t.equal((await unreadable(false)) - before, bodies.length + 1, 'each says that it could not be read');
    t.equal(renewals(), 0, 'and nothing is begun anew for it');
    const newer = eventsOf(ada.client.state).filter((what) => what === 'newer-version');
    t.equal(newer.length, 3, 'or that it is of a version to come');
    t.strictSame(ada.client.client.background.failures, []);
    await end(t);
  },
);

t.test(
  'A26: a counter far ahead is not followed, and one less far leaves no more behind than is bounded',
  async (t) => {
    const at = (session: SessionRecord, plaintext: Uint8Array, ahead: number): Ciphertext => ({
      type: 2,
      bytes: forgeOn(currentOf(session), plaintext, { ahead }),
    });
    /** Bytes of the largest session that Ada keeps. */
    const size = (): number => {
      const rows =
        ada.client.ports.disk.databases.get('tacet')?.get('sessions') ?? new Map<string, unknown>();
      return Math.max(...[...rows.values()].map((row) => storedBytes(row)));
    };
    const before = mallory.liar.heard.length;
    await mallory.exchange((_honest, session, plaintext) => at(session, plaintext, MAX_FORWARD_JUMPS + 1));
    await mallory.wire.when('she asks for it', () =>
      mallory.liar.heard.slice(before).some(({ kind }) => kind === 'retry'),
    );
    await done('after the far one');
    await ada.client.waitFor('the repair', isMended);
    const small = size();

    // On a chain of its own, which her next word ends.
    await ada.client.commands.sendText(toMallory, 'before the leap');
    await mallory.client.waitFor('it', (state) => textsOf(state).includes('before the leap'));
    mallory.liar.lie = (honest) => ({ ...honest, body: encodeCbor({ text: 'a leap' }) });
    await mallory.exchange((_honest, session, plaintext) => at(session, plaintext, 3 * MAX_SKIPPED_KEYS));
    mallory.liar.lie = undefined;
    await ada.client.waitFor('the leap', (state) => textsOf(state).includes('a leap'));
    const large = size();
    t.ok(large > small, 'keys of what was passed over are kept');
    t.ok(large - small < 50 * MAX_SKIPPED_KEYS, `at most ${MAX_SKIPPED_KEYS} of them: ${large} bytes`);
    await end(t);
  },
);

t.test(
  'A27: what cannot be read is asked for a few times a day and then counted, and comes when it is asked for again',
  async (t) => {
    const lost = await faults();
    const { length: sent } = sends();
    // He hears nothing: no request of hers is answered.
    mallory.wire.change = changeDeliveries(() => []);
    for (let i = 0; i < PER_DAY + 8; i += 1) {
      await mallory.exchange(flipped);
    }
    await done('after the storm');
    t.equal(await unreadable(true), PER_DAY, 'so many lines');
    t.equal(renewals(), PER_DAY, 'and the page of the contact says how often');
    t.ok((await faults()) >= lost + 8, 'and the rest is a number');
    t.ok(sends().length - sent <= PER_DAY + 4, 'a request for each line, and receipts');
    skew += DAY_MS;
    mallory.wire.behave();
    mallory.wire.hangUp();
    await mallory.settle('the next day');
    await ada.client.waitFor('all of it by repair', isMended);
    t.equal(await unreadable(true), 0);
    await end(t);
  },
);

t.test(
  'A27: what is asked for again and again is sent three times, and that there is nothing is said a few times a day',
  async (t) => {
    await ada.client.commands.sendText(toMallory, 'asked for often');
    await mallory.client.waitFor('it', (state) => textsOf(state).includes('asked for often'));
    const envelope = mallory.wire.delivered.at(-1)!.id;
    const from = mallory.liar.heard.length;
    for (let i = 0; i < 8; i += 1) {
      await mallory.sayBody('retry', { what: 'envelope', envelope });
    }
    for (let i = 0; i < PER_DAY + 8; i += 1) {
      await mallory.sayBody('retry', { what: 'envelope', envelope: randomBytes(16) });
    }
    await done('after the requests');
    await ada.client.commands.sendText(toMallory, 'after the answers');
    await mallory.client.waitFor('it', (state) => textsOf(state).includes('after the answers'));
    const heard = mallory.liar.heard.slice(from);
    t.equal(heard.filter(({ isRepair }) => isRepair).length, 3);
    t.equal(heard.filter(({ kind }) => kind === 'retry').length, PER_DAY);
    t.equal(textsOf(mallory.client.state).filter((text) => text === 'asked for often').length, 1);
    await end(t);
  },
);

t.test('A27: a request begins a session anew a few times a day, and no more', async (t) => {
  skew += DAY_MS;
  await done('on a new day');
  const before = renewals();
  t.ok(await beginsAnew('the first of the day'));
  await ada.client.waitFor('that it is counted', () => renewals() > before);

  mallory.wire.change = changeDeliveries(() => []);
  for (let i = renewals(); i < PER_DAY; i += 1) await mallory.exchange(flipped);
  await done('after the storm');
  t.equal(renewals(), PER_DAY);
  mallory.wire.behave();
  mallory.wire.hangUp();
  await mallory.settle('heard again');
  await ada.client.waitFor('all of it by repair', isMended);
  for (let i = 0; i < 3; i += 1) t.notOk(await beginsAnew(`once more ${String(i)}`));
  t.equal(renewals(), PER_DAY);
  await end(t);
});
