/** Accounts over real HTTP: sign-up, invites that admit, credentials, record, profile, delivery key, deletion. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { encodeB64u } from '@tacet/protocol/bytes';
import { idBytes } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import {
  changeCredentials,
  getCredentials,
  getRecord,
  putDeliveryKey,
  putProfile,
  putRecord,
  signUp,
} from '@tacet/protocol/rest/accounts';
import { lookup, makeInvite, readInvite, readServer } from '@tacet/protocol/rest/people';
import { signedChangeCredentials, signedSignUp } from '@tacet/protocol/signed/requests';
import { DATABASE_FILE } from '../../server/store/database-file.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { tryDelete } from '../support/account-requests.ts';
import {
  freshChallenge,
  linkDevice,
  makeAccount,
  makeSigningKey,
  sha256,
  signList,
  signRequest,
  tryLogin,
  makeDevice,
  trySignUp,
  type SigningKey,
  type WireAccount,
} from '../support/make-account.ts';
import { readTables, tablesWith } from '../support/read-tables.ts';
import { callRoute, mustCall } from '../support/rest-client.ts';

const codeOf = (link: string | undefined): string => link?.split('/i/')[1] ?? '';
/** A signed list as requests carry it. */
function listOf(...args: Parameters<typeof signList>): { bytes: Uint8Array; signature: Uint8Array } {
  const { bytes, signature } = signList(...args);
  return { bytes, signature };
}
const tokenOf = (account: WireAccount): string => account.devices[0]?.token ?? '';

t.test('the first invite makes the administrator, once, and is shown until then', async (t) => {
  await using server = await openTestServer({ settings: { TACET_OPEN_SIGN_UP: 'no' } });
  const code = codeOf(server.firstInviteLink);
  t.equal(server.firstInviteLink, `${server.origin}/i/${code}`);
  t.strictSame(await mustCall(server.url, readServer), {
    name: 'Tacet',
    inviteOnly: true,
    fresh: true,
    relay: 'off',
    transport: 1,
    oldestTransport: 1,
  });
  for (let i = 0; i < 3; i++) t.strictSame(await mustCall(server.url, readInvite, { params: { code } }), {});

  await makeAccount(server, { invite: code, username: 'ada' });
  t.equal(readTables(server.dataDir)['accounts']?.[0]?.['administrator'], 1);
  t.equal((await mustCall(server.url, readServer)).fresh, false);
  t.equal((await callRoute(server.url, readInvite, { params: { code } })).code, 'invite-invalid');
  t.equal((await trySignUp(server, { invite: code })).answer.code, 'invite-invalid');
  t.equal((await trySignUp(server)).answer.code, 'invite-invalid', 'nor without an invite');
  t.equal(readTables(server.dataDir)['accounts']?.length, 1);
});

t.test('the first invite survives a restart and is gone after the first account', async (t) => {
  const dataDir = t.testdir();
  const settings = { TACET_OPEN_SIGN_UP: 'no' } as const;
  let code = '';
  {
    await using server = await openTestServer({ dataDir, settings });
    code = codeOf(server.firstInviteLink);
  }
  {
    await using server = await openTestServer({ dataDir, settings });
    t.equal(codeOf(server.firstInviteLink), code);
    await makeAccount(server, { invite: code });
  }
  await using server = await openTestServer({ dataDir, settings });
  t.equal(server.firstInviteLink, undefined);
});

t.test('an invite admits as many people as it has uses, and none more when they come at once', async (t) => {
  await using server = await openTestServer({ settings: { TACET_OPEN_SIGN_UP: 'no' } });
  const ada = await makeAccount(server, { invite: codeOf(server.firstInviteLink), username: 'ada' });
  const { code } = await mustCall(server.url, makeInvite, {
    token: tokenOf(ada),
    body: { uses: 2, ageMs: 60_000 },
  });
  const answers = await Promise.all(Array.from({ length: 5 }, () => trySignUp(server, { invite: code })));
  t.strictSame(answers.map(({ answer }) => answer.code ?? 'ok').toSorted(), [
    'invite-invalid',
    'invite-invalid',
    'invite-invalid',
    'ok',
    'ok',
  ]);
  t.strictSame(
    readTables(server.dataDir)
      ['accounts']?.map((row) => row['administrator'])
      .toSorted(),
    [0, 0, 1],
  );
});

t.test('a sign-up is refused whole for each of its reasons and stores nothing', async (t) => {
  await using server = await openTestServer();
  const ada = await makeAccount(server, { username: 'ada' });
  const before = readTables(server.dataDir);
  const first = makeDevice();
  const second = makeDevice();
  const other = randomBytes(16);

  const cases: readonly (readonly [string, string, Parameters<typeof trySignUp>[1]])[] = [
    ['a taken name', 'username-taken', { username: 'ada' }],
    ['a taken account id', 'account-exists', { change: (r) => withList({ ...r, account: idBytes(ada.id) }) }],
    [
      'a taken device id',
      'account-exists',
      { change: (r) => withList({ ...r, device: idBytes(ada.devices[0]?.id ?? first.id) }) },
    ],
    ['an unknown invite', 'invite-invalid', { invite: encodeB64u(randomBytes(16)) }],
    [
      'a list of another account',
      'list-mismatch',
      {
        change: (r) => ({
          ...r,
          list: listOf(other, 1, new Uint8Array(32), [{ ...first.entry, device: r.device }]),
        }),
      },
    ],
    [
      'a list that does not start at 1',
      'list-mismatch',
      {
        change: (r) => ({
          ...r,
          list: listOf(r.account, 2, new Uint8Array(32), [{ ...first.entry, device: r.device }]),
        }),
      },
    ],
    [
      'a list with a past',
      'list-mismatch',
      {
        change: (r) => ({
          ...r,
          list: listOf(r.account, 1, randomBytes(32), [{ ...first.entry, device: r.device }]),
        }),
      },
    ],
    [
      'a list with two devices',
      'list-mismatch',
      {
        change: (r) => ({
          ...r,
          list: listOf(r.account, 1, new Uint8Array(32), [
            { ...first.entry, device: r.device },
            second.entry,
          ]),
        }),
      },
    ],
    [
      'a list of another device',
      'list-mismatch',
      { change: (r) => ({ ...r, list: listOf(r.account, 1, new Uint8Array(32), [second.entry]) }) },
    ],
    [
      'another origin',
      'signature-invalid',
      { change: (r) => ({ ...r, origin: 'https://elsewhere.example' }) },
    ],
    ['an invented challenge', 'challenge-expired', { change: (r) => ({ ...r, challenge: randomBytes(32) }) }],
    [
      'another login key than the one that signed',
      'signature-invalid',
      { change: (r) => ({ ...r, credentials: { ...r.credentials, loginKey: makeSigningKey().publicKey } }) },
    ],
    ['a name outside the rules', 'username-invalid', { username: 'Ada Lovelace' }],
    ['a name that is too long', 'username-invalid', { username: 'a'.repeat(33) }],
  ];
  for (const [title, code, options] of cases) {
    t.equal((await trySignUp(server, options)).answer.code, code, title);
  }
  t.strictSame(readTables(server.dataDir), before);

  function withList<R extends { account: Uint8Array; device: Uint8Array }>(request: R) {
    const list = listOf(request.account, 1, new Uint8Array(32), [{ ...first.entry, device: request.device }]);
    return { ...request, list };
  }
});

t.test('a signed sign-up cannot be replayed', async (t) => {
  await using server = await openTestServer();
  const key = makeSigningKey();
  const { request } = await trySignUp(server);
  const again = {
    ...request,
    challenge: await freshChallenge(server),
    username: 'someone',
    credentials: { ...request.credentials, loginKey: key.publicKey },
  };
  const body = signRequest(signedSignUp, again, key);
  t.equal(
    (await callRoute(server.url, signUp, { body })).code,
    'account-exists',
    'the challenge is spent now',
  );
  t.equal((await callRoute(server.url, signUp, { body })).code, 'challenge-expired');
});

t.test('of two sign-ups with one name at once, one is made', async (t) => {
  await using server = await openTestServer();
  const answers = await Promise.all([1, 2, 3].map(() => trySignUp(server, { username: 'grace' })));
  t.strictSame(answers.map(({ answer }) => answer.code ?? 'ok').toSorted(), [
    'ok',
    'username-taken',
    'username-taken',
  ]);
});

t.test(
  'vault, wraps and login key come back as they were given and change together by version',
  async (t) => {
    await using server = await openTestServer();
    const { account, request } = await trySignUp(server);
    const token = tokenOf(account);
    const given = await mustCall(server.url, getCredentials, { token });
    t.equal(given.version, 1);
    t.equal(given.vault, encodeB64u(request.credentials.vault));
    t.strictSame(
      given.wraps,
      request.credentials.wraps.map(({ way, sealed }) => ({ way, sealed: encodeB64u(sealed) })),
    );

    const next = makeSigningKey();
    const change = async (version: number, signer: SigningKey, account_ = idBytes(account.id)) =>
      callRoute(server.url, changeCredentials, {
        token,
        body: signRequest(
          signedChangeCredentials,
          {
            origin: server.url,
            challenge: await freshChallenge(server),
            account: account_,
            credentials: {
              version,
              loginKey: next.publicKey,
              vault: randomBytes(90),
              wraps: [
                { way: 'passphrase', sealed: randomBytes(70) },
                { way: 'passkey', sealed: randomBytes(71) },
              ],
            },
          },
          signer,
        ),
      });
    t.equal((await change(3, account.loginKey)).code, 'version-mismatch');
    t.equal((await change(1, account.loginKey)).code, 'version-mismatch');
    t.equal((await change(2, next)).code, 'signature-invalid', 'only the key in force may name the next');
    t.equal(
      (await change(2, account.loginKey, randomBytes(16))).code,
      'signature-invalid',
      'for this account only',
    );
    t.strictSame(await mustCall(server.url, getCredentials, { token }), given, 'refusals change nothing');

    t.equal((await change(2, account.loginKey)).status, 204);
    const changed = await mustCall(server.url, getCredentials, { token });
    t.equal(changed.version, 2);
    t.equal(changed.wraps.length, 2);
    t.equal((await tryLogin(server, account, makeDevice())).code, 'login-refused', 'the old key is out');
    t.equal((await tryLogin(server, { ...account, loginKey: next }, makeDevice())).code, undefined);
  },
);

t.test('the record is replaced by its successor only, from any device', async (t) => {
  await using server = await openTestServer();
  const { account, request } = await trySignUp(server);
  const token = tokenOf(account);
  t.strictSame(await mustCall(server.url, getRecord, { token }), {
    version: 1,
    sealed: encodeB64u(request.record.sealed),
  });
  const device = await linkDevice(server, account);
  const put = (version: number, by: string) =>
    callRoute(server.url, putRecord, { token: by, body: { version, sealed: encodeB64u(randomBytes(50)) } });
  t.equal((await put(3, token)).code, 'version-mismatch');
  const answers = await Promise.all([put(2, token), put(2, device.token)]);
  t.strictSame(answers.map(({ code }) => code ?? 'ok').toSorted(), ['ok', 'version-mismatch']);
  t.equal((await mustCall(server.url, getRecord, { token })).version, 2);
});

t.test('a record of the largest size is taken', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const sealed = encodeB64u(randomBytes(LIMITS.recordMaxBytes));
  const answer = await callRoute(server.url, putRecord, {
    token: tokenOf(account),
    body: { version: 2, sealed },
  });
  t.equal(answer.status, 200);
  t.equal((await mustCall(server.url, getRecord, { token: tokenOf(account) })).sealed, sealed);
});

t.test('a profile is replaced by a higher version only', async (t) => {
  await using server = await openTestServer();
  const token = tokenOf(await makeAccount(server));
  const put = (version: number) =>
    callRoute(server.url, putProfile, { token, body: { version, sealed: encodeB64u(randomBytes(60)) } });
  t.equal((await put(5)).status, 204);
  t.equal((await put(5)).code, 'version-mismatch');
  t.equal((await put(4)).code, 'version-mismatch');
  t.equal((await put(6)).status, 204);
});

t.test('the delivery key hash is replaced', async (t) => {
  await using server = await openTestServer();
  const token = tokenOf(await makeAccount(server));
  const hash = sha256(randomBytes(32));
  t.equal(
    (await callRoute(server.url, putDeliveryKey, { token, body: { hash: encodeB64u(hash) } })).status,
    204,
  );
  t.strictSame(tablesWith(readTables(server.dataDir), [hash]), ['accounts']);
});

t.test('a deletion needs the login key, the account and the name', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const before = readTables(server.dataDir);
  t.equal((await tryDelete(server, account, { key: makeSigningKey() })).code, 'signature-invalid');
  t.equal(
    (await tryDelete(server, account, { change: { account: randomBytes(16) } })).code,
    'signature-invalid',
  );
  t.equal((await tryDelete(server, account, { change: { username: 'nobody' } })).code, 'signature-invalid');
  t.equal(
    (await tryDelete(server, account, { change: { challenge: randomBytes(32) } })).code,
    'challenge-expired',
  );
  t.strictSame(readTables(server.dataDir), before);
});

t.test(
  'after a deletion no table and no file holds a byte of the account, and its name is free',
  async (t) => {
    await using server = await openTestServer({ settings: { TACET_OPEN_SIGN_UP: 'yes' } });
    const stays = await makeAccount(server, { username: 'stays' });
    const beforeAll = readTables(server.dataDir);
    const { account, request } = await trySignUp(server, { username: 'leaves-soon', oneTimeKeys: 20 });
    const device = await linkDevice(server, account);
    await mustCall(server.url, makeInvite, { token: device.token, body: { uses: 3, ageMs: 60_000 } });
    const traces = [
      idBytes(account.id),
      ...account.devices.map(({ id }) => idBytes(id)),
      Buffer.from('leaves-soon'),
      request.accountKey,
      request.credentials.loginKey,
      request.credentials.vault,
      ...request.credentials.wraps.map(({ sealed }) => sealed),
      request.record.sealed,
      request.profile.sealed,
      request.deliveryKeyHash,
      request.sessionKey,
      request.prekeys.signed.publicKey,
      request.prekeys.lastResort.publicKey,
      request.prekeys.statement.bytes,
      ...request.prekeys.oneTime.map(({ publicKey }) => publicKey),
      ...request.prekeys.oneTimeKyber.map(({ publicKey }) => publicKey),
    ];
    t.ok(tablesWith(readTables(server.dataDir), traces).length >= 9, 'the traces are found while it lives');

    t.equal((await tryDelete(server, account)).status, 204);
    const after = readTables(server.dataDir);
    t.strictSame(tablesWith(after, traces), []);
    const { deleted_accounts: noted = [], ...others } = after;
    t.equal(noted.length, 1, 'a hash of its id is kept');
    t.strictSame({ ...others, deleted_accounts: [] }, beforeAll, 'everything else is as before it came');
    t.equal((await callRoute(server.url, getRecord, { token: device.token })).code, 'session-ended');
    t.equal((await tryLogin(server, account, makeDevice())).code, 'login-refused');
    const found = await callRoute(server.url, lookup, {
      token: tokenOf(stays),
      body: { username: 'leaves-soon' },
    });
    t.equal(found.code, 'account-unknown');

    await server.close();
    const file = await readFile(join(server.dataDir, DATABASE_FILE));
    const inFile = traces.filter((trace) => file.includes(Buffer.from(trace)));
    t.equal(inFile.length, 0, 'nor is it left in freed pages');
  },
);

t.test('the name of a deleted account can be taken anew', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server, { username: 'phoenix' });
  t.equal((await tryDelete(server, account)).status, 204);
  const { answer } = await trySignUp(server, { username: 'phoenix' });
  t.equal(answer.code, undefined);
});
