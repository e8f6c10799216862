/** Somebody else in the room of a relayed call, who has its secret, or shows the very join of one of the two (row A62). */
import t from 'tap';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { Call, type Call as CallBody } from '@tacet/protocol/content/call';
import { CallJoin } from '@tacet/protocol/content/call-join';
import {
  callRoom,
  keyFrom,
  openCallJoin,
  sealCallJoin,
  sealCallLabel,
  type CallSecret,
} from '@tacet/crypto/vault';
import { openCaller } from '../support/calls-client.ts';
import { makeLyingEngine } from '../support/lying-engine.ts';
import { audioOf, produceRequest } from '../support/sfu-client.ts';
import { callIs, haveCall, isSeen, makeCallPair } from '../support/make-call.ts';
import { openCallServer } from '../support/call-server.ts';
import { needsStore } from './scene.ts';

t.setTimeout(300_000);

t.test(
  'A62: who is in the room without being one of the two is told no key and heard by nobody',
  needsStore,
  async (t) => {
    const { url, sockets } = await openCallServer(t);
    const [hers, his] = [makeLyingEngine(), makeLyingEngine()];
    const pair = await makeCallPair(t, url, { adas: { engine: hers.engine }, bens: { engine: his.engine } });
    const { ada, ben, adas, bens, net } = pair;
    const said: CallBody[] = [];
    for (const engine of [hers, his]) {
      engine.lieOfCall = (honest) => {
        said.push(parseCbor(Call, honest.body));
        return honest;
      };
    }
    net.isDirectOpen = false;
    await haveCall(pair);
    await Promise.all([isSeen(adas, bens, 'from ada'), isSeen(bens, adas, 'from ben')]);
    const ring = said.find((body) => body.what === 'ring');
    const accept = said.find((body) => body.what === 'accept');
    if (ring?.what !== 'ring' || accept?.what !== 'accept') throw new Error('both were said');
    const secret = keyFrom<CallSecret>(ring.secret);
    const { room, key } = callRoom(secret, ring.call);

    const { client: mallory } = await openCaller(sockets);
    const entered = await mallory.join({ room, key }, 'a join of mine');
    t.equal(entered.others.length, 2, 'he sees that two are there');
    // Who has the call's secret can seal joins: one that says what Ben's says, and one with a key of his own in it.
    const honest = parseCbor(CallJoin, openCallJoin(secret, ring.call, accept.join));
    const sealedAnew = [];
    for (const join of [
      honest,
      { ...honest, signature: honest.signature.with(3, honest.signature[3]! ^ 1) },
    ]) {
      const { client } = await openCaller(sockets);
      const { token } = await client.ask('admitted', { kind: 'admit', room, key });
      const sealed = new Uint8Array(sealCallJoin(secret, ring.call, encodeCbor(join)));
      await client.ask('entered', { kind: 'enter', token, join: sealed });
      sealedAnew.push(client);
    }
    await mallory.openTransports();
    const label = new Uint8Array(sealCallLabel(secret, ring.call, 1));
    await mallory.ask('produced', { ...produceRequest('audio', audioOf(4242)), label });
    for (const { participant } of entered.others) {
      await mallory.ask('done', { kind: 'message', to: participant, body: Uint8Array.of(3, 1, 2, 3) });
    }
    adas.tell({ kind: 'on', microphone: true, camera: true, screen: false });
    await callIs(ben, 'talking', ({ theirs }) => theirs.camera);
    for (const { events } of [mallory, ...sealedAnew]) {
      t.same(
        events.filter(({ kind }) => kind === 'message'),
        [],
        'nothing is said to him',
      );
    }
    t.same(adas.asked.filter((each) => each === 'receive audio').length, 1, 'nothing of his is received');
    t.same(bens.asked.filter((each) => each === 'receive audio').length, 1);

    // The media server has seen the joins: whoever shows one is told what only its owner can read.
    const { client: shadow } = await openCaller(sockets);
    const { token } = await shadow.ask('admitted', { kind: 'admit', room, key });
    await shadow.ask('entered', { kind: 'enter', token, join: accept.join });
    for (const word of ['on', 'keys']) {
      const { body } = await shadow.next('message');
      for (const clear of ['keys', 'baseKey', 'microphone'])
        t.notOk(Buffer.from(body).includes(clear), `a ciphertext (${word})`);
    }
    bens.tell({ kind: 'on', microphone: true, camera: false, screen: true });
    await callIs(ada, 'talking', ({ theirs }) => theirs.screen);
    adas.tell({ kind: 'on', microphone: false, camera: false, screen: true });
    await callIs(ben, 'talking', ({ theirs }) => theirs.screen);
    await Promise.all([isSeen(adas, bens, 'still ada'), isSeen(bens, adas, 'still ben')]);
  },
);
