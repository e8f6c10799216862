/** Strangers and invites over real HTTP: lookup, bundles, introductions, invites made, listed, withdrawn. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { encodeB64u } from '@tacet/protocol/bytes';
import { LIMITS, RATES } from '@tacet/protocol/limits';
import {
  introduce,
  listInvites,
  lookup,
  makeInvite,
  readInvite,
  strangerBundles,
  withdrawInvite,
} from '@tacet/protocol/rest/people';
import type { Clock } from '../../server/clock.ts';
import { openTestServer } from '../support/open-test-server.ts';
import {
  linkDevice,
  makeAccount,
  sha256,
  tryChangeList,
  trySignUp,
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
const tokenOf = (account: WireAccount): string => firstOf(account).token;
const unknownAccount = (): string => encodeB64u(randomBytes(16));

t.test('a lookup gives the directory entry of a name and nothing of its owner besides', async (t) => {
  await using server = await openTestServer();
  const ada = await makeAccount(server, { username: 'ada' });
  const bob = await makeAccount(server, { username: 'bob' });
  t.strictSame(await mustCall(server.url, lookup, { token: tokenOf(bob), body: { username: 'ada' } }), {
    account: ada.id,
    accountKey: encodeB64u(ada.accountKey),
    list: { bytes: encodeB64u(ada.list.bytes), signature: encodeB64u(ada.list.signature) },
    departures: [],
  });
  t.equal(
    (await callRoute(server.url, lookup, { token: tokenOf(bob), body: { username: 'adam' } })).code,
    'account-unknown',
  );
  for (const username of ['Ada', 'ad', 'a--b', 'ada.', '1ada', "a'or'1", 'a'.repeat(33)]) {
    t.equal(
      (await callRoute(server.url, lookup, { token: tokenOf(bob), body: { username } })).code,
      'malformed-request',
      username,
    );
  }
});

t.test('a stranger gets one bundle for each device', async (t) => {
  await using server = await openTestServer();
  const ada = await makeAccount(server);
  await linkDevice(server, ada);
  const bob = await makeAccount(server);
  const answer = await mustCall(server.url, strangerBundles, {
    token: tokenOf(bob),
    body: { account: ada.id },
  });
  t.equal(answer.directory.list.bytes, encodeB64u(ada.list.bytes));
  t.strictSame(
    answer.bundles.map(({ device }) => device).toSorted(),
    ada.devices.map(({ id }) => id).toSorted(),
  );
  const unknown = { token: tokenOf(bob), body: { account: unknownAccount() } };
  t.equal((await callRoute(server.url, strangerBundles, unknown)).code, 'account-unknown');
});

function introduction(to: WireAccount, devices: readonly WireDevice[] = to.devices) {
  return {
    account: to.id,
    listHash: encodeB64u(sha256(to.list.bytes)),
    to: devices.map(({ id }) => ({
      device: id,
      envelope: { id: encodeB64u(randomBytes(16)), body: encodeB64u(randomBytes(600)) },
    })),
  };
}

t.test('an introduction is queued for every device, all or nothing, and no pair is stored', async (t) => {
  await using server = await openTestServer();
  const ada = await makeAccount(server);
  await linkDevice(server, ada);
  const bob = await makeAccount(server);
  const token = tokenOf(bob);
  const bobsTraces = [
    Buffer.from(bob.id, 'base64url'),
    Buffer.from(firstOf(bob).id, 'base64url'),
    Buffer.from(bob.username),
  ];
  const tablesOfBob = tablesWith(readTables(server.dataDir), bobsTraces);

  t.strictSame(await mustCall(server.url, introduce, { token, body: introduction(ada) }), {});
  const stored = readTables(server.dataDir);
  t.equal(stored['envelopes']?.length, 2);
  t.strictSame(tablesWith(stored, bobsTraces), tablesOfBob, 'the sender stands nowhere new');

  const half = await mustCall(server.url, introduce, {
    token,
    body: introduction(ada, ada.devices.slice(1)),
  });
  t.equal(half.mismatch?.list.bytes, encodeB64u(ada.list.bytes), 'a device left out is a mismatch');
  const old = { ...introduction(ada), listHash: encodeB64u(randomBytes(32)) };
  t.equal((await mustCall(server.url, introduce, { token, body: old })).mismatch?.account, ada.id);
  const unknown = { ...introduction(ada), account: unknownAccount() };
  t.equal((await callRoute(server.url, introduce, { token, body: unknown })).code, 'account-unknown');
  t.equal(readTables(server.dataDir)['envelopes']?.length, 2);
});

t.test('what waited for a device goes with the device', async (t) => {
  await using server = await openTestServer();
  const ada = await makeAccount(server);
  const second = await linkDevice(server, ada);
  const bob = await makeAccount(server);
  await mustCall(server.url, introduce, { token: tokenOf(bob), body: introduction(ada) });
  await tryChangeList(server, ada, [firstOf(ada)], firstOf(ada));
  t.equal(readTables(server.dataDir)['envelopes']?.length, 1);
  t.strictSame(tablesWith(readTables(server.dataDir), [Buffer.from(second.id, 'base64url')]), []);
});

t.test('lookups and introductions are limited per account, and the answer says when to go on', async (t) => {
  await using server = await openTestServer({ settings: { TACET_RATE_FACTOR: '1' } });
  const ada = await makeAccount(server);
  const bob = await makeAccount(server);
  const second = await linkDevice(server, bob);
  const search = (token: string) =>
    callRoute(server.url, lookup, { token, body: { username: ada.username } });
  for (let i = 0; i < RATES.lookup.burst; i++) t.equal((await search(tokenOf(bob))).status, 200);
  const refused = await search(second.token);
  t.equal(refused.code, 'rate-limited', 'all devices of the account count together');
  t.equal(refused.status, 429);
  t.ok((refused.retryAfterMs ?? 0) > 0);
  t.equal(Number(refused.headers.get('retry-after')), Math.ceil((refused.retryAfterMs ?? 0) / 1000));
  t.equal((await search(tokenOf(ada))).status, 200, 'others are not concerned');

  const ask = () =>
    callRoute(server.url, strangerBundles, { token: tokenOf(bob), body: { account: unknownAccount() } });
  for (let i = 0; i < RATES.introduction.burst; i++) t.equal((await ask()).code, 'account-unknown');
  t.equal((await ask()).code, 'rate-limited');
  t.equal(
    (await callRoute(server.url, introduce, { token: tokenOf(bob), body: introduction(ada) })).code,
    'rate-limited',
  );
});

t.test('an invite shows whose it is, is listed by its owner, and reading it uses nothing up', async (t) => {
  await using server = await openTestServer();
  const ada = await makeAccount(server, { username: 'ada' });
  const bob = await makeAccount(server);
  const made = await mustCall(server.url, makeInvite, {
    token: tokenOf(ada),
    body: { uses: 2, ageMs: 3_600_000 },
  });
  t.equal(made.usesLeft, 2);
  for (let i = 0; i < 5; i++) {
    t.strictSame(await mustCall(server.url, readInvite, { params: { code: made.code } }), {
      inviter: { account: ada.id, username: 'ada' },
      expiresAt: made.expiresAt,
    });
  }
  t.strictSame(await mustCall(server.url, listInvites, { token: tokenOf(ada) }), { invites: [made] });
  t.strictSame(await mustCall(server.url, listInvites, { token: tokenOf(bob) }), { invites: [] });
  await trySignUp(server, { invite: made.code });
  const [left] = (await mustCall(server.url, listInvites, { token: tokenOf(ada) })).invites;
  t.equal(left?.usesLeft, 1);
  await trySignUp(server, { invite: made.code });
  t.strictSame(await mustCall(server.url, listInvites, { token: tokenOf(ada) }), { invites: [] });
});

t.test('an invite is withdrawn by its owner alone', async (t) => {
  await using server = await openTestServer();
  const ada = await makeAccount(server);
  const bob = await makeAccount(server);
  const { code } = await mustCall(server.url, makeInvite, {
    token: tokenOf(ada),
    body: { uses: 1, ageMs: 60_000 },
  });
  const params = { code };
  t.equal(
    (await callRoute(server.url, withdrawInvite, { token: tokenOf(bob), params })).code,
    'invite-invalid',
  );
  t.equal((await callRoute(server.url, readInvite, { params })).status, 200);
  t.equal((await callRoute(server.url, withdrawInvite, { token: tokenOf(ada), params })).status, 204);
  t.equal((await callRoute(server.url, readInvite, { params })).code, 'invite-invalid');
  t.equal(
    (await callRoute(server.url, withdrawInvite, { token: tokenOf(ada), params })).code,
    'invite-invalid',
  );
  t.equal((await trySignUp(server, { invite: code })).answer.code, 'invite-invalid');
});

t.test('an invite ends with its time', async (t) => {
  let offset = 0;
  const clock: Clock = { now: () => Date.now() + offset };
  await using server = await openTestServer({ overrides: { clock } });
  const ada = await makeAccount(server);
  const { code } = await mustCall(server.url, makeInvite, {
    token: tokenOf(ada),
    body: { uses: 9, ageMs: 60_000 },
  });
  offset = 60_000;
  t.equal((await callRoute(server.url, readInvite, { params: { code } })).code, 'invite-invalid');
  t.equal((await trySignUp(server, { invite: code })).answer.code, 'invite-invalid');
});

t.test('an account has a limited number of open invites', async (t) => {
  await using server = await openTestServer();
  const ada = await makeAccount(server);
  const make = () =>
    callRoute(server.url, makeInvite, { token: tokenOf(ada), body: { uses: 1, ageMs: 60_000 } });
  for (let i = 0; i < LIMITS.invitesPerAccount; i++) t.equal((await make()).status, 200);
  t.equal((await make()).code, 'queue-full');
  const [one] = (await mustCall(server.url, listInvites, { token: tokenOf(ada) })).invites;
  await mustCall(server.url, withdrawInvite, { token: tokenOf(ada), params: { code: one?.code ?? '' } });
  t.equal((await make()).status, 200);
});

t.test('invites outside their bounds are refused', async (t) => {
  await using server = await openTestServer();
  const token = tokenOf(await makeAccount(server));
  const bodies = [
    { uses: 0, ageMs: 60_000 },
    { uses: LIMITS.inviteMaxUses + 1, ageMs: 60_000 },
    { uses: 1, ageMs: 59_999 },
    { uses: 1, ageMs: LIMITS.inviteMaxAgeMs + 1 },
    { uses: 1.5, ageMs: 60_000 },
    { uses: '1', ageMs: 60_000 },
    { uses: 1 },
  ];
  for (const body of bodies) {
    t.equal(
      (await callRoute(server.url, makeInvite, { token, body })).code,
      'malformed-request',
      JSON.stringify(body),
    );
  }
  for (const code of ['x', 'x'.repeat(22), `${'A'.repeat(21)}B`, 'A'.repeat(23), '%2e%2e%2fetc%2fpasswd']) {
    t.match(
      (await callRoute(server.url, readInvite, { params: { code } })).code,
      /malformed-request|invite-invalid/,
      code,
    );
  }
});
