// No bytes crash a decoder: each either parses or throws this room's own error. What this engine parses, the native
// library parses to the same values.
import t from 'tap';
import fc from 'fast-check';
import * as native from '@signalapp/libsignal-client';
import { concat, equalBytes } from '../../crypto/bytes.ts';
import { IdentityKeyPair, PrivateKey, PublicKey } from '../../crypto/ec.ts';
import { isCryptoError } from '../../crypto/errors.ts';
import { PreKeyRecord, SignedPreKeyRecord } from '../../crypto/prekeys.ts';
import { ready } from '../../crypto/ready.ts';
import { SessionRecord } from '../../crypto/session/record.ts';
import { parseFields, Writer } from '../../crypto/wire/codec.ts';
import { PreKeySignalMessage } from '../../crypto/wire/prekey-message.ts';
import { SignalMessage } from '../../crypto/wire/signal-message.ts';
import { makeConversation, makeParty } from '../support/signal-engines.ts';
import { soak } from '../support/schedule.ts';
import { because } from '../support/refusal.ts';
import { seedProperties } from '../support/seed-properties.ts';

await ready();
// Long runs are slow on a busy machine, and the soak is ten times longer.
t.setTimeout(580_000);
seedProperties(t);

const runs = { numRuns: 300 * soak };

/** Whether the work succeeds or fails as it may; anything but this room's error is thrown on. */
function parses(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (isCryptoError(error)) return false;
    throw error;
  }
}

const { alice, bob } = await makeConversation('ours', 'ours');
const whisper = (await alice.encrypt(bob, Buffer.from('whisper'))).bytes;
const carol = makeParty('ours');
await carol.processBundle(bob);
const first = (await carol.encrypt(bob, Buffer.from('first'))).bytes;
const key = PrivateKey.generate();

const decoders: Readonly<Record<string, readonly [Uint8Array<ArrayBuffer>, (bytes: Uint8Array) => unknown]>> =
  {
    SignalMessage: [whisper, (bytes) => SignalMessage.deserialize(bytes)],
    PreKeySignalMessage: [first, (bytes) => PreKeySignalMessage.deserialize(bytes)],
    SessionRecord: [carol.record(bob).serialize(), (bytes) => SessionRecord.deserialize(bytes)],
    IdentityKeyPair: [IdentityKeyPair.generate().serialize(), (bytes) => IdentityKeyPair.deserialize(bytes)],
    PreKeyRecord: [
      PreKeyRecord.new(1, key.getPublicKey(), key).serialize(),
      (bytes) => PreKeyRecord.deserialize(bytes),
    ],
    SignedPreKeyRecord: [
      SignedPreKeyRecord.new(1, 2 ** 41, key.getPublicKey(), key, new Uint8Array(64)).serialize(),
      (bytes) => SignedPreKeyRecord.deserialize(bytes),
    ],
    PublicKey: [key.getPublicKey().serialize(), (bytes) => PublicKey.deserialize(bytes)],
  };

/** Honest bytes with a few of them changed, cut or inserted. */
function mangled(honest: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc
    .array(
      fc.tuple(
        fc.constantFrom('set', 'cut', 'insert'),
        fc.nat(honest.length),
        fc.uint8Array({ maxLength: 4 }),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((changes) => {
      let bytes = Uint8Array.from(honest);
      for (const [how, at, some] of changes) {
        const skip = how === 'insert' ? 0 : Math.max(1, some.length);
        bytes = concat(
          bytes.subarray(0, at),
          how === 'cut' ? new Uint8Array(0) : some,
          bytes.subarray(at + skip),
        );
      }
      return bytes;
    });
}

for (const [name, [honest, decode]] of Object.entries(decoders)) {
  t.test(`no bytes crash ${name}`, async (t) => {
    t.ok(
      parses(() => decode(honest)),
      'the honest form parses',
    );
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mangled(honest)), (bytes) => {
        parses(() => decode(bytes));
      }),
      runs,
    );
    for (let length = 0; length < honest.length; length += 1) {
      if (parses(() => decode(honest.slice(0, length)))) t.fail(`${length} of ${honest.length} bytes parse`);
    }
  });
}

t.test('what parses here parses in the native library, to the same values', async (t) => {
  let both = 0;
  fc.assert(
    fc.property(mangled(whisper), (bytes) => {
      if (!parses(() => SignalMessage.deserialize(bytes))) return;
      const own = SignalMessage.deserialize(bytes);
      const theirs = native.SignalMessage.deserialize(Uint8Array.from(bytes));
      both += 1;
      if (own.counter() !== theirs.counter()) throw new Error('counter');
      if (!equalBytes(own.body(), theirs.body())) throw new Error('body');
      if (!equalBytes(own.pqRatchet(), theirs.pqRatchet())) throw new Error('post-quantum field');
    }),
    { numRuns: 600 * soak },
  );
  fc.assert(
    fc.property(mangled(first), (bytes) => {
      if (!parses(() => PreKeySignalMessage.deserialize(bytes))) return;
      const own = PreKeySignalMessage.deserialize(bytes);
      const theirs = native.PreKeySignalMessage.deserialize(Uint8Array.from(bytes));
      both += 1;
      if (own.preKeyId() !== theirs.preKeyId()) throw new Error('prekey id');
      if (own.registrationId() !== theirs.registrationId()) throw new Error('registration id');
      if (own.signedPreKeyId() !== theirs.signedPreKeyId()) throw new Error('signed prekey id');
    }),
    { numRuns: 600 * soak },
  );
  t.ok(both > 100, `${both} mangled messages parsed in both`);
});

t.test('what is written is read back', async (t) => {
  const integer = fc.maxSafeInteger().map(Math.abs);
  fc.assert(
    fc.property(
      fc.nat(0xffff_ffff),
      integer,
      integer,
      fc.uint8Array({ maxLength: 300 }),
      (a, b, c, bytes) => {
        const written = new Writer(1).integer(1, a).integer(2, b).fixed64(3, c).bytes(20, bytes).finish();
        const fields = parseFields(written, { 1: 'u32', 2: 'u53', 3: 'fixed64', 20: 'bytes' });
        return (
          fields.integer(1) === a &&
          fields.integer(2) === b &&
          fields.integer(3) === c &&
          equalBytes(fields.bytes(20), bytes)
        );
      },
    ),
    runs,
  );
  t.equal(parseFields(new Writer().integer(1, 0).finish(), { 1: 'u32' }).integer(1), 0, 'zero is written');
});

t.test('numbers that no field can hold are not written', async (t) => {
  for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    t.throws(() => new Writer().integer(1, value), because('misuse'), `integer ${value}`);
    t.throws(() => new Writer().fixed64(1, value), because('misuse'), `eight bytes ${value}`);
  }
});

t.test('irregular protobuf is refused', async (t) => {
  const layout = { 1: 'u32', 2: 'bytes', 3: 'fixed64' } as const;
  const wrong: Readonly<Record<string, readonly number[]>> = {
    'field number 0': [0, 1],
    'a field twice': [8, 1, 8, 1],
    'a string twice': [18, 0, 18, 0],
    'an integer where bytes are declared': [16, 1],
    'bytes where an integer is declared': [10, 0],
    'four bytes where eight are declared': [29, 0, 0, 0, 0],
    'an overlong integer': [8, 0x81, 0x00],
    'an overlong tag': [0x88, 0x00, 1],
    'an integer above 32 bits': [8, 0x80, 0x80, 0x80, 0x80, 0x10],
    'an integer of eleven bytes': [8, ...Array.from({ length: 10 }, () => 0x80), 1],
    'an unknown integer above 64 bits': [0x20, ...Array.from({ length: 9 }, () => 0x80), 2],
    'an integer cut short': [8, 0x80],
    'a string longer than the input': [18, 2, 0],
    'a length of 2^62': [18, ...Array.from({ length: 8 }, () => 0xff), 0x3f],
    'a group': [11, 12],
    'an end of a group': [12],
    'wire type 6': [14, 0],
    'wire type 7': [15, 0],
    'eight bytes cut short': [25, 1, 2, 3],
    'eight bytes above what a number holds': [25, ...Array.from({ length: 8 }, () => 0xff)],
    'a tag alone': [8],
    'four unknown bytes cut short': [0x2d, 0, 0],
  };
  for (const [what, bytes] of Object.entries(wrong)) {
    t.notOk(
      parses(() => parseFields(Uint8Array.from(bytes), layout)),
      what,
    );
  }
  const widest = [0x20, ...Array.from({ length: 9 }, () => 0xff), 1];
  t.ok(
    parses(() => parseFields(Uint8Array.from(widest), layout)),
    'an unknown integer of 64 bits',
  );
  const skipped = [0x20, 0x05, 0x2a, 0x01, 0x00, 0x2d, 1, 2, 3, 4, 0x31, 1, 2, 3, 4, 5, 6, 7, 8];
  t.ok(
    parses(() => parseFields(Uint8Array.from(skipped), layout)),
    'unknown fields of every permitted type',
  );
});
