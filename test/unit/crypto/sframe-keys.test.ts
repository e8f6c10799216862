import t from 'tap';
import fc from 'fast-check';
import { CODECS, FrameOpener, FrameSealer, parseSenderKey } from '@tacet/crypto/sframe';
import { parseHeader } from '../../../crypto/sframe/header.ts';
import { encodeKid } from '../../../crypto/sframe/kid.ts';
import { call, camera, frameOf, makeFramePair, reheaded, tryOpen } from '../../support/frame-pair.ts';
import { hexText } from '../../support/mangle.ts';
import { because } from '../../support/refusal.ts';
import { seedProperties } from '../../support/seed-properties.ts';
import { gcmOpen, layerKey, nonceOf, ratcheted } from '../../support/sframe-reference.ts';

seedProperties(t);

t.test('keys and nonces are those that the documents say, through every step', async (t) => {
  const { sealer } = await makeFramePair();
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

t.test(
  'a receiver follows the ratchet by the KID, two steps and no more, and late frames still open',
  async (t) => {
    const { sealer, opener } = await makeFramePair();
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
  const { sealer } = await makeFramePair();
  const before = await sealer.seal(0, 'vp9', frameOf(0));
  const newcomer = new FrameOpener(camera);
  await newcomer.addKey(await sealer.ratchet());
  t.equal(await tryOpen(newcomer, before), 'no-key');
  t.equal(await tryOpen(newcomer, await sealer.seal(0, 'vp9', frameOf(1))), hexText(frameOf(1)));
});

t.test('forged frames that claim later steps cost two steps, once', async (t) => {
  const { sealer, opener } = await makeFramePair();
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
  const { sealer, opener } = await makeFramePair();
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
  const { sealer, opener } = await makeFramePair({ maxFrames: 3 });
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
  const { sealer } = await makeFramePair();
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
    await t.rejects(makeFramePair(wrong), because('misuse'));
  }
  await t.rejects(makeFramePair({ call: new Uint8Array(15) }), because('misuse'));
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
