/** The device list over real HTTP: added devices, removed devices, compare-and-set, what ends with the commit. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { encodeB64u } from '@tacet/protocol/bytes';
import { idBytes } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { getRecord } from '@tacet/protocol/rest/accounts';
import { addDevice, changeList, getDirectory } from '@tacet/protocol/rest/devices';
import { getPreKeys } from '@tacet/protocol/rest/keys';
import { signedAddDevice, signedChangeList } from '@tacet/protocol/signed/requests';
import { openTestServer } from '../support/open-test-server.ts';
import {
  freshChallenge,
  linkDevice,
  makeAccount,
  makeDevice,
  makePrekeys,
  makeRotation,
  makeSigningKey,
  sha256,
  signList,
  signRequest,
  tryAddDevice,
  tryChangeList,
  tryLogin,
  tryRenew,
  type At,
  type SigningKey,
  type WireAccount,
  type WireDevice,
} from '../support/make-account.ts';
import { readTables, tablesWith } from '../support/read-tables.ts';
import { callRoute, mustCall } from '../support/rest-client.ts';

function firstOf(account: WireAccount): WireDevice {
  const [device] = account.devices;
  if (device === undefined) throw new Error('no device');
  return device;
}

interface ListChange {
  readonly counter?: number;
  readonly previous?: Uint8Array;
  readonly account?: Uint8Array;
}

/** A change of the list with any deviation; not noted in `account`. */
async function requestChange(
  at: At,
  account: WireAccount,
  entries: readonly WireDevice['entry'][],
  change: ListChange & { readonly key?: SigningKey; readonly requestAccount?: Uint8Array } = {},
) {
  const { bytes, signature } = signList(
    change.account ?? idBytes(account.id),
    change.counter ?? account.list.counter + 1,
    change.previous ?? sha256(account.list.bytes),
    entries,
  );
  const request = {
    origin: at.url,
    challenge: await freshChallenge(at),
    account: change.requestAccount ?? idBytes(account.id),
    list: { bytes, signature },
    rotation: makeRotation(account),
  };
  return callRoute(at.url, changeList, {
    token: firstOf(account).token,
    body: signRequest(signedChangeList, request, change.key ?? account.loginKey),
  });
}

t.test('the directory shows account key and list as they were given', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  t.strictSame(await mustCall(server.url, getDirectory, { token: firstOf(account).token }), {
    account: account.id,
    accountKey: encodeB64u(account.accountKey),
    list: { bytes: encodeB64u(account.list.bytes), signature: encodeB64u(account.list.signature) },
    departures: [],
  });
});

t.test('a pending device joins by a list that names it, and its pending token ends', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const device = makeDevice();
  await tryLogin(server, account, device);
  const pendingToken = device.token;
  const answer = await tryAddDevice(server, account, device);
  t.equal(answer.status, 200);
  t.equal(answer.body.pending, false);
  t.equal((await callRoute(server.url, getPreKeys, { token: device.token })).status, 200);
  t.equal((await callRoute(server.url, getRecord, { token: pendingToken })).code, 'session-ended');
  const directory = await mustCall(server.url, getDirectory, { token: device.token });
  t.equal(directory.list.bytes, encodeB64u(account.list.bytes));
  t.equal((await tryRenew(server, device)).body.pending, false);
});

t.test('a device is added only by the login key, for the session that asks, as the next list', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const first = firstOf(account);
  const device = makeDevice();
  const other = makeDevice();
  await tryLogin(server, account, device);
  const before = readTables(server.dataDir);

  interface Deviation extends ListChange {
    readonly key?: SigningKey;
    readonly device?: Uint8Array;
    readonly entries?: readonly WireDevice['entry'][];
    readonly requestAccount?: Uint8Array;
  }
  const add = async (change: Deviation) => {
    const { bytes, signature } = signList(
      change.account ?? idBytes(account.id),
      change.counter ?? 2,
      change.previous ?? sha256(account.list.bytes),
      change.entries ?? [first.entry, device.entry],
    );
    const request = {
      origin: server.url,
      challenge: await freshChallenge(server),
      account: change.requestAccount ?? idBytes(account.id),
      device: change.device ?? idBytes(device.id),
      list: { bytes, signature },
      prekeys: makePrekeys(2),
    };
    const body = signRequest(signedAddDevice, request, change.key ?? account.loginKey);
    return (await callRoute(server.url, addDevice, { body, token: device.token })).code;
  };
  t.equal(await add({ key: makeSigningKey() }), 'signature-invalid');
  t.equal(await add({ key: device.sessionKey }), 'signature-invalid', 'the session key may not');
  t.equal(await add({ requestAccount: randomBytes(16) }), 'signature-invalid');
  t.equal(await add({ device: idBytes(other.id), entries: [first.entry, other.entry] }), 'list-mismatch');
  t.equal(await add({ account: randomBytes(16) }), 'list-mismatch');
  t.equal(await add({ counter: 1 }), 'list-mismatch');
  t.equal(await add({ counter: 3 }), 'list-mismatch');
  t.equal(await add({ previous: randomBytes(32) }), 'list-mismatch');
  t.equal(await add({ entries: [first.entry] }), 'list-mismatch', 'without the device');
  t.equal(await add({ entries: [first.entry, device.entry, other.entry] }), 'list-mismatch', 'one more');
  t.equal(await add({ entries: [first.entry, device.entry, device.entry] }), 'list-mismatch', 'twice');
  const altered = { ...first.entry, identityKey: makeDevice().entry.identityKey };
  t.equal(
    await add({ entries: [altered, device.entry] }),
    'list-mismatch',
    'another key for a device that stays',
  );
  t.strictSame(readTables(server.dataDir), before);
  t.equal(await add({}), undefined, 'without a deviation it is taken');
  t.equal(await add({ counter: 3 }), 'session-ended', 'and its pending token has ended');
});

t.test('a listed device cannot be added a second time', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const answer = await tryAddDevice(server, account, firstOf(account), [firstOf(account).entry]);
  t.equal(answer.code, 'list-mismatch');
});

t.test('an account has eight devices and not a ninth', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  while (account.devices.length < LIMITS.devicesPerAccount) await linkDevice(server, account);
  const ninth = makeDevice();
  await tryLogin(server, account, ninth);
  const answer = await tryAddDevice(server, account, ninth);
  t.equal(answer.code, 'too-many-devices');
  t.equal(account.devices.length, LIMITS.devicesPerAccount);
});

t.test('of two list changes at once, one takes force', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const devices = [makeDevice(), makeDevice(), makeDevice()];
  for (const device of devices) await tryLogin(server, account, device);
  const { list } = account;
  const first = firstOf(account);
  const answers = await Promise.all(
    devices.map((device) => tryAddDevice(server, { ...account, list }, device, [first.entry, device.entry])),
  );
  t.strictSame(answers.map(({ code }) => code ?? 'ok').toSorted(), ['list-mismatch', 'list-mismatch', 'ok']);
  t.equal(readTables(server.dataDir)['devices']?.length, 2);
});

t.test('a removed device loses session, prekeys and queue with the commit', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const stolen = await linkDevice(server, account);
  const stays = firstOf(account);
  t.strictSame(tablesWith(readTables(server.dataDir), [idBytes(stolen.id)]), [
    'accounts',
    'devices',
    'one_time_kyber_prekeys',
    'one_time_prekeys',
    'sessions',
  ]);
  const answer = await tryChangeList(server, account, [stays], stays);
  t.strictSame(answer.body, { counter: 3 });
  t.strictSame(tablesWith(readTables(server.dataDir), [idBytes(stolen.id)]), []);
  t.equal((await callRoute(server.url, getRecord, { token: stolen.token })).code, 'session-ended');
  t.equal((await tryRenew(server, stolen)).code, 'session-ended');
  t.equal((await callRoute(server.url, getRecord, { token: stays.token })).status, 200);
});

t.test('the list is changed only by the login key, as the next list, without new devices', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const second = await linkDevice(server, account);
  const [a, b] = [firstOf(account).entry, second.entry];
  const before = readTables(server.dataDir);
  const cases: readonly (readonly [
    string,
    string,
    Parameters<typeof requestChange>[2],
    Parameters<typeof requestChange>[3],
  ])[] = [
    ['another key', 'signature-invalid', [a], { key: makeSigningKey() }],
    ['another account in the request', 'signature-invalid', [a], { requestAccount: randomBytes(16) }],
    ['another account in the list', 'list-mismatch', [a], { account: randomBytes(16) }],
    ['the same counter', 'list-mismatch', [a], { counter: 2 }],
    ['a counter ahead', 'list-mismatch', [a], { counter: 4 }],
    ['another past', 'list-mismatch', [a], { previous: randomBytes(32) }],
    ['a new device', 'list-mismatch', [a, b, makeDevice().entry], {}],
    ['a device twice', 'list-mismatch', [a, a], {}],
    [
      'another key for a device',
      'list-mismatch',
      [a, { ...b, identityKey: makeDevice().entry.identityKey }],
      {},
    ],
    [
      'another registration for a device',
      'list-mismatch',
      [a, { ...b, registrationId: (b.registrationId % 0x3fff) + 1 }],
      {},
    ],
    ['another time for a device', 'list-mismatch', [a, { ...b, addedAt: b.addedAt + 1 }], {}],
  ];
  for (const [title, code, entries, change] of cases) {
    t.equal((await requestChange(server, account, entries, change)).code, code, title);
  }
  t.strictSame(readTables(server.dataDir), before);
  t.strictSame((await requestChange(server, account, [b, a])).body, { counter: 3 }, 'the order is free');
});

t.test('a device may remove itself, and a departed one is removed by the next list', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const second = await linkDevice(server, account);
  const first = firstOf(account);
  t.equal((await tryChangeList(server, account, [second], first)).status, 200);
  t.equal((await callRoute(server.url, getRecord, { token: first.token })).code, 'session-ended');
  t.equal((await callRoute(server.url, getRecord, { token: second.token })).status, 200);
});

t.test('a removed device may come back only as a new one', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const second = await linkDevice(server, account);
  await tryChangeList(server, account, [firstOf(account)], firstOf(account));
  const answer = await tryLogin(server, account, second);
  t.equal(answer.body.pending, true);
});
