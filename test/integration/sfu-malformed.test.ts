// Wild requests to the media server, with its real worker: whatever one participant says is refused in the catalogue's words or done, the
// worker lives, and the others hear each other.

import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import fc from 'fast-check';
import { CALL_REQUESTS } from '@tacet/protocol/calls/requests';
import type { Capabilities, StreamParameters } from '@tacet/protocol/calls/media';
import { isErrorCode } from '@tacet/protocol/errors';
import { isCallError } from '../../sfu/errors.ts';
import { openWebRtcTransport } from '../../sfu/transport.ts';
import { arbitraryOf, spoilings } from '../support/arbitrary.ts';
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
import { soak } from '../support/schedule.ts';
import { seedProperties } from '../support/seed-properties.ts';

seedProperties(t);

const RUNS = 500 * soak;
/** Requests of one participant before another takes over, so that each begins with nothing. */
const EACH = 14;

/** What a participant knows and may put into a request, wherever it fits. */
interface Known {
  readonly producer: Uint8Array;
  readonly consumer: Uint8Array;
  readonly capabilities: Capabilities;
}

const [vp8] = videoOf(1).codecs;
/** A stream with all that a browser may say of it. */
const rich: StreamParameters = {
  mid: '0',
  codecs: [
    { ...vp8!, parameters: { 'x-google-start-bitrate': 1000 } },
    { mimeType: 'video/rtx', payloadType: 97, clockRate: 90_000, parameters: { apt: 96 } },
  ],
  headerExtensions: [
    { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1, encrypt: false },
    { uri: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', id: 2 },
    { uri: 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id', id: 3 },
  ],
  encodings: ['a', 'b', 'c'].map((rid, i) => {
    return {
      rid,
      ssrc: 50 + i,
      rtx: { ssrc: 60 + i },
      codecPayloadType: 96,
      dtx: false,
      scalabilityMode: 'L1T3',
    };
  }),
  rtcp: { cname: 'x', reducedSize: true },
};
const streams = [audioOf(7), videoOf(70), rich];
/** What may stand somewhere in a stream, but for the most part not just there. */
const numbers = [1, 7, 50, 60, 96, 97, 111, 127, 255, 90_000, 0xffff_ffff];
const words = [
  '0',
  'a',
  'L3T3',
  'S3T3',
  'nack',
  'audio/opus',
  'video/VP8',
  'video/VP9',
  'video/rtx',
  'video/H264',
];
const parts = fc.constantFrom<string | number | boolean>(true, ...numbers, ...words);

/** Puts a part in the place of the `at`th of those that are no list and no map. */
function exchange(value: unknown, at: number, part: unknown): unknown {
  let left = at;
  const walk = (inner: unknown): unknown => {
    if (typeof inner !== 'object' || inner === null) return left-- === 0 ? part : inner;
    if (Array.isArray(inner)) return inner.map(walk);
    return Object.fromEntries(Object.entries(inner).map(([key, next]) => [key, walk(next)]));
  };
  return walk(value);
}

const exchanges = fc
  .array(fc.tuple(fc.nat(40), parts), { maxLength: 3 })
  .map((list) => (value: unknown) => list.reduce((before, [at, part]) => exchange(before, at, part), value));

const schemas = Object.entries(CALL_REQUESTS).filter(
  ([kind]) => !['admit', 'enter', 'resume', 'leave'].includes(kind),
);

/** A request that a schema allows, with honest parts in it or not, as it is or spoiled. */
const wild = fc
  .tuple(
    fc.oneof(
      ...schemas.map(([kind, schema]) => {
        return { weight: kind === 'produce' || kind === 'consume' ? 6 : 1, arbitrary: arbitraryOf(schema) };
      }),
    ),
    rarely(fc.constant(undefined), spoilings('bytes')),
    rarely(fc.constant(true), fc.constant(false)),
    fc.constantFrom(...streams),
    exchanges,
  )
  .map(([value, spoilIt, isHonest, stream, exchangeIn]) => (known: Known): unknown => {
    const request = value as Record<string, unknown>;
    const put = (name: string, part: unknown): void => {
      if (isHonest && name in request) request[name] = part;
    };
    put('producer', known.producer);
    if (request['kind'] === 'set-layers') put('consumer', known.consumer);
    put('capabilities', exchangeIn(known.capabilities));
    put('stream', exchangeIn(stream));
    put('media', stream === streams[0] ? 'audio' : 'video');
    return spoilIt === undefined ? request : spoilIt(request);
  });

function rarely<Usual, Rare>(
  usual: fc.Arbitrary<Usual>,
  rare: fc.Arbitrary<Rare>,
): fc.Arbitrary<Usual | Rare> {
  return fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: rare });
}

for (const kind of ['direct', 'browser'] as const) {
  t.test(`wild requests of one end nothing of the others (${kind} transports)`, async (t) => {
    const media = new DirectMedia();
    const honest = { left: 4 };
    const sfu = await openTestSfu(t, {
      // The first two participants are honest and heard by the test.
      openTransport: async (router, server) =>
        kind === 'direct' || honest.left-- > 0
          ? media.open(router, server)
          : openWebRtcTransport(router, server),
    });
    const room = makeRoom();
    const [a, b] = [new SfuClient(sfu), new SfuClient(sfu)];
    await a.join(room);
    const { capabilities } = await b.join(room);
    await a.openTransports();
    await b.openTransports();
    const { producer } = await a.ask('produced', produceRequest('audio', audioOf(1111)));
    const { consumer } = await b.ask('consumed', consumeRequest(producer, capabilities));
    await b.ask('done', { kind: 'set-consumer', consumer, paused: false });
    const [from, to] = [media.producers[0]!, media.consumers[0]!];
    const pids = sfu.counts.workers;
    const codes = new Map<string, number>();
    let wildOne = new SfuClient(sfu);
    let said = 0;
    await fc.assert(
      fc.asyncProperty(wild, async (make) => {
        if (said++ % EACH === 0) {
          await wildOne.refusal({ kind: 'leave' });
          wildOne.close();
          wildOne = new SfuClient(sfu);
          await wildOne.join(room);
          if (said % 3 !== 0) await wildOne.openTransports();
        }
        let code: string;
        try {
          code = await wildOne.refusal(make({ producer, consumer, capabilities }));
        } catch (error) {
          // What the wire cannot carry was never said.
          if (isCallError(error)) throw error;
          code = 'not sent';
        }
        codes.set(code, (codes.get(code) ?? 0) + 1);
        return (
          code.startsWith('answered') || code === 'not sent' || (isErrorCode(code) && code !== 'internal')
        );
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    t.comment(JSON.stringify(Object.fromEntries(codes)));
    for (const code of ['malformed-frame', 'unexpected-frame', 'call-unknown', 'call-media-refused']) {
      t.ok(codes.has(code), code);
    }
    t.ok(codes.has('answered: produced') && codes.has('answered: consumed'), 'some come far');
    t.strictSame(sfu.counts.workers, pids, 'the worker lives');
    const payload = randomBytes(80);
    let heard = false;
    to.on('rtp', (rtp) => {
      heard ||= payloadOf(rtp).equals(payload);
    });
    for (let i = 0; i < 600 && !heard; i++) {
      from.send(packet(111, 1111, i, payload));
      await wait(50);
    }
    t.ok(heard, 'and the others hear each other');
  });
}
