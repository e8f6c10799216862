// What the engine says before `ready()` was awaited. No test of this file may await it.
import t from 'tap';
import vectors from '../../vectors/session.json' with { type: 'json' };
import { PrivateKey, ProtocolAddress, SessionRecord, SignalMessage } from '@tacet/crypto';
import { fromHex } from '../../../crypto/bytes.ts';
import { decryptWhisper } from '../../../crypto/session/exchange.ts';
import { Writer } from '../../../crypto/wire/codec.ts';
import { because } from '../../support/refusal.ts';

t.test('a message that cannot be tried yet is not called one that no session opens', async (t) => {
  const record = SessionRecord.deserialize(fromHex(vectors.sessions[0]?.record ?? ''));
  const name = '3ad493c8-fab6-41b3-8548-5a7d38f63e21';
  const bytes = new Writer()
    .raw(Uint8Array.of(0x44))
    .bytes(1, Uint8Array.of(5, ...new Uint8Array(32).fill(9)))
    .integer(2, 0)
    .integer(3, 0)
    .bytes(4, new Uint8Array(16))
    .bytes(5, Uint8Array.of(1, 1, 1, 0))
    .raw(new Uint8Array(8))
    .finish();
  const ends = { local: ProtocolAddress.new(name, 1), remote: ProtocolAddress.new(name, 1) };
  t.throws(() => decryptWhisper(record, SignalMessage.deserialize(bytes), ends), because('not-ready'));
});

t.test('no key is made and none agrees', async (t) => {
  t.throws(() => PrivateKey.generate().getPublicKey(), because('not-ready'));
});
