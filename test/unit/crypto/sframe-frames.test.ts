import t from 'tap';
import fc from 'fast-check';
import {
  CODECS,
  FrameOpener,
  FrameSealer,
  parseSenderKey,
  type FrameCodec,
  type MediaPurpose,
  type MediaTrack,
  type OpenedFrame,
  type Refusal,
} from '@tacet/crypto/sframe';
import { parseHeader, writeHeader } from '../../../crypto/sframe/header.ts';
import { encodeKid } from '../../../crypto/sframe/kid.ts';
import { extended, hexText, truncations, withBitFlipped } from '../../support/mangle.ts';
import { because } from '../../support/refusal.ts';
import { seedProperties } from '../../support/seed-properties.ts';
import { gcmOpen, layerKey, nonceOf, ratcheted } from '../../support/sframe-reference.ts';

seedProperties(t);

type Bytes = Uint8Array<ArrayBuffer>;

const call = Uint8Array.from({ length: 16 }, (_, at) => at);
const camera: MediaTrack = { call, purpose: 'camera' };
const codecs = Object.keys(CODECS) as FrameCodec[];

/** A frame that tells its number and is unlike its neighbours. */
function frameOf(number: number, length = 40): Bytes {
  return Uint8Array.from({ length }, (_, at) => number * 31 + at * 7);
}

/** A sealer and an opener that has its key. */
async function makePair(options: Partial<Parameters<typeof FrameSealer.open>[0]> = {}) {
  const sealer = await FrameSealer.open({ ...camera, instance: 3, layers: 3, ...options });
  const opener = new FrameOpener(camera);
  t.equal(await opener.addKey(sealer.share()), 'added');
  return { sealer, opener };
}

function outcome(opened: OpenedFrame): string {
  return opened.kind === 'opened' ? hexText(opened.frame) : opened.why;
}

/** What became of a frame: its hex, or why it was refused. */
async function tryOpen(opener: FrameOpener, sealed: Bytes, codec: FrameCodec = 'vp9'): Promise<string> {
  return outcome(await opener.open(codec, sealed));
}

/** Bytes in a sealed form whose header says another KID or counter; the rest is as it was. */
function reheaded(sealed: Bytes, kid: number, ctr: number): Bytes {
  const head = new Uint8Array(17);
  const length = writeHeader(head, 0, kid, ctr);
  return Uint8Array.of(...head.subarray(0, length), ...sealed.subarray(parseHeader(sealed).length));
}

for (const codec of codecs) {
  t.test(`${codec}: what is sealed is opened, and only its clear bytes can be read`, async (t) => {
    const { sealer, opener } = await makePair();
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
      t.equal(outcome(opened), hexText(frame));
      if (opened.kind === 'opened') t.equal(opened.frame.buffer.byteLength, length);
    }
  });

  t.test(`${codec}: every bit flipped, every beginning and every extension is refused`, async (t) => {
    const { sealer, opener } = await makePair();
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
    t.equal((await opener.open(codec, sealed, Uint8Array.of(0))).kind, 'refused', 'other metadata');
    for (const other of codecs) {
      if (other !== codec) t.equal((await opener.open(other, sealed)).kind, 'refused', `taken for ${other}`);
    }
    t.equal(await tryOpen(opener, sealed, codec), hexText(frameOf(1)), 'and it still opens');
  });
}

t.test('keys and nonces are those that the documents say, through every step', async (t) => {
  const { sealer } = await makePair();
  let baseKey: Uint8Array = sealer.share().baseKey;
  for (let step = 0; step < 3; step += 1) {
    for (let layer = 0; layer < 3; layer += 1) {
      const frame = frameOf(step * 3 + layer);
      const sealed = await sealer.seal(layer, 'vp8', frame, Uint8Array.of(9));
      const { kid, ctr, length } = parseHeader(sealed, 1);
      t.equal(kid, encodeKid({ instance: 3, layer, step }));
      t.equal(ctr, step, 'a counter goes on across steps');
      const { key, salt } = layerKey(baseKey, call, 'camera', layer, Number(kid));
      const metadata = [CODECS.vp8.byte, frame[0] ?? 0, 9];
      const aad = Uint8Array.of(...sealed.subarray(1, 1 + length), ...metadata);
      const body = gcmOpen(key, nonceOf(salt, Number(ctr)), aad, sealed.subarray(1 + length));
      t.equal(hexText(body), hexText(frame.subarray(1)));
    }
    const told = await sealer.ratchet();
    baseKey = ratcheted(baseKey);
    t.equal(hexText(told.baseKey), hexText(baseKey));
    t.equal(told.step, step + 1);
  }
});

t.test('a frame opens once, in any order within 1,024 of the newest of its layer', async (t) => {
  const { sealer, opener } = await makePair();
  const sealed: Bytes[] = [];
  for (let i = 0; i < 1100; i += 1) sealed.push(await sealer.seal(0, 'vp9', frameOf(i)));
  const at = (index: number): Bytes => sealed[index] ?? new Uint8Array(0);
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

t.test('of one frame given many times at once one opens', async (t) => {
  const { sealer, opener } = await makePair();
  const sealed = await sealer.seal(0, 'vp9', frameOf(1));
  const all = await Promise.all(Array.from({ length: 20 }, () => tryOpen(opener, sealed)));
  t.strictSame(all.toSorted(), [hexText(frameOf(1)), ...Array.from({ length: 19 }, () => 'replayed')]);
});

t.test('a frame that fails moves no window', async (t) => {
  const { sealer, opener } = await makePair();
  const sealed = await sealer.seal(0, 'vp9', frameOf(0));
  const kid = Number(parseHeader(sealed).kid);
  t.equal(await tryOpen(opener, reheaded(sealed, kid, 5000)), 'unauthentic');
  t.equal(await tryOpen(opener, reheaded(sealed, kid, 2 ** 27)), 'malformed', 'a counter nobody uses');
  t.equal(await tryOpen(opener, sealed), hexText(frameOf(0)));
});

t.test('keys survive 10,000 forged frames, and each is counted', async (t) => {
  const { sealer, opener } = await makePair();
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
  const { sealer } = await makePair();
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
  const stranger = await makePair();
  t.equal(await tryOpen(stranger.opener, sealed), 'unauthentic', 'same numbers, another base key');
  t.equal(await tryOpen(new FrameOpener(camera), sealed), 'no-key');
  const { opener } = await makePair({ instance: 4 });
  t.equal(await tryOpen(opener, sealed), 'no-key');
  await opener.addKey(sealer.share());
  t.equal(await tryOpen(opener, reheaded(sealed, kid + 32, 0)), 'unauthentic', 'moved to another layer');
  t.equal(await tryOpen(opener, reheaded(sealed, kid + 1, 0)), 'unauthentic', 'moved to another step');
  t.equal(await tryOpen(opener, sealed), hexText(frameOf(0)));
});

t.test(
  'a receiver follows the ratchet by the KID, two steps and no more, and late frames still open',
  async (t) => {
    const { sealer, opener } = await makePair();
    const before = await sealer.seal(0, 'vp9', frameOf(0));
    await sealer.ratchet();
    await sealer.ratchet();
    t.equal(await tryOpen(opener, await sealer.seal(0, 'vp9', frameOf(1))), hexText(frameOf(1)));
    t.equal(await tryOpen(opener, before), hexText(frameOf(0)), 'a late frame of the step before');
    for (let i = 0; i < 3; i += 1) await sealer.ratchet();
    const far = await sealer.seal(0, 'vp9', frameOf(2));
    t.equal(await tryOpen(opener, far), 'no-key', 'three steps ahead');
    t.equal(await opener.addKey(sealer.share()), 'added');
    t.equal(await opener.addKey(sealer.share()), 'known');
    t.equal(await tryOpen(opener, far), hexText(frameOf(2)), 'once it is told');
  },
);

t.test('who joins opens nothing from before', async (t) => {
  const { sealer } = await makePair();
  const before = await sealer.seal(0, 'vp9', frameOf(0));
  const newcomer = new FrameOpener(camera);
  await newcomer.addKey(await sealer.ratchet());
  t.equal(await tryOpen(newcomer, before), 'no-key');
  t.equal(await tryOpen(newcomer, await sealer.seal(0, 'vp9', frameOf(1))), hexText(frameOf(1)));
});

t.test('forged frames that claim later steps cost two steps, once', async (t) => {
  const { sealer, opener } = await makePair();
  const sealed = await sealer.seal(0, 'vp9', frameOf(0));
  const derive = crypto.subtle.deriveBits.bind(crypto.subtle);
  let ratchets = 0;
  let derivations = 0;
  const counting: typeof derive = (algorithm, key, length) => {
    derivations += 1;
    const { info } = algorithm as unknown as { readonly info: Uint8Array };
    if (new TextDecoder().decode(info).startsWith('Tacet/frame-ratchet/')) ratchets += 1;
    return derive(algorithm, key, length);
  };
  Object.defineProperty(crypto.subtle, 'deriveBits', { value: counting, configurable: true });
  try {
    for (let round = 0; round < 50; round += 1) {
      const claims = Array.from({ length: 31 }, (_, step) =>
        reheaded(sealed, encodeKid({ instance: 3, layer: round % 8, step: step + 1 }), round),
      );
      const results = await Promise.all(claims.map((claim) => tryOpen(opener, claim)));
      t.equal(results.filter((result) => result === 'unauthentic').length, 2);
      t.equal(results.filter((result) => result === 'no-key').length, 29);
    }
  } finally {
    Reflect.deleteProperty(crypto.subtle, 'deriveBits');
  }
  t.equal(ratchets, 2);
  t.equal(derivations, 2 + 2 * 8 * 2, 'two steps, and layer secret and salt of eight layers in each');
  t.equal(await tryOpen(opener, sealed), hexText(frameOf(0)));
});

t.test('an instance is kept until it is dropped, and does not come back', async (t) => {
  const { sealer, opener } = await makePair();
  const old = await sealer.seal(0, 'vp9', frameOf(0));
  const older = await sealer.seal(0, 'vp9', frameOf(1));
  const next = await FrameSealer.open({ ...camera, instance: 4, layers: 1 });
  t.equal(await opener.addKey(next.share()), 'added');
  t.equal(await tryOpen(opener, await next.seal(0, 'vp9', frameOf(2))), hexText(frameOf(2)));
  t.equal(await tryOpen(opener, old), hexText(frameOf(0)));
  opener.dropInstance(3);
  t.equal(await tryOpen(opener, older), 'no-key');
  t.equal(await opener.addKey(sealer.share()), 'dropped');
  t.equal(await tryOpen(opener, old), 'no-key');
});

t.test('keys of at most eight instances are held', async (t) => {
  const opener = new FrameOpener(camera);
  const key = (instance: number) => parseSenderKey(instance, 0, new Uint8Array(32));
  for (let instance = 0; instance < 8; instance += 1) t.equal(await opener.addKey(key(instance)), 'added');
  t.equal(await opener.addKey(key(8)), 'full');
  opener.dropInstance(0);
  t.equal(await opener.addKey(key(8)), 'added');
});

t.test('a sealer stops at the end of its counter and of its ratchet', async (t) => {
  const { sealer, opener } = await makePair({ maxFrames: 3 });
  for (let i = 0; i < 3; i += 1) {
    t.equal(await tryOpen(opener, await sealer.seal(0, 'vp9', frameOf(i))), hexText(frameOf(i)));
  }
  await t.rejects(sealer.seal(0, 'vp9', frameOf(3)), because('key-spent'));
  await sealer.ratchet();
  await t.rejects(sealer.seal(0, 'vp9', frameOf(3)), because('key-spent'), 'a step gives none back');
  t.equal(await tryOpen(opener, await sealer.seal(1, 'vp9', frameOf(4))), hexText(frameOf(4)));
  for (let step = 1; step < 31; step += 1) await sealer.ratchet();
  t.equal(sealer.share().step, 31);
  await t.rejects(sealer.ratchet(), because('key-spent'));
});

t.test('what cannot be sealed is refused and uses no counter', async (t) => {
  const { sealer } = await makePair();
  await t.rejects(sealer.seal(3, 'vp9', frameOf(0)), because('misuse'), 'no such layer');
  await t.rejects(sealer.seal(0, 'vp8', new Uint8Array(0)), because('misuse'), 'no clear byte');
  await t.rejects(sealer.seal(0, 'vp9', new Uint8Array(2 ** 22)), because('misuse'), 'too long');
  t.equal(parseHeader(await sealer.seal(0, 'vp9', frameOf(0))).ctr, 0);
  const [one, two] = [sealer.ratchet(), sealer.ratchet()];
  await t.rejects(two, because('misuse'), 'two steps at once');
  t.equal((await one).step, 1);
  sealer.close();
  await t.rejects(sealer.seal(0, 'vp9', frameOf(0)), because('misuse'));
  await t.rejects(sealer.ratchet(), because('misuse'));
  t.throws(() => sealer.share(), because('misuse'));
  for (const wrong of [{ instance: 65_536 }, { instance: -1 }, { layers: 0 }, { layers: 9 }]) {
    await t.rejects(makePair(wrong), because('misuse'));
  }
  await t.rejects(makePair({ call: new Uint8Array(15) }), because('misuse'));
  t.throws(() => new FrameOpener({ ...camera, call: new Uint8Array(17) }), because('misuse'));
  t.throws(() => parseSenderKey(0, 32, new Uint8Array(32)), because('malformed'));
  t.throws(() => parseSenderKey(65_536, 0, new Uint8Array(32)), because('malformed'));
  t.throws(() => parseSenderKey(0, 0, new Uint8Array(31)), because('malformed'));
});

t.test('no key meets a nonce twice, over restarts, steps and rejoins', async (t) => {
  type Step =
    | { readonly kind: 'seal'; readonly layer: number }
    | { readonly kind: 'ratchet' }
    | { readonly kind: 'restart' };
  const steps = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.nat({ max: 2 }).map((layer): Step => ({ kind: 'seal', layer })) },
      { weight: 2, arbitrary: fc.constant<Step>({ kind: 'ratchet' }) },
      { weight: 1, arbitrary: fc.constant<Step>({ kind: 'restart' }) },
    ),
    { minLength: 5, maxLength: 60 },
  );
  const used = new Set<string>();
  let sealed = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      // Always the same call and the same number: what differs is drawn by the sealer itself.
      const open = () => FrameSealer.open({ ...camera, instance: 0, layers: 3 });
      let sealer = await open();
      for (const step of steps) {
        if (step.kind === 'restart') sealer = await open();
        else if (step.kind === 'ratchet') {
          if (sealer.share().step < 31) await sealer.ratchet();
        } else {
          const { baseKey } = sealer.share();
          // A frame that is on its way while the key steps on, now and then.
          const stepping = sealed % 7 === 0 && sealer.share().step < 31 ? sealer.ratchet() : undefined;
          const { kid, ctr } = parseHeader(await sealer.seal(step.layer, 'opus', frameOf(sealed)));
          await stepping;
          const { key, salt } = layerKey(baseKey, call, 'camera', step.layer, Number(kid));
          used.add(`${hexText(key)} ${hexText(nonceOf(salt, Number(ctr)))}`);
          sealed += 1;
        }
      }
    }),
    { numRuns: 40 },
  );
  t.equal(used.size, sealed);
  t.ok(sealed > 200);
});
