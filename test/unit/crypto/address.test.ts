import t from 'tap';
import * as native from '@signalapp/libsignal-client';
import { Aci, formatUuid, parseUuid, Pni, ProtocolAddress, ServiceId } from '../../../crypto/address.ts';
import { isCryptoError } from '../../../crypto/errors.ts';
import { hexText } from '../../support/mangle.ts';

const UUID = '8c78cd2a-16ff-427d-83dc-1a5e36ce713d';

t.test('service ids have the native library’s forms', async (t) => {
  const pairs = [
    [Aci.fromUuid(UUID), native.Aci.fromUuid(UUID)],
    [Pni.fromUuid(UUID), native.Pni.fromUuid(UUID)],
  ] as const;
  for (const [own, theirs] of pairs) {
    t.equal(own.getServiceIdString(), theirs.getServiceIdString());
    t.equal(own.toString(), theirs.toString());
    t.equal(own.getRawUuid(), theirs.getRawUuid());
    t.same(own.getRawUuidBytes(), theirs.getRawUuidBytes());
    t.equal(hexText(own.getServiceIdBinary()), hexText(theirs.getServiceIdBinary()));
    t.equal(hexText(own.getServiceIdFixedWidthBinary()), hexText(theirs.getServiceIdFixedWidthBinary()));
    t.ok(ServiceId.parseFromServiceIdBinary(own.getServiceIdBinary()).isEqual(own));
    t.ok(ServiceId.parseFromServiceIdString(own.getServiceIdString()).isEqual(own));
    t.ok(ServiceId.parseFromServiceIdFixedWidthBinary(own.getServiceIdFixedWidthBinary()).isEqual(own));
  }
  t.ok(ServiceId.comparator(Aci.fromUuid(UUID), Pni.fromUuid(UUID)) < 0);
  t.notOk(Aci.fromUuid(UUID).isEqual(Pni.fromUuid(UUID)));
});

t.test('UUIDs have one form; anything else is none', async (t) => {
  t.equal(formatUuid(parseUuid(UUID) ?? new Uint8Array(16)), UUID);
  t.equal(formatUuid(parseUuid(UUID.toUpperCase()) ?? new Uint8Array(16)), UUID);
  for (const text of ['', UUID.slice(1), `${UUID}0`, UUID.replaceAll('-', ''), `{${UUID}}`, `${UUID}\n`]) {
    t.equal(parseUuid(text), undefined, JSON.stringify(text));
  }
});

t.test('malformed service ids are refused', async (t) => {
  for (const text of ['x', `pni:${UUID}`, `PNI:PNI:${UUID}`, `ACI:${UUID}`]) {
    t.throws(() => ServiceId.parseFromServiceIdString(text), { code: 0 }, text);
  }
  for (const length of [0, 15, 17, 18]) {
    t.throws(() => ServiceId.parseFromServiceIdBinary(new Uint8Array(length)), { code: 0 }, String(length));
  }
  t.throws(() => ServiceId.parseFromServiceIdFixedWidthBinary(new Uint8Array(17).fill(2)), TypeError);
  t.throws(() => Aci.fromUuid('x'), TypeError);
  t.throws(() => Aci.fromUuidBytes(new Uint8Array(15)), TypeError);
});

t.test('addresses take device ids from 1 to 127 and nothing else', async (t) => {
  for (const deviceId of [1, 64, 127]) t.equal(ProtocolAddress.new(UUID, deviceId).deviceId(), deviceId);
  for (const deviceId of [0, 128, -1, 1.5, Number.NaN, Infinity]) {
    try {
      ProtocolAddress.new(UUID, deviceId);
      t.fail(`accepted ${deviceId}`);
    } catch (error) {
      t.ok(isCryptoError(error, 'bad-address') && error.code === 5, `refused ${deviceId}`);
    }
  }
});

t.test('an address has a wire form only when its name is a service id', async (t) => {
  const address = ProtocolAddress.new(UUID, 7);
  t.equal(hexText(address._wireForm() ?? new Uint8Array(0)), `00${UUID.replaceAll('-', '')}07`);
  const pni = ProtocolAddress.new(Pni.fromUuid(UUID), 7);
  t.equal(hexText(pni._wireForm() ?? new Uint8Array(0)), `01${UUID.replaceAll('-', '')}07`);
  t.ok(pni.serviceId()?.isEqual(Pni.fromUuid(UUID)));
  t.equal(pni.toString(), `PNI:${UUID}.7`);
  t.equal(ProtocolAddress.new('alice', 7)._wireForm(), undefined);
  t.equal(ProtocolAddress.new('alice', 7).serviceId(), null);
});
