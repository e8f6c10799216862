import t from 'tap';
import {
  CODECS,
  FrameOpener,
  MAX_FRAME_BYTES,
  type FrameCodec,
  type MediaPurpose,
  type MediaTrack,
  type Refusal,
} from '@tacet/crypto/sframe';
import { parseHeader, writeHeader } from '../../../crypto/sframe/header.ts';
import { encodeKid } from '../../../crypto/sframe/kid.ts';
import { call, frameOf, makeFramePair, reheaded, tryOpen } from '../../support/frame-pair.ts';
import { extended, hexText, truncations, withBitFlipped } from '../../support/mangle.ts';

const codecs = Object.keys(CODECS) as FrameCodec[];

for (const codec of codecs) {
  t.test(`${codec}: what is sealed is opened, and only its clear bytes can be read`, async (t) => {
    const { sealer, opener } = await makeFramePair();
    const { clearBytes } = CODECS[codec];
    for (const length of [clearBytes, clearBytes + 1, 20, 1200, 65_536]) {
      const frame = frameOf(length, length);
      const sealed = await sealer.seal(1, codec, frame, Uint8Array.of(1, 2));
      t.strictSame(sealed.subarray(0, clearBytes), frame.subarray(0, clearBytes));
      const { length: header } = parseHeader(sealed, clearBytes);
      t.equal(sealed.length, header + length + 16);
      t.equal(sealed.buffer.byteLength, sealed.length);
      if (length >= 20)
        t.notOk(hexText(sealed.subarray(clearBytes)).includes(hexText(frame.subarray(4, 12))));
      const opened = await opener.open(codec, sealed, Uint8Array.of(1, 2));
      if (opened.kind !== 'opened') return t.fail(opened.why);
      t.equal(hexText(opened.frame), hexText(frame));
      t.equal(opened.frame.buffer.byteLength, length);
    }
  });

  t.test(`${codec}: every bit flipped, every beginning and every extension is refused`, async (t) => {
    const { sealer, opener } = await makeFramePair();
    await sealer.seal(0, codec, frameOf(0));
    const sealed = await sealer.seal(0, codec, frameOf(1));
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const why = await tryOpen(opener, withBitFlipped(sealed, bit), codec);
      t.match(why, /^(no-key|malformed|unauthentic)$/, `bit ${bit}`);
    }
    for (const bytes of truncations(sealed)) {
      t.match(await tryOpen(opener, bytes, codec), /^(malformed|unauthentic)$/);
    }
    t.equal(await tryOpen(opener, extended(sealed, 0), codec), 'unauthentic');
    t.equal(await tryOpen(opener, sealed, codec, Uint8Array.of(0)), 'unauthentic', 'other metadata');
    for (const other of codecs) {
      if (other !== codec) t.equal((await opener.open(other, sealed)).kind, 'refused', `taken for ${other}`);
    }
    t.equal(await tryOpen(opener, sealed, codec), hexText(frameOf(1)), 'and it still opens');
  });
}

t.test('a frame opens once, in any order within 1,024 of the newest of its layer', async (t) => {
  const { sealer, opener } = await makeFramePair();
  const sealed: Uint8Array<ArrayBuffer>[] = [];
  for (let i = 0; i < 1100; i += 1) sealed.push(await sealer.seal(0, 'vp9', frameOf(i)));
  const at = (index: number): Uint8Array<ArrayBuffer> => sealed[index] ?? new Uint8Array(0);
  t.equal(await tryOpen(opener, at(1050)), hexText(frameOf(1050)));
  t.equal(await tryOpen(opener, at(27)), hexText(frameOf(27)), 'the oldest that may come');
  t.equal(await tryOpen(opener, at(26)), 'too-old');
  for (const index of [1050, 27]) t.equal(await tryOpen(opener, at(index)), 'replayed');
  for (let i = 1049; i > 27; i -= 1) {
    t.equal(await tryOpen(opener, at(i)), hexText(frameOf(i)));
    t.equal(await tryOpen(opener, at(i)), 'replayed');
  }
  const other = await sealer.seal(1, 'vp9', frameOf(7));
  t.equal(await tryOpen(opener, other), hexText(frameOf(7)), 'another layer counts by itself');
  const { opened, replayed, 'too-old': tooOld } = opener.counts();
  t.strictSame({ opened, replayed, tooOld }, { opened: 1025, replayed: 1024, tooOld: 1 });
});

t.test(
  'a frame that is larger than any is refused before it is decrypted, and the next one opens',
  async (t) => {
    const { sealer, opener } = await makeFramePair();
    const sealed = await sealer.seal(0, 'vp8', frameOf(1));
    const ofSize = (length: number): Uint8Array<ArrayBuffer> => {
      const large = new Uint8Array(length);
      large.set(sealed);
      return large;
    };
    t.equal(await tryOpen(opener, ofSize(MAX_FRAME_BYTES), 'vp8'), 'unauthentic');
    t.equal(await tryOpen(opener, ofSize(MAX_FRAME_BYTES + 1), 'vp8'), 'malformed');
    t.equal(await tryOpen(opener, sealed, 'vp8'), hexText(frameOf(1)));
  },
);

t.test('of one frame given many times at once one opens', async (t) => {
  const { sealer, opener } = await makeFramePair();
  const sealed = await sealer.seal(0, 'vp9', frameOf(1));
  const all = await Promise.all(Array.from({ length: 20 }, () => tryOpen(opener, sealed)));
  t.strictSame(all.toSorted(), [hexText(frameOf(1)), ...Array.from({ length: 19 }, () => 'replayed')]);
});

t.test('a frame that fails moves no window', async (t) => {
  const { sealer, opener } = await makeFramePair();
  const sealed = await sealer.seal(0, 'vp9', frameOf(0));
  const kid = Number(parseHeader(sealed).kid);
  t.equal(await tryOpen(opener, reheaded(sealed, kid, 5000)), 'unauthentic');
  t.equal(await tryOpen(opener, reheaded(sealed, kid, 2 ** 27)), 'malformed', 'a counter nobody uses');
  t.equal(await tryOpen(opener, sealed), hexText(frameOf(0)));
});

t.test('keys survive 10,000 forged frames, and each is counted', async (t) => {
  const { sealer, opener } = await makeFramePair();
  const first = await sealer.seal(0, 'vp8', frameOf(0));
  const kid = Number(parseHeader(first, 1).kid);
  const forged: Record<Refusal, number> = {
    'no-key': 0,
    replayed: 0,
    'too-old': 0,
    malformed: 0,
    unauthentic: 0,
  };
  for (let i = 0; i < 10_000; i += 1) {
    const bytes = frameOf(i, 60);
    const kinds = [kid, kid + 256, encodeKid({ instance: 3, layer: 7, step: 2 })];
    writeHeader(bytes, 1, kinds[i % 4] ?? kid, i % 4 === 3 ? 2 ** 40 : i);
    const opened = await opener.open('vp8', bytes);
    if (opened.kind === 'refused') forged[opened.why] += 1;
  }
  t.strictSame(forged, { 'no-key': 2500, replayed: 0, 'too-old': 0, malformed: 2500, unauthentic: 5000 });
  t.strictSame(opener.counts(), { opened: 0, ...forged });
  t.equal(await tryOpen(opener, first, 'vp8'), hexText(frameOf(0)));
});

t.test('frames of another call, track, sender or layer are refused', async (t) => {
  const { sealer } = await makeFramePair();
  const sealed = await sealer.seal(0, 'vp9', frameOf(0));
  const kid = Number(parseHeader(sealed).kid);
  const others: readonly MediaTrack[] = [
    { call: withBitFlipped(call, 0), purpose: 'camera' },
    ...(['audio', 'screen', 'screen-audio'] as const satisfies readonly MediaPurpose[]).map((purpose) => ({
      call,
      purpose,
    })),
  ];
  for (const track of others) {
    const opener = new FrameOpener(track);
    await opener.addKey(sealer.share());
    t.equal(await tryOpen(opener, sealed), 'unauthentic', track.purpose);
  }
  const stranger = await makeFramePair();
  t.equal(await tryOpen(stranger.opener, sealed), 'unauthentic', 'same numbers, another base key');
  t.equal(await tryOpen(new FrameOpener({ call, purpose: 'camera' }), sealed), 'no-key');
  const { opener } = await makeFramePair({ instance: 4 });
  t.equal(await tryOpen(opener, sealed), 'no-key');
  await opener.addKey(sealer.share());
  t.equal(await tryOpen(opener, reheaded(sealed, kid + 32, 0)), 'unauthentic', 'moved to another layer');
  t.equal(await tryOpen(opener, reheaded(sealed, kid + 1, 0)), 'unauthentic', 'moved to another step');
  t.equal(await tryOpen(opener, sealed), hexText(frameOf(0)));
});
