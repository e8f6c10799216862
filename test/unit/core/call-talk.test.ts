// What the two sides say to each other, over carriers that come and go.
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { encodeCbor } from '../../../protocol/cbor.ts';
import { padContent } from '../../../protocol/padding.ts';
import type { Said, StreamKey } from '../../../protocol/content/call-said.ts';
import { idOf, type CallId } from '../../../protocol/ids.ts';
import { ready } from '../../../crypto/index.ts';
import { CallIdentity } from '../../../client/core/calls/call-identity.ts';
import { CallTalk, type Carrier } from '../../../client/core/calls/call-talk.ts';
import { CallNumbers, CallStreams } from '../../../client/core/calls/streams.ts';
import { ownEngine } from '../../../client/core/own-engine.ts';

await ready();

const random = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(length));
const numbers = new CallNumbers(random);

/** Streams whose media worker has told a key of each sender; the keys as they were, in hexadecimal digits. */
function openStreams(): { readonly streams: CallStreams; readonly keys: readonly string[] } {
  const keys: string[] = [];
  const streams = new CallStreams(
    {
      call: idOf<CallId>(random(16)),
      numbers,
      tellMedia(message) {
        if (message.kind !== 'open-sender') return;
        const { stream, instance } = message;
        const baseKey = random(32);
        keys.push(Buffer.from(baseKey).toString('hex'));
        setImmediate(() => streams.heard({ kind: 'sender-key', stream, instance, step: 0, baseKey }));
      },
      keyed: () => undefined,
      release: () => undefined,
    },
    { receives: false },
  );
  return { streams, keys };
}

async function turns(count = 50): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise(setImmediate);
}

t.test('keys of a carrier that is given up meanwhile are not told over the next one', async (t) => {
  const [caller, callee] = (['caller', 'callee'] as const).map(
    (side) => new CallIdentity(ownEngine, side, { random, now: () => 1_700_000_000_000 }),
  );
  if (caller === undefined || callee === undefined) throw new Error('two sides');
  await caller.meet(callee.bundle);
  await callee.meet(caller.bundle);
  const heard: string[] = [];
  const listener = new CallTalk(caller, {
    key: ({ baseKey }: StreamKey) => heard.push(Buffer.from(baseKey).toString('hex')),
    on: () => undefined,
  });
  const talk = new CallTalk(callee, { key: () => undefined, on: () => undefined });

  const before = openStreams();
  const after = openStreams();
  await turns();
  let isHeld = false;
  let release: () => void = () => undefined;
  let carried = 0;
  /** Carries what is on; the keys are on their way until they are released. */
  const slow: Carrier = {
    streams: before.streams,
    async send(bytes) {
      carried += 1;
      if (carried === 2) {
        isHeld = true;
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
      listener.hear(bytes);
    },
  };
  const next: Carrier = { streams: after.streams, send: async (bytes) => listener.hear(bytes) };
  talk.carryBy(slow);
  while (!isHeld) await turns(1);
  talk.carryBy(next);
  before.streams.close();
  release();
  while (heard.length < 8) await turns(1);
  await turns();
  t.same(heard, [...before.keys, ...after.keys]);
});

t.test('what begins the session asks for keys, and a key in it counts for nothing', async (t) => {
  const now = (): number => 1_700_000_000_000;
  const caller = new CallIdentity(ownEngine, 'caller', { random, now });
  const callee = new CallIdentity(ownEngine, 'callee', { random, now });
  await caller.meet(callee.bundle);
  await callee.meet(caller.bundle);
  const heard: unknown[] = [];
  const listener = new CallTalk(caller, { key: (key) => heard.push(key), on: (on) => heard.push(on) });
  const told: Uint8Array[] = [];
  const { streams } = openStreams();
  listener.carryBy({ streams, send: async (bytes) => void told.push(bytes) });
  await turns();
  const key = { purpose: 'audio' as const, instance: 1, step: 0, baseKey: random(32) };
  const said: Said[] = [
    { kind: 'keys', keys: [key] },
    { kind: 'on', microphone: true, camera: true, screen: true },
  ];
  listener.begun(random(300));
  for (const each of said) listener.begun(await callee.seal(padContent(encodeCbor(each))));
  await turns();
  t.same(heard, []);
  t.same(told, [], 'nobody has asked for anything');
  listener.begun(await new CallTalk(callee, { key: () => undefined, on: () => undefined }).begin());
  // Asked for by name: the session stands by now.
  while (told.length < 2) await turns(1);
  t.same(heard, []);
});
