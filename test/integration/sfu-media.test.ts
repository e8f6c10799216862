// Streams through the media server, with its real workers: what one sends arrives at the others byte for byte, also on other workers.

import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { types } from 'mediasoup';
import { LIMITS } from '@tacet/protocol/limits';
import { openWebRtcTransport } from '../../sfu/transport.ts';
import { DirectMedia, openTestSfu } from '../support/open-sfu.ts';
import {
  audioOf,
  consumeRequest,
  makeRoom,
  packet,
  payloadOf,
  produceRequest,
  SfuClient,
  videoOf,
} from '../support/sfu-client.ts';

const PACKETS = 200;

/** Waits until it holds; fails after a generous time. */
async function until(t: Test, what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (holds()) return;
    await wait(100);
  }
  t.fail(`${what} has not come`);
}

/** Sends random payloads and compares what arrives. */
async function carries(t: Test, from: types.Producer, ssrc: number, to: types.Consumer): Promise<void> {
  const sent = Array.from({ length: PACKETS }, () => randomBytes(80));
  const got: Buffer[] = [];
  to.on('rtp', (rtp) => {
    const payload = payloadOf(rtp);
    if (payload.length === 80) got.push(Buffer.from(payload));
  });
  for (const [i, payload] of sent.entries()) {
    from.send(packet(111, ssrc, 65_500 + i, payload));
    if (i % 20 === 0) await wait(5);
  }
  await until(t, 'the last packet', () => got.length >= PACKETS);
  t.ok(Buffer.concat(got).equals(Buffer.concat(sent)), 'byte for byte');
}

async function talk(t: Test, workers: number, consumersPerWorker?: number) {
  const media = new DirectMedia();
  const limit = consumersPerWorker === undefined ? {} : { consumersPerWorker };
  const sfu = await openTestSfu(t, { workers, openTransport: media.open, ...limit });
  const [a, b] = [new SfuClient(sfu), new SfuClient(sfu)];
  const room = makeRoom();
  await a.join(room, 'a');
  const { capabilities } = await b.join(room, 'b');
  await a.openTransports();
  await b.openTransports();
  const label = Uint8Array.of(7, 8, 9);
  const { producer } = await a.ask('produced', produceRequest('audio', audioOf(1111), label));
  const told = await b.next('producer-opened');
  t.match(told, { media: 'audio', paused: false });
  t.same([told.producer, told.label], [producer, label]);
  const consumed = await b.ask('consumed', consumeRequest(producer, capabilities));
  t.match(consumed, { media: 'audio', type: 'simple', paused: false });
  return { media, sfu, a, b, room, producer, consumed };
}

t.test('what one sends arrives at the other byte for byte, once it is wanted', async (t) => {
  const { media, a, b, producer, consumed } = await talk(t, 1);
  const [from, to] = [media.producers[0]!, media.consumers[0]!];
  t.equal(to.paused, true, 'paused at first');
  await b.ask('done', { kind: 'set-consumer', consumer: consumed.consumer, paused: false });
  t.match(await a.next('layers-wanted'), { producer, layers: 1 });
  await carries(t, from, 1111, to);
  const uris = consumed.stream.headerExtensions.map(({ uri }) => uri);
  t.notOk(
    uris.some((uri) => uri.includes('audio-level')),
    'no audio level is passed on',
  );
  t.notOk(from.rtpParameters.headerExtensions?.some(({ uri }) => uri.includes('audio-level')));

  await a.ask('done', { kind: 'set-producer', producer, paused: true });
  t.match(await b.next('producer-paused'), { producer, paused: true });
  await a.ask('done', { kind: 'set-producer', producer, paused: false });
  t.match(await b.next('producer-paused'), { producer, paused: false });
  await b.ask('done', { kind: 'set-consumer', consumer: consumed.consumer, paused: true });
  t.match(await a.next('layers-wanted'), { producer, layers: 0 });
  await b.ask('done', { kind: 'close-consumer', consumer: consumed.consumer });
  t.equal(to.closed, true);
  await a.ask('done', { kind: 'close-producer', producer });
  t.match(await b.next('producer-closed'), { producer });
  t.equal(from.closed, true);
});

t.test('a room that one worker cannot carry crosses to another', async (t) => {
  const { media, sfu, a, b, producer, consumed } = await talk(t, 2, 3);
  const [from, to] = [media.producers[0]!, media.consumers[0]!];
  t.equal(sfu.counts.workers.length, 2);
  const [ofA, , ofB] = media.routers;
  t.not(ofA, ofB, 'they are in two workers');
  await b.ask('done', { kind: 'set-consumer', consumer: consumed.consumer, paused: false });
  await carries(t, from, 1111, to);
  await a.ask('done', { kind: 'set-producer', producer, paused: true });
  await until(t, 'the pause', () => to.producerPaused);
  await a.ask('done', { kind: 'leave' });
  await until(t, 'the end', () => to.closed);
  t.match(await b.next('participant-left'), {});
});

t.test('the sender is told how many layers anybody watches', async (t) => {
  const media = new DirectMedia();
  const sfu = await openTestSfu(t, { openTransport: media.open });
  const [a, b, c] = [new SfuClient(sfu), new SfuClient(sfu), new SfuClient(sfu)];
  const room = makeRoom();
  const { capabilities } = await a.join(room);
  await b.join(room);
  await c.join(room);
  for (const client of [a, b, c]) await client.openTransports();
  const { producer } = await a.ask('produced', produceRequest('video', videoOf(2000)));
  const atB = await b.ask('consumed', consumeRequest(producer, capabilities));
  const atC = await c.ask('consumed', consumeRequest(producer, capabilities));
  t.equal(atB.type, 'simulcast');
  const wants = async (client: SfuClient, consumer: Uint8Array, spatial: number) =>
    client.ask('done', { kind: 'set-layers', consumer, spatial, temporal: 1 });
  const shows = async (client: SfuClient, consumer: Uint8Array, isShown: boolean) =>
    client.ask('done', { kind: 'set-consumer', consumer, paused: !isShown });
  await wants(b, atB.consumer, 0);
  await shows(b, atB.consumer, true);
  t.match(await a.next('layers-wanted'), { producer, layers: 1 });
  await shows(c, atC.consumer, true);
  t.match(await a.next('layers-wanted'), { producer, layers: 3 });
  await wants(c, atC.consumer, 1);
  t.match(await a.next('layers-wanted'), { producer, layers: 2 });
  await c.ask('done', { kind: 'leave' });
  t.match(await a.next('layers-wanted'), { producer, layers: 1 });
  await shows(b, atB.consumer, false);
  t.match(await a.next('layers-wanted'), { producer, layers: 0 });
  t.strictSame(
    a.events.filter(({ kind }) => kind === 'layers-wanted'),
    [],
  );
});

t.test('a browser’s transport can be opened, connected and restarted, and has a ceiling', async (t) => {
  const transports: types.Transport[] = [];
  const sfu = await openTestSfu(t, {
    openTransport: async (...where) => {
      const opened = await openWebRtcTransport(...where);
      transports.push(opened.transport);
      return opened;
    },
  });
  const a = new SfuClient(sfu);
  const { capabilities } = await a.join(makeRoom());
  const mimeTypes = new Set(capabilities.codecs.map(({ mimeType }) => mimeType));
  t.strictSame([...mimeTypes].toSorted(), ['audio/opus', 'video/VP8', 'video/VP9', 'video/rtx']);
  t.notOk(capabilities.headerExtensions.some(({ uri }) => /audio-level|capture-time/.test(uri)));
  const opened = await a.ask('transport', { kind: 'open-transport', direction: 'send' });
  t.strictSame(opened.candidates.map(({ protocol }) => protocol).toSorted(), ['tcp', 'udp']);
  t.ok(opened.candidates.every(({ address }) => address === '127.0.0.1'));
  const dtls = { role: 'client', fingerprints: opened.dtls.fingerprints };
  const connect = { kind: 'connect-transport', direction: 'send', dtls };
  await a.ask('done', connect);
  t.equal(await a.refusal(connect), 'unexpected-frame');
  const { ice } = await a.ask('ice', { kind: 'restart-ice', direction: 'send' });
  t.not(ice.usernameFragment, opened.ice.usernameFragment);
  await a.ask('produced', produceRequest('audio', audioOf(1)));
  const stats = await Promise.all(transports.map(async (transport) => transport.getStats()));
  t.match(stats, [[{ maxIncomingBitrate: LIMITS.callIncomingBitrate }]]);
});
