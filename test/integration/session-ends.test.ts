/** Sessions that another event has ended are worth nothing from that moment: not by their token, not by a renewal under way. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { changeCredentials, getRecord } from '@tacet/protocol/rest/accounts';
import { signedChangeCredentials } from '@tacet/protocol/signed/requests';
import { buildSessionStore } from '../../server/store/sessions.ts';
import {
  freshChallenge,
  linkDevice,
  makeAccount,
  makeDevice,
  makeSigningKey,
  sha256,
  signRequest,
  tryAddDevice,
  tryLogin,
  tryRenew,
} from '../support/make-account.ts';
import { makeId, openSqliteStore, storeAccount } from '../support/open-store.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { callRoute } from '../support/rest-client.ts';

t.test('a pending session that newer ones displace ends with its token', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const displaced = makeDevice();
  await tryLogin(server, account, displaced);
  t.equal((await callRoute(server.url, getRecord, { token: displaced.token })).code, undefined);
  for (let i = 0; i < 4; i++) await tryLogin(server, account, makeDevice());
  t.equal((await callRoute(server.url, getRecord, { token: displaced.token })).code, 'session-ended');
  t.equal((await tryAddDevice(server, account, displaced)).code, 'session-ended');
  t.equal((await tryRenew(server, displaced)).code, 'session-ended');
});

t.test('new credentials end the sessions that wait under the old ones, and no others', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const [first = makeDevice()] = account.devices;
  const second = await linkDevice(server, account);
  const waiting = makeDevice();
  await tryLogin(server, account, waiting);
  const next = makeSigningKey();
  const request = {
    origin: server.url,
    challenge: await freshChallenge(server),
    account: idBytes(account.id),
    credentials: {
      version: 2,
      loginKey: next.publicKey,
      vault: randomBytes(120),
      wraps: [{ way: 'passphrase', sealed: randomBytes(72) }],
    },
  };
  const { status } = await callRoute(server.url, changeCredentials, {
    body: signRequest(signedChangeCredentials, request, account.loginKey),
    token: first.token,
  });
  t.equal(status, 204);
  t.equal((await callRoute(server.url, getRecord, { token: waiting.token })).code, 'session-ended');
  t.equal((await tryRenew(server, waiting)).code, 'session-ended');
  for (const device of [first, second]) {
    t.equal((await callRoute(server.url, getRecord, { token: device.token })).status, 200);
    t.equal((await tryRenew(server, device)).status, 200);
  }
  account.loginKey = next;
  t.equal((await tryLogin(server, account, waiting)).body.pending, true, 'the new passphrase opens it again');
});

t.test('a renewal under way does not renew the session that a sign-in has put in its place', async (t) => {
  const engine = await openSqliteStore(t);
  const sessions = buildSessionStore(engine);
  const { account, devices } = await storeAccount(engine, 1);
  const device = idBytes(devices[0] ?? makeId<DeviceId>());
  const [before, after] = [randomBytes(32), randomBytes(32)];
  const session = (sessionKey: Uint8Array) => ({
    account: idBytes(account),
    device,
    sessionKey,
    refreshHash: sha256(sessionKey),
    refreshUntil: 1_000,
  });
  await sessions.open(session(before), 4, 0);
  await sessions.open(session(after), 4, 0);
  t.equal(await sessions.rotate(device, before, randomBytes(32), 2_000), undefined);
  t.strictSame((await sessions.get(device))?.refreshHash, sha256(after));
  t.same(await sessions.rotate(device, after, randomBytes(32), 2_000), { pending: false });
  const stranger = idOf<AccountId>(randomBytes(16));
  t.equal(await sessions.rotate(idBytes(stranger), after, randomBytes(32), 2_000), undefined);
});
