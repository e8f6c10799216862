/** Sessions over real HTTP: sign-in, renewal with the refresh cookie as a tripwire, sign-out, tokens that end at once. */
import { randomBytes, sign } from 'node:crypto';
import t from 'tap';
import { encodeB64u } from '@tacet/protocol/bytes';
import { idBytes } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { getRecord, getCredentials, putDeliveryKey } from '@tacet/protocol/rest/accounts';
import { getDirectory } from '@tacet/protocol/rest/devices';
import { getPreKeys } from '@tacet/protocol/rest/keys';
import { lookup } from '@tacet/protocol/rest/people';
import { login, newChallenge, renewSession, signOut } from '@tacet/protocol/rest/sessions';
import { signedLogin, signedRenewal } from '@tacet/protocol/signed/requests';
import { signedDeparture } from '@tacet/protocol/signed/statement';
import type { Clock } from '../../server/clock.ts';
import { openTestServer } from '../support/open-test-server.ts';
import {
  freshChallenge,
  linkDevice,
  makeAccount,
  makeDevice,
  makeSigningKey,
  sha256,
  signRequest,
  tryLogin,
  tryRenew,
  type At,
  type WireAccount,
  type WireDevice,
} from '../support/make-account.ts';
import { readTables, tablesWith } from '../support/read-tables.ts';
import { callRoute, mustCall } from '../support/rest-client.ts';

/** A clock that the test moves. */
class TestClock implements Clock {
  offset = 0;
  now(): number {
    return Date.now() + this.offset;
  }
}

function firstOf(account: WireAccount): WireDevice {
  const [device] = account.devices;
  if (device === undefined) throw new Error('no device');
  return device;
}

async function leave(at: At, account: WireAccount, device: WireDevice, named = device) {
  const bytes = signedDeparture.encode({
    account: idBytes(account.id),
    device: idBytes(named.id),
    departedAt: 1_790_000_000_000,
  });
  const departure = { bytes: encodeB64u(bytes), signature: encodeB64u(randomBytes(64)) };
  return callRoute(at.url, signOut, { token: device.token, body: { departure } });
}

t.test('a challenge is 32 fresh bytes with a life of two minutes, the same for everybody', async (t) => {
  await using server = await openTestServer();
  const before = Date.now();
  const one = await mustCall(server.url, newChallenge);
  const two = await mustCall(server.url, newChallenge);
  t.not(one.challenge, two.challenge);
  t.ok(
    one.expiresAt - before >= LIMITS.challengeAgeMs && one.expiresAt - before < LIMITS.challengeAgeMs + 5_000,
  );
});

t.test('a sign-in with the login key opens a pending session, which reads and nothing more', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const device = makeDevice();
  const answer = await tryLogin(server, account, device);
  t.equal(answer.status, 200);
  t.equal(answer.body.pending, true);
  t.equal(answer.body.account, account.id);
  t.equal(answer.body.device, device.id);
  for (const route of [getCredentials, getRecord, getDirectory]) {
    t.equal((await callRoute(server.url, route, { token: device.token })).status, 200, route.name);
  }
  t.equal((await callRoute(server.url, getPreKeys, { token: device.token })).code, 'device-pending');
  const body = { hash: encodeB64u(randomBytes(32)) };
  t.equal(
    (await callRoute(server.url, putDeliveryKey, { token: device.token, body })).code,
    'device-pending',
  );
  const search = { token: device.token, body: { username: account.username } };
  t.equal((await callRoute(server.url, lookup, search)).code, 'device-pending');
});

t.test('a listed device that signs in again gets a full session and its former one ends', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const device = firstOf(account);
  const formerToken = device.token;
  const again = { ...device, sessionKey: makeSigningKey() };
  const answer = await tryLogin(server, account, again);
  t.equal(answer.body.pending, false);
  t.equal((await callRoute(server.url, getRecord, { token: formerToken })).code, 'session-ended');
  t.equal((await callRoute(server.url, getRecord, { token: again.token })).status, 200);
  t.equal(
    (await tryRenew(server, device)).code,
    'signature-invalid',
    'the former session key is worth nothing',
  );
});

t.test('a signed sign-in works once and only in time', async (t) => {
  const clock = new TestClock();
  await using server = await openTestServer({ overrides: { clock } });
  const account = await makeAccount(server);
  const make = async () => {
    const request = {
      origin: server.url,
      challenge: await freshChallenge(server),
      username: account.username,
      device: idBytes(makeDevice().id),
      sessionKey: randomBytes(32),
    };
    return signRequest(signedLogin, request, account.loginKey);
  };
  const once = await make();
  t.equal((await callRoute(server.url, login, { body: once })).status, 200);
  t.equal((await callRoute(server.url, login, { body: once })).code, 'challenge-expired');
  const late = await make();
  clock.offset += LIMITS.challengeAgeMs;
  t.equal((await callRoute(server.url, login, { body: late })).code, 'challenge-expired');
  const both = await make();
  const answers = await Promise.all([1, 2].map(() => callRoute(server.url, login, { body: both })));
  t.strictSame(answers.map(({ code }) => code ?? 'ok').toSorted(), ['challenge-expired', 'ok']);
});

t.test('a signature for one purpose is refused for another', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const device = firstOf(account);
  const request = { origin: server.url, challenge: await freshChallenge(server), device: idBytes(device.id) };
  const renewal = signRequest(signedRenewal, request, device.sessionKey);
  t.equal((await callRoute(server.url, login, { body: renewal })).code, 'malformed-request');
});

t.test(
  'sign-ins of one name from one address are limited, and a signed-in device is not concerned',
  async (t) => {
    await using server = await openTestServer({ settings: { TACET_RATE_FACTOR: '1' } });
    const account = await makeAccount(server);
    const impostor = { username: account.username, loginKey: makeSigningKey() };
    const codes = new Set<unknown>();
    let retryAfterMs = 0;
    for (let i = 0; i < 15; i++) {
      const answer = await tryLogin(server, impostor, makeDevice());
      codes.add(answer.code);
      if (answer.code === 'rate-limited') retryAfterMs = answer.retryAfterMs ?? 0;
    }
    t.strictSame([...codes], ['login-refused', 'rate-limited']);
    t.ok(retryAfterMs > 0 && retryAfterMs <= 30_000, 'the answer says when to try again');
    const device = firstOf(account);
    t.equal((await tryRenew(server, device)).status, 200);
    t.equal((await callRoute(server.url, getRecord, { token: device.token })).status, 200);
  },
);

t.test('at most four sessions wait to be listed, the oldest gives way', async (t) => {
  const clock = new TestClock();
  await using server = await openTestServer({ overrides: { clock } });
  const account = await makeAccount(server);
  const devices = Array.from({ length: 5 }, makeDevice);
  for (const device of devices) {
    clock.offset += 1_000;
    await tryLogin(server, account, device);
  }
  const waiting = readTables(server.dataDir)['sessions']?.filter((row) => row['pending'] === 1);
  t.equal(waiting?.length, 4);
  t.equal((await tryRenew(server, devices[0] ?? makeDevice())).code, 'session-ended');
  t.equal((await tryRenew(server, devices[4] ?? makeDevice())).status, 200);
});

t.test(
  'a renewal rotates the refresh token, which scripts cannot read and other paths do not get',
  async (t) => {
    await using server = await openTestServer();
    const device = firstOf(await makeAccount(server));
    const before = device.refreshToken;
    const answer = await tryRenew(server, device);
    t.equal(answer.status, 200);
    t.not(device.refreshToken, before);
    t.match(
      answer.headers.get('set-cookie'),
      /^tacet_refresh=[\w-]{43}; Max-Age=604800; Path=\/v1\/sessions\/renewal; HttpOnly; SameSite=Strict$/,
    );
    t.equal((await callRoute(server.url, getRecord, { token: device.token })).status, 200);
  },
);

t.test('behind TLS the cookie is secure', async (t) => {
  await using server = await openTestServer({ settings: { TACET_ORIGIN: 'https://chat.example.org' } });
  const account = await makeAccount(
    { url: server.url },
    { change: (r) => ({ ...r, origin: 'https://chat.example.org' }) },
  );
  t.ok(account.devices[0]?.refreshToken);
  const request = {
    origin: 'https://chat.example.org',
    challenge: await freshChallenge(server),
    device: idBytes(firstOf(account).id),
  };
  const body = signRequest(signedRenewal, request, firstOf(account).sessionKey);
  const answer = await callRoute(server.url, renewSession, { body });
  t.match(answer.headers.get('set-cookie'), /; Secure/);
});

t.test('tokens are stored as hashes or not at all', async (t) => {
  await using server = await openTestServer();
  const device = firstOf(await makeAccount(server));
  const refresh = device.refreshToken ?? '';
  const tables = readTables(server.dataDir);
  const traces = [Buffer.from(refresh), Buffer.from(refresh, 'base64url')];
  t.strictSame(
    tablesWith(tables, [...traces, Buffer.from(device.token), Buffer.from(device.token, 'base64url')]),
    [],
  );
  t.strictSame(tablesWith(tables, [sha256(Buffer.from(refresh))]), ['sessions']);
  t.strictSame(tablesWith(tables, [sha256(Buffer.from(device.token, 'base64url'))]), []);
});

t.test(
  'the signature decides a renewal: with the previous token, after a week, without a cookie',
  async (t) => {
    const clock = new TestClock();
    await using server = await openTestServer({ overrides: { clock } });
    const device = firstOf(await makeAccount(server));
    const previous = device.refreshToken;
    await tryRenew(server, device);
    t.equal(
      (await tryRenew(server, device, { refreshToken: previous })).status,
      200,
      'an answer lost on the way',
    );
    clock.offset += LIMITS.refreshTokenAgeMs + 60_000;
    t.equal((await tryRenew(server, device)).status, 200, 'an expired session');
    t.equal((await tryRenew(server, device, { refreshToken: undefined })).status, 200, 'a lost cookie');
  },
);

t.test('without a good signature nothing is renewed, and a token used again ends the session', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const device = firstOf(account);
  const [thief, stolen] = [makeSigningKey(), device.refreshToken];
  const before = readTables(server.dataDir);
  t.equal((await tryRenew(server, device, { key: thief })).code, 'signature-invalid');
  t.strictSame(readTables(server.dataDir), before, 'the token in force is worth nothing by itself');
  t.equal((await tryRenew(server, device)).status, 200);
  const reused = await tryRenew(server, device, { key: thief, refreshToken: stolen });
  t.equal(reused.code, 'session-ended');
  t.equal((await callRoute(server.url, getRecord, { token: device.token })).code, 'session-ended');
  t.equal((await tryRenew(server, device)).code, 'session-ended', 'the device signs in anew');
  t.equal((await tryLogin(server, account, device)).body.pending, false);
});

t.test('a renewal cannot be replayed, nor made for another device or server', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const device = firstOf(account);
  const other = await linkDevice(server, account);
  const renew = async (change: { origin?: string; device?: Uint8Array }) => {
    const challenge = await freshChallenge(server);
    const request = { origin: server.url, challenge, device: idBytes(device.id), ...change };
    return signRequest(signedRenewal, request, device.sessionKey);
  };
  const body = await renew({});
  t.equal((await callRoute(server.url, renewSession, { body })).status, 200);
  t.equal((await callRoute(server.url, renewSession, { body })).code, 'challenge-expired');
  const forOther = await renew({ device: idBytes(other.id) });
  t.equal((await callRoute(server.url, renewSession, { body: forOther })).code, 'signature-invalid');
  const elsewhere = await renew({ origin: 'https://look-alike.example' });
  t.equal((await callRoute(server.url, renewSession, { body: elsewhere })).code, 'signature-invalid');
  const unknown = await renew({ device: randomBytes(16) });
  t.equal((await callRoute(server.url, renewSession, { body: unknown })).code, 'session-ended');
});

t.test('a flipped bit anywhere in a signed request is refused and changes nothing', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const device = makeDevice();
  const before = readTables(server.dataDir);
  const request = {
    origin: server.url,
    challenge: await freshChallenge(server),
    username: account.username,
    device: idBytes(device.id),
    sessionKey: device.sessionKey.publicKey,
  };
  const bytes = signedLogin.encode(request);
  const signature = sign(undefined, bytes, account.loginKey.privateKey);
  const codes = new Set<string>();
  for (let i = 0; i < bytes.length + signature.length; i++) {
    const whole = Buffer.concat([bytes, signature]);
    whole[i] = (whole[i] ?? 0) ^ (1 << (i % 8));
    const body = {
      bytes: encodeB64u(whole.subarray(0, bytes.length)),
      signature: encodeB64u(whole.subarray(bytes.length)),
    };
    codes.add((await callRoute(server.url, login, { body })).code ?? 'none');
  }
  t.strictSame([...codes].toSorted(), ['challenge-expired', 'login-refused', 'malformed-request']);
  t.strictSame(readTables(server.dataDir), before);
  const intact = { bytes: encodeB64u(bytes), signature: encodeB64u(signature) };
  t.equal((await callRoute(server.url, login, { body: intact })).status, 200, 'the unchanged one is good');
});

t.test('an access token is good for fifteen minutes and in this form only', async (t) => {
  const clock = new TestClock();
  await using server = await openTestServer({ overrides: { clock } });
  const { token } = firstOf(await makeAccount(server));
  for (const wrong of ['', 'x', token.slice(1), `${token}A`, encodeB64u(randomBytes(32))]) {
    t.equal((await callRoute(server.url, getRecord, { token: wrong })).code, 'unauthorized');
  }
  const basic = await callRoute(server.url, getRecord, { headers: { authorization: `Basic ${token}` } });
  t.equal(basic.code, 'unauthorized');
  clock.offset += LIMITS.accessTokenAgeMs - 10_000;
  t.equal((await callRoute(server.url, getRecord, { token })).status, 200);
  clock.offset += 10_000;
  t.equal((await callRoute(server.url, getRecord, { token })).code, 'unauthorized');
});

t.test('signing out ends the session, drops what waits and serves the departure with the list', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const device = await linkDevice(server, account);
  const stays = firstOf(account);
  t.equal((await leave(server, account, device, stays)).code, 'malformed-request', 'not for another device');
  const answer = await leave(server, account, device);
  t.equal(answer.status, 204);
  t.match(answer.headers.get('set-cookie'), /^tacet_refresh=;/, 'the cookie is taken back');
  t.equal((await callRoute(server.url, getRecord, { token: device.token })).code, 'session-ended');
  t.equal((await tryRenew(server, device)).code, 'session-ended');
  const directory = await mustCall(server.url, getDirectory, { token: stays.token });
  t.equal(directory.departures.length, 1);
  t.equal(directory.list.bytes, encodeB64u(account.list.bytes), 'the list still names it');
  const tables = readTables(server.dataDir);
  t.strictSame(tablesWith(tables, [idBytes(device.id)]), ['accounts', 'departures']);
  t.equal(
    (await tryLogin(server, account, device)).body.pending,
    true,
    'a departed device does not come back by itself',
  );
});

t.test('signing out without a notice, or while pending, leaves no departure', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const pending = makeDevice();
  await tryLogin(server, account, pending);
  t.equal((await leave(server, account, pending)).status, 204);
  t.strictSame(tablesWith(readTables(server.dataDir), [idBytes(pending.id)]), []);
  const device = await linkDevice(server, account);
  t.equal((await callRoute(server.url, signOut, { token: device.token, body: {} })).status, 204);
  t.equal(readTables(server.dataDir)['departures']?.length, 0);
});
