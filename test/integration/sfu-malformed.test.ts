// Wild requests to the media server, with its real worker: whatever one participant says is refused in the catalogue's words or done, the
// worker lives, and the others hear each other.

import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import fc from 'fast-check';
import { CALL_REQUESTS } from '@tacet/protocol/calls/requests';
import { isErrorCode } from '@tacet/protocol/errors';
import { isCallError } from '../../sfu/errors.ts';
import { openWebRtcTransport } from '../../sfu/transport.ts';
import { arbitraryOf, spoilings } from '../support/arbitrary.ts';
import {
  audioOf,
  consumeRequest,
  DirectMedia,
  makeRoom,
  openTestSfu,
  packet,
  payloadOf,
  produceRequest,
  SfuClient,
  videoOf,
} from '../support/open-sfu.ts';
import { soak } from '../support/schedule.ts';
import { seedProperties } from '../support/seed-properties.ts';

seedProperties(t);

const RUNS = 1_500 * soak;
/** Requests of one participant before another takes over, so that each begins with nothing. */
const EACH = 40;

/** What a participant knows and may put into a request, wherever it fits. */
interface Known {
  readonly producer: Uint8Array;
  readonly consumer: Uint8Array;
}

const requests = Object.entries(CALL_REQUESTS).filter(
  ([kind]) => !['admit', 'enter', 'resume', 'leave'].includes(kind),
);
const streams = [audioOf(7), videoOf(70)];

/** A request that a schema allows, with honest parts in it or not, as it is or spoiled. */
const wild = fc
  .tuple(
    fc.oneof(...requests.map(([, schema]) => arbitraryOf(schema))),
    fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, spoilings('bytes')),
    fc.boolean(),
    fc.constantFrom(...streams),
    fc.option(spoilings('bytes')),
    fc.integer({ min: 1, max: 0xffff_ffff }),
  )
  .map(([value, spoilIt, isHonest, stream, spoilStream, ssrc]) => (known: Known): unknown => {
    const request = value as Record<string, unknown>;
    const put = (name: string, part: unknown): void => {
      if (isHonest && name in request) request[name] = part;
    };
    put('producer', known.producer);
    put('consumer', known.consumer);
    const encodings = stream.encodings.map((encoding, i) => ({ ...encoding, ssrc: Math.max(1, ssrc - i) }));
    const own = { ...stream, encodings };
    put('stream', spoilStream === null ? own : spoilStream(own));
    if (isHonest && request['kind'] === 'produce')
      request['media'] = stream === streams[0] ? 'audio' : 'video';
    return spoilIt === undefined ? request : spoilIt(request);
  });

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
          wildOne.close();
          wildOne = new SfuClient(sfu);
          await wildOne.join(room);
          if (said % 3 !== 0) await wildOne.openTransports();
        }
        let code: string;
        try {
          code = await wildOne.refusal(make({ producer, consumer }));
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
    t.ok(codes.has('answered: produced'), 'some come far');
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
