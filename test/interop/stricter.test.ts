// What the native library lets pass and this engine refuses: the table in crypto/SPEC.md, and where the two must still agree.
import t from 'tap';
import { ready } from '@tacet/crypto';
import { concat } from '../../crypto/bytes.ts';
import { Writer } from '../../crypto/wire/codec.ts';
import { forgeFirstMessage, forgeMessage, sessionOf } from '../support/forge.ts';
import type { Forgery } from '../support/forge.ts';
import { libraries, makeConversation, makeParty } from '../support/signal-engines.ts';
import { accepts, engines, failureOf, plaintext, refuses, withByte } from '../support/verdicts.ts';

await ready();

t.test('what the native library lets pass and this engine refuses', async (t) => {
  const looser: Readonly<Record<string, Forgery>> = {
    'another low nibble of the version byte': { versionByte: 0x43 },
    'bytes behind the post-quantum message': { pqField: (honest) => concat(honest, Uint8Array.of(0)) },
    'bytes behind a public key': { ratchetKey: (honest) => concat(honest, Uint8Array.of(0)) },
  };
  for (const [what, forgery] of Object.entries(looser)) {
    const lenient = await makeConversation('ours', 'native');
    const loose = forgeMessage(lenient.alice, lenient.bob, plaintext, forgery);
    await accepts(t, lenient.bob, lenient.alice, loose, `native: ${what}`);
    const { alice, bob } = await makeConversation('ours', 'ours');
    await refuses(t, bob, alice, forgeMessage(alice, bob, plaintext, forgery), `ours: ${what}`);
  }
  for (const engine of engines) {
    const first: Readonly<Record<string, Forgery>> = {
      // A message of epoch 1 with index 0 has no post-quantum key; native then uses none.
      'post-quantum index 0 without a key': { pqField: withByte(2, 0), pqKey: () => new Uint8Array(32) },
      // Native takes every version of a first message for version 1.
      'a post-quantum version above 1': { pqField: withByte(0, 2) },
    };
    for (const [what, forgery] of Object.entries(first)) {
      const alice = makeParty('ours');
      const bob = makeParty(engine);
      await alice.processBundle(bob);
      const wire = forgeFirstMessage(alice, bob, plaintext, forgery);
      if (engine === 'native') await accepts(t, bob, alice, wire, `native: ${what}`);
      else await refuses(t, bob, alice, wire, `ours: ${what}`);
    }
  }
});

t.test('a message has one encoding here, where the native library reads others too', async (t) => {
  const { alice, bob } = await makeConversation('ours', 'ours');
  const { bytes } = await alice.encrypt(bob, plaintext);
  // Version byte, then field 1 with its key of 33 bytes, then field 2 in one byte, then field 3 in one byte.
  const counterAt = 1 + 2 + 33 + 1;
  const tagOfThird = counterAt + 1;
  const others: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
    'a field twice': Uint8Array.of(bytes[0] ?? 0, 0x10, 5, ...bytes.subarray(1)),
    'an overlong integer': Uint8Array.of(
      ...bytes.subarray(0, counterAt),
      (bytes[counterAt] ?? 0) | 0x80,
      0,
      ...bytes.subarray(counterAt + 1),
    ),
    'an integer above 32 bits': Uint8Array.of(
      ...bytes.subarray(0, counterAt),
      (bytes[counterAt] ?? 0) | 0x80,
      0x80,
      0x80,
      0x80,
      0x10,
      ...bytes.subarray(counterAt + 1),
    ),
    'no previous counter': Uint8Array.of(...bytes.subarray(0, tagOfThird), ...bytes.subarray(tagOfThird + 2)),
    'a group': Uint8Array.of(bytes[0] ?? 0, 0x4b, 0x4c, ...bytes.subarray(1)),
  };
  for (const [what, other] of Object.entries(others)) {
    t.equal(libraries.native.SignalMessage.deserialize(other).counter(), 0, `native: ${what}`);
    t.equal(await failureOf(() => libraries.ours.SignalMessage.deserialize(other)), 0, `ours: ${what}`);
  }
});

t.test('a first message says its registration id here; the native library takes none for 0', async (t) => {
  const alice = makeParty('ours');
  const bob = makeParty('ours');
  await alice.processBundle(bob);
  const { baseKey, localIdentity, pending } = sessionOf(alice, bob);
  if (pending === undefined) throw new Error('the session was answered');
  const { bytes } = forgeMessage(alice, bob, plaintext, {});
  const without = new Writer()
    .raw(Uint8Array.of(0x44))
    .bytes(2, baseKey)
    .bytes(3, localIdentity)
    .bytes(4, bytes)
    .integer(6, pending.signedPreKeyId)
    .integer(7, pending.kyberPreKeyId)
    .bytes(8, pending.kyberCiphertext)
    .finish();
  t.equal(libraries.native.PreKeySignalMessage.deserialize(without).registrationId(), 0);
  t.equal(await failureOf(() => libraries.ours.PreKeySignalMessage.deserialize(without)), 0);
});

t.test('a signature has one form here; the native library takes a second one for it', async (t) => {
  const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
  const key = libraries.native.PrivateKey.generate();
  const signature = key.sign(plaintext);
  const sign = (signature[63] ?? 0) & 0x80;
  let scalar = 0n;
  for (let i = 63; i >= 32; i -= 1)
    scalar = (scalar << 8n) | BigInt((signature[i] ?? 0) & (i === 63 ? 0x7f : 0xff));
  const second = signature.slice();
  for (let i = 0; i < 32; i += 1) second[32 + i] = Number(((scalar + order) >> BigInt(8 * i)) & 0xffn);
  second[63] = (second[63] ?? 0) | sign;
  const wire = key.getPublicKey().serialize();
  for (const engine of engines) {
    const publicKey = libraries[engine].PublicKey.deserialize(wire);
    t.ok(publicKey.verify(plaintext, signature));
    t.equal(publicKey.verify(plaintext, second), engine === 'native', engine);
  }
});

for (const engine of engines) {
  t.test(`${engine}: unknown integers of 64 bits are skipped, wider ones are refused`, async (t) => {
    const { alice, bob } = await makeConversation('ours', 'ours');
    const { bytes } = await alice.encrypt(bob, plaintext);
    for (const [last, fits] of [
      [1, true],
      [2, false],
    ] as const) {
      const wide = [0x48, ...Array.from({ length: 9 }, () => 0x80), last];
      const other = Uint8Array.of(bytes[0] ?? 0, ...wide, ...bytes.subarray(1));
      const failure = await failureOf(() => libraries[engine].SignalMessage.deserialize(other));
      t.equal(failure, fits ? 'no error' : 0);
    }
  });
}
