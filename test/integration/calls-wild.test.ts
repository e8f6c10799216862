// Wild messages on the socket for calls, with the media server in the same process and in another: whatever one client says is answered or
// refused in the catalogue's words, and a call beside it goes on.

import t, { type Test } from 'tap';
import fc from 'fast-check';
import { CALL_REQUESTS } from '@tacet/protocol/calls/requests';
import { ERRORS, isErrorCode } from '@tacet/protocol/errors';
import { CallServersRequest } from '@tacet/protocol/frames/calls';
import { encodeFrame } from '@tacet/protocol/frames/frame';
import { LIMITS } from '@tacet/protocol/limits';
import { openLink } from '../../sfu/link.ts';
import { arbitraryOf, manglings, spoilings } from '../support/arbitrary.ts';
import { openCaller, openCalls, untilRelayed } from '../support/calls-client.ts';
import { WITH_CALLS, WITHOUT_CALLS } from '../support/call-settings.ts';
import { findWorker } from '../support/media-worker.ts';
import { openTestSfu } from '../support/open-sfu.ts';
import { makeRoom } from '../support/sfu-client.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { recordLog } from '../support/recorded-log.ts';
import { soak } from '../support/schedule.ts';
import { seedProperties } from '../support/seed-properties.ts';

seedProperties(t);
t.setTimeout(600_000);

const RUNS = 120 * soak;
const SECRET = 'shared-by-both-and-nobody-else-at-all';

const requests = [CallServersRequest, ...Object.values(CALL_REQUESTS)].map(arbitraryOf);
const frame = fc.record({ re: fc.integer({ min: 10, max: 0xffff_ffff }), request: fc.oneof(...requests) });

/** What CBOR cannot carry is never said. */
function bytesOf(value: unknown): Uint8Array {
  try {
    return encodeFrame(value);
  } catch {
    return new Uint8Array(0);
  }
}

const sizes = [0, 1, 3, 255, 256, 4096, LIMITS.callFrameMaxBytes, 2 * LIMITS.callFrameMaxBytes];
const message: fc.Arbitrary<Uint8Array | string> = fc.oneof(
  { weight: 5, arbitrary: frame.map(bytesOf) },
  {
    weight: 3,
    arbitrary: fc.tuple(frame, spoilings('bytes')).map(([value, spoil]) => bytesOf(spoil(value))),
  },
  { weight: 2, arbitrary: fc.tuple(frame, manglings()).map(([value, mangle]) => mangle(bytesOf(value))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 600 }) },
  { weight: 1, arbitrary: fc.constantFrom(...sizes).map((size) => new Uint8Array(size).fill(0xff)) },
  { weight: 1, arbitrary: fc.string() },
);

async function openEmbedded() {
  const settings = { ...WITH_CALLS, TACET_MEDIA_WORKER: await findWorker() };
  return { settings };
}

async function openRemote(t: Test) {
  const link = await openLink({ sfu: await openTestSfu(t), secret: SECRET, host: '127.0.0.1', port: 0 });
  t.teardown(async () => link.close());
  const settings = {
    ...WITHOUT_CALLS,
    TACET_SFU_URL: `ws://127.0.0.1:${link.port}`,
    TACET_SFU_SECRET: SECRET,
  };
  return { settings };
}

for (const [where, open] of [
  ['in the same process', openEmbedded],
  ['in another process', openRemote],
] as const) {
  t.test(`wild messages of one socket end nothing of the others (media server ${where})`, async (t) => {
    const log = recordLog('warn');
    const server = await openTestServer({ ...(await open(t)), overrides: { logger: log.logger } });
    t.teardown(async () => server[Symbol.asyncDispose]());
    const origin = server.url.replace('http', 'ws');
    const { client: a, connection } = await openCaller(origin);
    // One that says nothing for long is not kept.
    await untilRelayed(connection);
    const { client: b } = await openCaller(origin);
    const room = makeRoom();
    const { participant } = await a.join(room);
    await b.join(room);
    const codes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 5 }), async (messages) => {
        const wild = await openCalls(origin);
        for (const one of messages) wild.socket.send(one);
        // Answered after all that came before it.
        await wild.ask({ kind: 'leave' }).catch(() => undefined);
        wild.socket.close();
        const { code: close } = await wild.ended;
        const refusals = wild.replies.filter((reply) => reply.kind === 'refused');
        for (const { code } of refusals) codes.set(code, (codes.get(code) ?? 0) + 1);
        return (
          refusals.every(({ code }) => isErrorCode(code) && code !== 'internal') &&
          (close === 1005 || Object.values(ERRORS).some((rule) => rule.close === close))
        );
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    t.comment(JSON.stringify(Object.fromEntries(codes)));
    for (const code of ['malformed-frame', 'unexpected-frame']) t.ok(codes.has(code), code);
    await b.ask('done', { kind: 'message', to: participant, body: Uint8Array.of(1, 2, 3) });
    t.same((await a.next('message')).body, Uint8Array.of(1, 2, 3), 'the call beside it goes on');
    t.strictSame(log.lines, [], 'the log says nothing');
  });
}
