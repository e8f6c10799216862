import t from 'tap';
import fc from 'fast-check';
import { Check } from 'typebox/schema';
import { B64u, Bytes, decodeB64u, encodeB64u } from '@tacet/protocol/bytes';
import { idBytes, idOf, parseAccountId, uuidBytes, uuidText, type AccountId } from '@tacet/protocol/ids';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

t.test('base64url agrees with Node for any bytes and comes back', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = encodeB64u(bytes);
      return (
        text === Buffer.from(bytes).toString('base64url') && Buffer.from(decodeB64u(text) ?? []).equals(bytes)
      );
    }),
  );
  t.pass('every run agreed');
  t.end();
});

t.test('base64url refuses padding, other alphabets, stray bits and impossible lengths', (t) => {
  for (const text of ['AA==', 'A', 'AB', 'AAB', '+/AA', 'AA A', 'é', 'AAAAA']) {
    t.equal(decodeB64u(text), undefined, text);
  }
  t.end();
});

t.test('the byte schemas hold exact lengths', (t) => {
  t.ok(Check(Bytes(16), new Uint8Array(16)));
  t.notOk(Check(Bytes(16), new Uint8Array(15)));
  t.notOk(Check(Bytes(16), 'AAAAAAAAAAAAAAAAAAAAAA'));
  t.ok(Check(Bytes(1, 3), new Uint8Array(3)));
  t.notOk(Check(Bytes(1, 3), new Uint8Array(0)));
  t.ok(Check(B64u(16), encodeB64u(new Uint8Array(16))));
  t.notOk(Check(B64u(16), encodeB64u(new Uint8Array(17))));
  t.notOk(Check(B64u(16), 'AAAAAAAAAAAAAAAAAAAAA='));
  t.end();
});

t.test('ids keep their bytes through text and UUID form', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const id = idOf<AccountId>(bytes);
      return (
        parseAccountId(id) === id &&
        Buffer.from(idBytes(id)).equals(bytes) &&
        Buffer.from(uuidBytes(uuidText(id)) ?? []).equals(bytes)
      );
    }),
  );
  t.equal(parseAccountId('short'), undefined);
  t.equal(parseAccountId('AAAAAAAAAAAAAAAAAAAAAB'), undefined, 'stray bits');
  t.equal(uuidBytes('00000000-0000-0000-0000-00000000000G'), undefined);
  t.equal(uuidBytes('0000000A-0000-0000-0000-000000000000'), undefined, 'upper case');
  t.end();
});
