import t from 'tap';
import fc from 'fast-check';
import * as Native from '@signalapp/libsignal-client';
import { CiphertextMessageType } from '../../../crypto/ciphertext-message.ts';
import { DecryptionErrorMessage, PlaintextContent } from '../../../crypto/decryption-error.ts';
import { PrivateKey } from '../../../crypto/ec.ts';
import { isCryptoError } from '../../../crypto/errors.ts';
import { ready } from '../../../crypto/ready.ts';
import { PreKeySignalMessage } from '../../../crypto/wire/prekey-message.ts';
import { SignalMessage } from '../../../crypto/wire/signal-message.ts';
import { bitFlips, extended, hexText, truncations } from '../../support/mangle.ts';
import { because } from '../../support/refusal.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

await ready();

const ratchet = PrivateKey.deserialize(new Uint8Array(32).fill(3)).getPublicKey();
const identity = PrivateKey.deserialize(new Uint8Array(32).fill(4)).getPublicKey();
const whisper = SignalMessage._encode({
  macKey: new Uint8Array(32),
  ratchetKey: ratchet.serialize(),
  counter: 0,
  previousCounter: 0,
  ciphertext: new Uint8Array(16),
  pqRatchet: Uint8Array.of(1, 1, 1, 0),
  addresses: undefined,
  senderIdentity: identity.serialize(),
  receiverIdentity: identity.serialize(),
});
const kyberCiphertext = new Uint8Array(1569);
kyberCiphertext[0] = 8;
const prekey = PreKeySignalMessage._encode({
  registrationId: 1,
  preKeyId: undefined,
  signedPreKeyId: 1,
  kyberPreKeyId: 1,
  kyberCiphertext,
  baseKey: identity.serialize(),
  identityKey: identity.serialize(),
  message: whisper,
});
const { Whisper, PreKey, SenderKey, Plaintext } = CiphertextMessageType;

t.test('a decryption error names the ratchet key of the message, in the bytes of native libsignal', (t) => {
  for (const [bytes, type] of [
    [whisper, Whisper],
    [prekey, PreKey],
  ] as const) {
    const ours = DecryptionErrorMessage.forOriginal(bytes, type, 1_234_567_890_123, 3);
    const native = Native.DecryptionErrorMessage.forOriginal(bytes, type, 1_234_567_890_123, 3);
    t.equal(hexText(ours.serialize()), hexText(native.serialize()));
    t.ok(ours.ratchetKey()?.equals(ratchet));
    t.equal(ours.timestamp(), 1_234_567_890_123);
    t.equal(ours.deviceId(), 3);
  }
  t.end();
});

t.test('about a group message it names no ratchet key', (t) => {
  const ours = DecryptionErrorMessage.forOriginal(Uint8Array.of(1, 2, 3), SenderKey, 0, 0);
  const native = Native.DecryptionErrorMessage.forOriginal(Uint8Array.of(1, 2, 3), SenderKey, 0, 0);
  t.equal(hexText(ours.serialize()), hexText(native.serialize()));
  t.equal(ours.ratchetKey(), undefined);
  t.end();
});

t.test(
  'it is not made for plaintext contents, unknown types, broken messages or numbers out of range',
  (t) => {
    const make = (bytes: Uint8Array, type: number, at = 1, device = 1): DecryptionErrorMessage =>
      DecryptionErrorMessage.forOriginal(bytes, type as CiphertextMessageType, at, device);
    t.throws(() => make(whisper, Plaintext), because('misuse'));
    t.throws(() => make(whisper, 5), because('misuse'));
    t.throws(() => make(whisper, PreKey), because('malformed'));
    t.throws(() => make(whisper.subarray(0, 20), Whisper), because('malformed'));
    t.throws(() => make(whisper, Whisper, 0.5), because('misuse'));
    t.throws(() => make(whisper, Whisper, -1), because('misuse'));
    t.throws(() => make(whisper, Whisper, 1, -1), because('misuse'));
    t.throws(() => make(whisper, Whisper, 1, 2 ** 32), because('misuse'));
    t.end();
  },
);

t.test('it travels as plaintext content both ways between this code and native libsignal', (t) => {
  const ours = PlaintextContent.from(DecryptionErrorMessage.forOriginal(whisper, Whisper, 5, 1));
  const native = Native.PlaintextContent.from(
    Native.DecryptionErrorMessage.forOriginal(whisper, Whisper, 5, 1),
  );
  t.equal(hexText(ours.serialize()), hexText(native.serialize()));
  t.equal(hexText(ours.body()), hexText(native.body()));
  t.equal(ours.asCiphertextMessage().type(), Plaintext);
  t.equal(hexText(ours.asCiphertextMessage().serialize()), hexText(native.serialize()));

  const read = DecryptionErrorMessage.extractFromSerializedBody(
    PlaintextContent.deserialize(native.serialize()).body(),
  );
  t.ok(read.ratchetKey()?.equals(ratchet));
  t.equal(read.timestamp(), 5);
  const readNatively = Native.DecryptionErrorMessage.extractFromSerializedBody(
    Native.PlaintextContent.deserialize(ours.serialize()).body(),
  );
  t.equal(readNatively.timestamp(), 5);
  t.end();
});

t.test('optional fields may be missing, the timestamp may not', (t) => {
  const bare = DecryptionErrorMessage.deserialize(Uint8Array.of(0x10, 5));
  t.equal(bare.timestamp(), 5);
  t.equal(bare.deviceId(), 0);
  t.equal(bare.ratchetKey(), undefined);
  t.throws(() => DecryptionErrorMessage.deserialize(new Uint8Array(0)), because('malformed'));
  t.throws(() => DecryptionErrorMessage.deserialize(Uint8Array.of(0x18, 1)), because('malformed'));
  t.throws(() => DecryptionErrorMessage.deserialize(Uint8Array.of(0x0a, 1, 5, 0x10, 5)), because('bad-key'));
  t.end();
});

t.test('a plaintext content needs its first byte, and its body the end byte and nothing behind it', (t) => {
  const content = PlaintextContent.from(DecryptionErrorMessage.forOriginal(whisper, Whisper, 5, 1));
  t.throws(() => PlaintextContent.deserialize(new Uint8Array(0)), because('malformed'));
  t.throws(() => PlaintextContent.deserialize(content.body()), because('bad-version'));
  const body = content.body();
  const extract = (bytes: Uint8Array): unknown => DecryptionErrorMessage.extractFromSerializedBody(bytes);
  for (const cut of truncations(body))
    t.throws(() => extract(cut), because('malformed'), `cut to ${cut.length}`);
  t.throws(() => extract(extended(body, 0)), because('malformed'));
  t.throws(() => extract(extended(body, 0x80)), because('malformed'));
  t.throws(() => extract(content.serialize()), { name: 'LibSignalError' }, 'the whole content is no body');
  t.throws(() => extract(Uint8Array.of(0x0a, 0, 0x80)), because('misuse'), 'another content');
  t.end();
});

t.test('a changed byte gives another error message or a refusal, never a crash', (t) => {
  const bytes = DecryptionErrorMessage.forOriginal(whisper, Whisper, 1_234_567_890_123, 3).serialize();
  for (const { at, bytes: flipped } of bitFlips(bytes)) {
    try {
      const read = DecryptionErrorMessage.deserialize(flipped);
      t.equal(hexText(read.serialize()), hexText(flipped), `byte ${at}`);
    } catch (error) {
      t.ok(isCryptoError(error), `byte ${at} is refused`);
    }
  }
  t.end();
});

t.test('any bytes are read as they are or refused', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      for (const read of [
        () => DecryptionErrorMessage.deserialize(bytes).serialize(),
        () => PlaintextContent.deserialize(bytes).serialize(),
        () => (DecryptionErrorMessage.extractFromSerializedBody(bytes), bytes),
      ]) {
        try {
          if (hexText(read()) !== hexText(bytes)) return false;
        } catch (error) {
          if (!isCryptoError(error)) return false;
        }
      }
      return true;
    }),
  );
  t.pass('no run changed or crashed');
  t.end();
});
