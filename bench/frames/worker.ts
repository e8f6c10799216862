/** The engines of `bench frames` in one worker of a browser: answers each question by the microseconds of a frame, both ways. */
import { openLivekit, postPastLivekit, requireNoFailure } from './livekit.ts';
import { attachTransform, makeFrame, openPipe, type Engine, type Pipe } from './pipe.ts';
import { FrameOpener, FrameSealer } from '../../crypto/sframe.ts';
import type { Answer, EngineName, Question } from './question.ts';

declare const self: { onmessage: (event: { readonly data: Question }) => void };

/** Tacet's frames as the media worker attaches them: VP8, one layer. */
async function openTacet(): Promise<Engine> {
  const track = { call: crypto.getRandomValues(new Uint8Array(16)), purpose: 'camera' } as const;
  const sealer = await FrameSealer.open({ ...track, instance: 0, layers: 1 });
  const opener = new FrameOpener(track);
  await opener.addKey(sealer.share());
  return {
    encrypt: attachTransform(async (frame) => {
      frame.data = (await sealer.seal(0, 'vp8', new Uint8Array(frame.data))).buffer;
    }),
    decrypt: attachTransform(async (frame) => {
      const opened = await opener.open('vp8', new Uint8Array(frame.data));
      if (opened.kind === 'refused') throw new Error(opened.why);
      frame.data = opened.frame.buffer;
    }),
  };
}

const nothing = attachTransform(() => undefined);

const openers: Readonly<Record<EngineName, () => Promise<Engine>>> = {
  tacet: openTacet,
  livekit: openLivekit,
  passthrough: () => Promise.resolve({ encrypt: nothing, decrypt: nothing }),
};

interface Pipes {
  readonly encrypt: Pipe;
  readonly decrypt: Pipe;
}

const opened = new Map<EngineName, Promise<Pipes>>();

async function open(engine: EngineName): Promise<Pipes> {
  const { encrypt, decrypt } = await openers[engine]();
  return { encrypt: openPipe(encrypt), decrypt: openPipe(decrypt) };
}

/** Throws unless what was opened is what was sealed, and what was sealed is not what was given. */
function requireRoundTrip(engine: EngineName, given: Uint8Array, sealed: number, out: Uint8Array): void {
  if (out.length !== given.length || out.some((byte, at) => byte !== given[at])) {
    throw new Error(`${engine} does not give the frame back`);
  }
  if (engine !== 'passthrough' && sealed <= given.length) throw new Error(`${engine} seals nothing`);
}

async function measure({ engine, sizeBytes, frames: count }: Question): Promise<Answer> {
  let pipes = opened.get(engine);
  if (pipes === undefined) opened.set(engine, (pipes = open(engine)));
  const { encrypt, decrypt } = await pipes;
  const frames = Array.from({ length: count }, (_, number) => makeFrame(sizeBytes, number));
  const given = new Uint8Array(frames.at(-1)?.data.slice(0) ?? new ArrayBuffer(0));
  const sealed = await encrypt.run(frames);
  const sealedBytes = sealed.out.at(-1)?.data.byteLength ?? 0;
  const out = await decrypt.run(sealed.out);
  requireRoundTrip(engine, given, sealedBytes, new Uint8Array(out.out.at(-1)?.data ?? new ArrayBuffer(0)));
  requireNoFailure();
  return { encryptUs: (sealed.ms * 1000) / count, decryptUs: (out.ms * 1000) / count };
}

async function answer(question: Question): Promise<void> {
  try {
    postPastLivekit({ value: await measure(question) });
  } catch (error) {
    postPastLivekit({ error: error instanceof Error ? (error.stack ?? error.message) : 'unknown' });
  }
}

self.onmessage = ({ data }) => {
  // oxlint-disable-next-line typescript/no-floating-promises -- `answer` reports its own failures
  answer(data);
};
