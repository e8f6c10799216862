/**
 * Row A67, and what else is said of calls. A contact whose client says of calls what it likes, and somebody on the way of what the two say to each other: nothing rings that should
 * not, no key goes to anybody else, and a call that goes on is not disturbed.
 */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { Call, type Call as CallBody } from '@tacet/protocol/content/call';
import { CallJoin } from '@tacet/protocol/content/call-join';
import { idBytes, idOf, type CallId } from '@tacet/protocol/ids';
import { keyFrom, openCallJoin, sealCallJoin, type CallSecret } from '@tacet/crypto/vault';
import { makeLyingEngine } from '../support/lying-engine.ts';
import { idFor, linesOf, openTestClient, openWith, signIn, signUp, textsOf } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';
import {
  callIs,
  callLines,
  endOf,
  hangUp,
  hasCallLines,
  haveCall,
  isSeen,
  makeCallPair,
  takeCall,
} from '../support/make-call.ts';
import { needsStore } from './scene.ts';

t.setTimeout(300_000);

type Ring = Extract<CallBody, { readonly what: 'ring' }>;

/** Ada, and Ben whose client says what a test makes of it. */
async function openLiar(t: Test, url: string) {
  const liar = makeLyingEngine();
  const pair = await makeCallPair(t, url, { bens: { engine: liar.engine } });
  const { ada, ben, toAda } = pair;
  let said = 0;

  /** Says something of a call; resolves when Ada has worked it off. */
  async function say(...bodies: readonly CallBody[]): Promise<void> {
    for (const body of bodies) {
      liar.lie = (honest) => ({ ...honest, id: randomBytes(16), kind: 'call', body: encodeCbor(body) });
      await ben.commands.sendText(toAda, 'a lie');
      await ben.waitFor('it left', (state) => linesOf(state).at(-1)?.delivery.kind !== 'sending');
    }
    liar.lie = undefined;
    said += 1;
    const words = `honest ${said}`;
    await ben.commands.sendText(toAda, words);
    await ada.waitFor(words, (state) => textsOf(state).includes(words));
    await ada.client.background.settled();
  }

  /** What his core makes of a call that it never sends: a ring whose join holds. */
  async function makeRing(): Promise<Ring> {
    let ring: Ring | undefined;
    const key = idFor(`ring ${randomBytes(4).toString('hex')}`);
    liar.lieOfCall = (honest) => {
      const body = parseCbor(Call, honest.body);
      if (body.what === 'ring') ring = body;
      return { ...honest, kind: 'typing', body: encodeCbor({ on: false }) };
    };
    await ben.keyed(key).startCall(toAda, 'audio');
    while (ring === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    await hangUp(ben);
    await callIs(ben, 'over');
    await ben.client.background.settled();
    await ben.commands.seeCallEnd();
    liar.lieOfCall = undefined;
    return ring;
  }
  return { ...pair, liar, say, makeRing };
}

/** A ring with another join. */
function withJoin(ring: Ring, change: (join: CallJoin) => CallJoin): Ring {
  const secret = keyFrom<CallSecret>(ring.secret);
  const join = parseCbor(CallJoin, openCallJoin(secret, ring.call, ring.join));
  return { ...ring, join: new Uint8Array(sealCallJoin(secret, ring.call, encodeCbor(change(join)))) };
}

t.test(
  'A67: a ring whose join the device has not signed for this call does not ring',
  needsStore,
  async (t) => {
    await using server = await openTestServer();
    const { ada, toBen, say, makeRing } = await openLiar(t, server.url);
    const ring = await makeRing();
    await say(
      withJoin(ring, (join) => ({ ...join, signature: join.signature.with(3, join.signature[3]! ^ 1) })),
      withJoin(ring, (join) => ({ ...join, device: new Uint8Array(randomBytes(16)) })),
      withJoin(ring, (join) => ({ ...join, account: idBytes(toBen).with(0, 1) })),
      { ...ring, call: new Uint8Array(randomBytes(16)) },
      { ...ring, join: ring.join.with(50, ring.join[50]! ^ 1) },
      { ...ring, secret: new Uint8Array(randomBytes(32)) },
    );
    t.equal(ada.state.call, undefined);
    t.same(callLines(ada), [], 'nor is it missed');
    await say(ring);
    t.match(ada.state.call, { phase: { kind: 'ringing' } }, 'the honest one rings');
  },
);

t.test(
  'A67: a ring that its end overtakes does not ring, nor one that comes again, nor a seventh in a minute',
  needsStore,
  async (t) => {
    await using server = await openTestServer();
    const { ada, say, makeRing } = await openLiar(t, server.url);
    const ring = await makeRing();
    await say({ what: 'end', call: ring.call, why: 'cancelled' }, ring);
    t.equal(ada.state.call, undefined);
    t.match(await hasCallLines(ada, 1), [{ outcome: 'missed', mine: false }]);
    await say(ring);
    t.equal(ada.state.call, undefined, 'it comes again');
    const more: Ring[] = [];
    for (let i = 0; i < 7; i += 1) more.push(await makeRing());
    for (const each of more) await say(each, { what: 'end', call: each.call, why: 'cancelled' });
    t.equal((await hasCallLines(ada, 6)).length, 6, 'the first of a minute ring or are missed, and no more');
  },
);

t.test(
  'A67: what is said of a call in a wrong order, or about another one, changes nothing',
  needsStore,
  async (t) => {
    await using server = await openTestServer();
    const pair = await openLiar(t, server.url);
    const { ada, adas, bens, say, makeRing } = pair;
    const foreign = await makeRing();
    const id = new Uint8Array(randomBytes(16));
    const nonce = new Uint8Array(randomBytes(32));
    const wild = (call: Uint8Array): readonly CallBody[] => [
      { what: 'heard', call },
      { what: 'accept', call, media: 'audio', join: foreign.join, nonce },
      { what: 'chosen', call, device: id, nonce },
      { what: 'candidates', call, lines: Array.from({ length: 32 }, () => 'x'.repeat(512)) },
      { what: 'again', call, round: 1, offer: 'v=0' },
      { what: 'answered', call, round: 1, answer: 'v=0' },
      { what: 'relayed', call },
    ];
    await say(...wild(id));
    t.equal(ada.state.call, undefined);
    await haveCall(pair);
    await say(...wild(id), { what: 'end', call: id, why: 'hung-up' });
    await isSeen(adas, bens, 'still there');
    t.equal(ada.state.call?.phase.kind, 'talking');
    // About the very call: a caller answers no offers, and takes no answer that was not asked for.
    const call = idBytes(ada.state.call?.id ?? idOf<CallId>(id));
    const asked = adas.asked.length;
    await say(
      { what: 'again', call, round: 1, offer: 'v=0' },
      { what: 'answered', call, round: 1, answer: 'v=0' },
      { what: 'accept', call, media: 'audio', join: foreign.join, nonce },
      { what: 'chosen', call, device: id, nonce },
    );
    t.equal(adas.asked.length, asked, 'the window was asked nothing');
    await isSeen(adas, bens, 'and still');
    t.same(callLines(ada), []);
  },
);

t.test(
  'A67: only the device in the call ends it: no other of the same person’s, and nobody else',
  needsStore,
  async (t) => {
    await using server = await openTestServer();
    const liar = makeLyingEngine();
    const pair = await makeCallPair(t, server.url);
    const { ada, adas, bens, bensPassphrase } = pair;
    await using other = openTestClient({ url: server.url, engine: liar.engine });
    await signIn(other, 'ben', bensPassphrase);
    const toAda = await openWith(other, 'Ada');
    await haveCall(pair);
    const call = idBytes((await callIs(ada, 'talking')).id);
    const asked = adas.asked.length;
    for (const body of [
      { what: 'end', call, why: 'hung-up' },
      { what: 'relayed', call },
      { what: 'candidates', call, lines: ['candidate:foreign'] },
    ] satisfies readonly CallBody[]) {
      liar.lie = (honest) => ({ ...honest, id: randomBytes(16), kind: 'call', body: encodeCbor(body) });
      await other.commands.sendText(toAda, 'a lie');
      await other.waitFor('it left', (state) => linesOf(state).at(-1)?.delivery.kind !== 'sending');
    }
    liar.lie = undefined;
    await other.commands.sendText(toAda, 'honest');
    await ada.waitFor('honest', (state) => textsOf(state).includes('honest'));
    const stranger = makeLyingEngine();
    await using carol = openTestClient({ url: server.url, engine: stranger.engine });
    await signUp(carol, 'carol', (await ada.commands.makeInvite()).link);
    const carolsTalk = await openWith(carol, 'Ada');
    for (const why of ['hung-up', 'elsewhere', 'cancelled'] as const) {
      const body = { what: 'end', call, why } satisfies CallBody;
      stranger.lie = (honest) => ({ ...honest, id: randomBytes(16), kind: 'call', body: encodeCbor(body) });
      await carol.commands.sendText(carolsTalk, 'a lie');
      await carol.waitFor('it left', (state) => linesOf(state).at(-1)?.delivery.kind !== 'sending');
    }
    await openWith(ada, 'Carol');
    stranger.lie = undefined;
    await carol.commands.sendText(carolsTalk, 'honest too');
    await ada.waitFor('honest too', (state) => textsOf(state).includes('honest too'));
    await isSeen(adas, bens, 'still there');
    t.equal(ada.state.call?.phase.kind, 'talking');
    t.equal(adas.asked.length, asked);
    t.notOk(adas.latest?.candidates.some((line) => line.includes('foreign')));
  },
);

t.test('a nonce other than the one that the ring promised ends the call', needsStore, async (t) => {
  await using server = await openTestServer();
  const { ada, ben, liar, toAda } = await openLiar(t, server.url);
  liar.lieOfCall = (honest) => {
    const body = parseCbor(Call, honest.body);
    if (body.what !== 'chosen') return honest;
    return { ...honest, body: encodeCbor({ ...body, nonce: new Uint8Array(randomBytes(32)) }) };
  };
  await ben.commands.startCall(toAda, 'audio');
  await callIs(ada, 'ringing');
  await takeCall(ada);
  t.equal(await endOf(ada), 'failed');
  t.equal(ada.state.call?.code, undefined);
});

t.test(
  'what is carried between the two counts once, unchanged and from the other side alone',
  needsStore,
  async (t) => {
    await using server = await openTestServer();
    const pair = await makeCallPair(t, server.url);
    const { ada, adas, bens } = pair;
    await haveCall(pair);
    await isSeen(bens, adas, 'first');
    const connection = adas.latest?.connection ?? 0;
    const keys = (): number => adas.media.filter(({ kind }) => kind === 'add-key').length;
    const known = keys();
    t.equal(known, 4, 'a key for each purpose');
    const hear = (bytes: Uint8Array): void => adas.tell({ kind: 'said', connection, bytes });
    for (const bytes of bens.carried) {
      hear(bytes);
      hear(bytes.with(-1, bytes.at(-1)! ^ 1));
      hear(bytes.subarray(0, bytes.length >> 1));
    }
    for (const bytes of adas.carried) hear(bytes);
    for (let i = 0; i < 300; i += 1) hear(new Uint8Array(randomBytes(1 + i)));
    hear(new Uint8Array(20_000).fill(3));
    await isSeen(bens, adas, 'second');
    await isSeen(adas, bens, 'third');
    t.equal(keys(), known, 'no key came of it');
    adas.tell({ kind: 'on', microphone: true, camera: true, screen: false });
    await callIs(pair.ben, 'talking', ({ theirs }) => theirs.camera);
    bens.tell({ kind: 'on', microphone: false, camera: true, screen: true });
    await callIs(ada, 'talking', ({ theirs }) => theirs.screen);
  },
);
