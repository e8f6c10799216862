/** Device lists, departures and statements: believed only as the right key signed them, and only onwards. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { PrivateKey, ready } from '@tacet/crypto';
import { sha256, signLabelled } from '@tacet/crypto/vault';
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { signedDeviceList, type DeviceList } from '@tacet/protocol/signed/device-list';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { signedDeparture, signedStatement, type Statement } from '@tacet/protocol/signed/statement';
import type { SignedBytes } from '../../../client/core/db/stored-device.ts';
import {
  succession,
  verifiedDepartures,
  verifyList,
  verifyStatement,
  type ListedDevice,
} from '../../../client/core/device-lists.ts';

await ready();

const account = idOf<AccountId>(new Uint8Array(randomBytes(16)));
const accountKey = PrivateKey.generate();
const publicKey = accountKey.getPublicKey().serialize();
const identity = PrivateKey.generate();
const device: ListedDevice = {
  device: idOf<DeviceId>(new Uint8Array(randomBytes(16))),
  identityKey: identity.getPublicKey().serialize(),
  registrationId: 5,
  addedAt: 1,
};
const first: DeviceList = {
  account: idBytes(account),
  counter: 1,
  previous: new Uint8Array(32),
  recordKeyHash: new Uint8Array(32),
  devices: [{ ...device, device: idBytes(device.device) }],
};

function signList(list: DeviceList, key = accountKey): SignedBytes {
  const bytes = signedDeviceList.encode(list);
  return { bytes, signature: signLabelled(key, SIGNED_LABELS.deviceList, bytes) };
}

t.test('a list that the account key signed is read', (t) => {
  const list = verifyList(account, publicKey, signList(first));
  t.strictSame(list.devices, [device]);
  t.strictSame(list.hash, sha256(signedDeviceList.encode(first)));
  t.end();
});

t.test('a list is refused when anything about it is off', (t) => {
  const honest = signList(first);
  const flipped = new Uint8Array(honest.bytes);
  flipped[flipped.length - 1] = (flipped[flipped.length - 1] ?? 0) ^ 1;
  const twice = { ...first, devices: [...first.devices, ...first.devices] };
  const sameKey = {
    ...first,
    devices: [...first.devices, { ...first.devices[0]!, device: randomBytes(16) }],
  };
  const departure = signedDeparture.encode({
    account: idBytes(account),
    device: idBytes(device.device),
    departedAt: 1,
  });
  const cases: readonly (readonly [string, () => unknown])[] = [
    ['another key', () => verifyList(account, publicKey, signList(first, identity))],
    ['a flipped bit', () => verifyList(account, publicKey, { ...honest, bytes: flipped })],
    ['another account', () => verifyList(idOf<AccountId>(new Uint8Array(16)), publicKey, honest)],
    ['a device twice', () => verifyList(account, publicKey, signList(twice))],
    ['a key twice', () => verifyList(account, publicKey, signList(sameKey))],
    ['a key that is none', () => verifyList(account, new Uint8Array(33), honest)],
    [
      'a signature for another purpose',
      () =>
        verifyList(account, publicKey, {
          bytes: departure,
          signature: signLabelled(accountKey, SIGNED_LABELS.departure, departure),
        }),
    ],
  ];
  for (const [name, run] of cases) t.throws(run, { code: 'server-dishonest' }, name);
  t.end();
});

t.test('lists go on from one another and never back', (t) => {
  const one = verifyList(account, publicKey, signList(first));
  const second = { ...first, counter: 2, previous: one.hash };
  const two = verifyList(account, publicKey, signList(second));
  t.equal(succession(one, one), 'same');
  t.equal(succession(two, one), 'newer');
  t.equal(succession(one, two), 'older');
  const elsewhere = verifyList(account, publicKey, signList({ ...second, previous: new Uint8Array(32) }));
  t.equal(succession(elsewhere, one), 'fork', 'the next one must name the one before');
  t.equal(succession(elsewhere, two), 'fork', 'the same counter with another hash');
  const later = verifyList(account, publicKey, signList({ ...first, counter: 9 }));
  t.equal(succession(later, one), 'newer', 'links between that were never seen cannot be checked');
  t.end();
});

t.test('only a listed device’s own notice makes it departed', (t) => {
  const list = verifyList(account, publicKey, signList(first));
  const notice = (key: PrivateKey, who = account): SignedBytes => {
    const bytes = signedDeparture.encode({
      account: idBytes(who),
      device: idBytes(device.device),
      departedAt: 7,
    });
    return { bytes, signature: signLabelled(key, SIGNED_LABELS.departure, bytes) };
  };
  t.strictSame(verifiedDepartures(account, list, [notice(identity)]), [device.device]);
  t.strictSame(verifiedDepartures(account, list, [notice(accountKey)]), [], 'not by another key');
  t.strictSame(verifiedDepartures(account, list, [notice(identity, idOf(new Uint8Array(16)))]), []);
  t.strictSame(
    verifiedDepartures(account, list, [{ bytes: new Uint8Array(3), signature: new Uint8Array(64) }]),
    [],
  );
  t.end();
});

t.test('a statement must be the device’s, newer than one seen, and name the keys handed out', (t) => {
  const signedKey = PrivateKey.generate().getPublicKey().serialize();
  const kyberKey = new Uint8Array(1569).fill(8);
  const keys = { signed: { id: 4, publicKey: signedKey }, kyber: { id: 5, publicKey: kyberKey } };
  const honest: Statement = {
    device: idBytes(device.device),
    listHash: new Uint8Array(32),
    content: 1,
    session: 4,
    signedId: 4,
    signedHash: sha256(signedKey),
    lastResortId: 5,
    lastResortHash: sha256(kyberKey),
    statedAt: 100,
  };
  const sign = (statement: Statement, key = identity): SignedBytes => {
    const bytes = signedStatement.encode(statement);
    return { bytes, signature: signLabelled(key, SIGNED_LABELS.statement, bytes) };
  };
  t.equal(verifyStatement(device, sign(honest), keys, 100).statedAt, 100);
  t.ok(
    verifyStatement(device, sign(honest), { ...keys, kyber: { id: 9, publicKey: new Uint8Array(1569) } }, 0),
    'a one-time key is not named',
  );
  const cases: readonly (readonly [string, () => unknown])[] = [
    ['older than one seen', () => verifyStatement(device, sign(honest), keys, 101)],
    ['another device', () => verifyStatement(device, sign({ ...honest, device: randomBytes(16) }), keys, 0)],
    ['another key', () => verifyStatement(device, sign(honest, accountKey), keys, 0)],
    [
      'another signed prekey',
      () => verifyStatement(device, sign(honest), { ...keys, signed: { id: 4, publicKey } }, 0),
    ],
    [
      'another id of it',
      () => verifyStatement(device, sign(honest), { ...keys, signed: { id: 3, publicKey: signedKey } }, 0),
    ],
    [
      'another last-resort key',
      () => verifyStatement(device, sign(honest), { ...keys, kyber: { id: 5, publicKey: signedKey } }, 0),
    ],
  ];
  for (const [name, run] of cases) t.throws(run, { code: 'server-dishonest' }, name);
  t.end();
});
