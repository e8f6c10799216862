/** What follows from a call's secret, against the formulas of docs/sealed-forms.md in Node's own cryptography. */
import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import t from 'tap';
import {
  callCode,
  callCommitment,
  callRoom,
  generateKey,
  keyFrom,
  openCallJoin,
  sealCallJoin,
  type CallSecret,
  type CallSide,
} from '@tacet/crypto/vault';
import { ready } from '../../../crypto/ready.ts';
import { bitFlips, extended, truncations } from '../../support/mangle.ts';
import { because } from '../../support/refusal.ts';

await ready();

const secret = generateKey<CallSecret>();
const call = randomBytes(16);
const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();
const labelled = (label: string, ...fields: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from(`${label}\0`), ...fields]);
const derived = (label: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(32), labelled(label, call), 32));

t.test('room and key are those of the formulas, others for another call or secret', async (t) => {
  const { room, key } = callRoom(secret, call);
  t.same(Buffer.from(room), derived('Tacet/call-room/v1').subarray(0, 16));
  t.same(Buffer.from(key), derived('Tacet/call-join-key/v1'));
  t.notSame(callRoom(secret, randomBytes(16)), { room, key });
  t.notSame(callRoom(generateKey<CallSecret>(), call), { room, key });
  t.throws(() => callRoom(secret, randomBytes(15)), because('misuse'));
});

t.test('a join opens with the secret of its own call alone, and its size tells little', async (t) => {
  const join = randomBytes(2_000);
  const sealed = sealCallJoin(secret, call, join);
  t.ok(join.equals(openCallJoin(secret, call, sealed)));
  t.equal(sealCallJoin(secret, call, randomBytes(1)).length, sealed.length);
  t.notOk(Buffer.from(sealed).equals(sealCallJoin(secret, call, join)), 'sealed anew each time');
  t.throws(() => openCallJoin(secret, randomBytes(16), sealed), because('bad-seal'));
  t.throws(() => openCallJoin(generateKey<CallSecret>(), call, sealed), because('bad-seal'));
  const flips = [...bitFlips(sealed)].map(({ bytes }) => bytes);
  const wrong = [...truncations(sealed), ...flips].filter((_, i) => i % 97 === 0);
  for (const bytes of [...wrong, extended(sealed, 0)]) t.throws(() => openCallJoin(secret, call, bytes));
});

t.test('the code is that of the formula, and another for another nonce, join or side', async (t) => {
  const makeSide = (): CallSide => ({ join: randomBytes(4_137), nonce: randomBytes(32) });
  const [caller, callee] = [makeSide(), makeSide()];
  const mac = createHmac('sha256', secret)
    .update(
      labelled(
        'Tacet/call-code/v1',
        call,
        caller.nonce,
        callee.nonce,
        sha256(caller.join),
        sha256(callee.join),
      ),
    )
    .digest();
  const code = callCode(secret, call, caller, callee);
  t.equal(code, String(mac.readUIntBE(0, 6) % 1_000_000).padStart(6, '0'));
  t.equal(callCode(keyFrom<CallSecret>(secret), call, caller, callee), code);
  const others = [
    callCode(secret, call, callee, caller),
    callCode(secret, call, { ...caller, nonce: randomBytes(32) }, callee),
    callCode(secret, call, caller, { ...callee, join: randomBytes(4_137) }),
    callCode(secret, randomBytes(16), caller, callee),
    callCode(generateKey<CallSecret>(), call, caller, callee),
  ];
  // Each is the same by chance once in a million times; all of them never.
  t.ok(others.filter((other) => other !== code).length >= 4);
  t.throws(() => callCode(secret, call, { ...caller, nonce: randomBytes(31) }, callee), because('misuse'));
  t.same(Buffer.from(callCommitment(caller.nonce)), sha256(labelled('Tacet/call-nonce/v1', caller.nonce)));
});
