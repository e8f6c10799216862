/** Media frames in a browser's worker: seals some, and opens those that another place sealed. Answers are compared outside. */
import { CODECS, FrameOpener, FrameSealer, parseSenderKey, type FrameCodec } from '@tacet/crypto/sframe';
import { fromHex, toHex } from '../../../crypto/bytes.ts';
import { encryptFrame } from '../../../crypto/sframe/frame.ts';
import { deriveSealKey } from '../../../crypto/sframe/keys.ts';
import vectors from '../../vectors/sframe.json' with { type: 'json' };
import type { SealedThere } from './sealed.ts';

declare const self: {
  onmessage: (event: { readonly data: SealedThere }) => void;
  postMessage(answer: { readonly value: unknown } | { readonly error: string }): void;
};

/** The frame that RFC 9605 publishes. */
async function published(): Promise<string> {
  const { baseKey, kid, ctr, metadata, plaintext } = vectors.frame;
  const utf8 = new TextEncoder();
  const key = await deriveSealKey(fromHex(baseKey), kid);
  return toHex(await encryptFrame(key, ctr, utf8.encode(plaintext), 0, utf8.encode(metadata)));
}

/** What became of each frame, then of each with a bit of every byte flipped, then of each once more. */
async function openAll({ call, key, frames }: SealedThere): Promise<readonly string[]> {
  const opener = new FrameOpener({ call: fromHex(call), purpose: 'screen' });
  await opener.addKey(parseSenderKey(key.instance, key.step, fromHex(key.baseKey)));
  const results: string[] = [];
  const tryOpen = async (codec: FrameCodec, sealed: Uint8Array<ArrayBuffer>): Promise<string> => {
    const opened = await opener.open(codec, sealed);
    return opened.kind === 'opened' ? toHex(opened.frame) : opened.why;
  };
  for (const { codec, sealed } of frames) {
    for (let at = 0; at < sealed.length / 2; at += 1) {
      const changed = fromHex(sealed);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const became = await tryOpen(codec, changed);
      if (!['no-key', 'malformed', 'unauthentic'].includes(became)) results.push(`byte ${at}: ${became}`);
    }
    results.push(await tryOpen(codec, fromHex(sealed)), await tryOpen(codec, fromHex(sealed)));
  }
  return results;
}

/** Sealed here, one frame of each codec in each of two steps. */
async function sealSome(call: string): Promise<SealedThere> {
  const sealer = await FrameSealer.open({
    call: fromHex(call),
    purpose: 'screen',
    instance: 9,
    layers: 1,
  });
  const { instance, step, baseKey } = sealer.share();
  const frames: { codec: FrameCodec; sealed: string }[] = [];
  for (let round = 0; round < 2; round += 1) {
    if (round > 0) await sealer.ratchet();
    for (const codec of Object.keys(CODECS) as FrameCodec[]) {
      const frame = Uint8Array.of(frames.length, 2, 3, 4, 5);
      frames.push({ codec, sealed: toHex(await sealer.seal(0, codec, frame)) });
    }
  }
  return { call, key: { instance, step, baseKey: toHex(baseKey) }, frames };
}

async function answer(there: SealedThere): Promise<void> {
  try {
    const value = {
      published: await published(),
      opened: await openAll(there),
      sealed: await sealSome(there.call),
    };
    self.postMessage({ value });
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : 'unknown' });
  }
}

self.onmessage = ({ data }) => {
  // oxlint-disable-next-line typescript/no-floating-promises -- `answer` reports its own failures
  answer(data);
};
