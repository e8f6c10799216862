/**
 * Receipts, and coming back to a server that was restored from an older backup: it takes what it gave a receipt for, from the device that the
 * receipt names, and nothing else; and it never goes down for it.
 */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { idBytes } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { getCredentials, getRecord, putProfile, putRecord } from '@tacet/protocol/rest/accounts';
import { getDirectory } from '@tacet/protocol/rest/devices';
import { listInvites, makeInvite, readInvite } from '@tacet/protocol/rest/people';
import { newChallenge } from '@tacet/protocol/rest/sessions';
import { encodeB64u } from '@tacet/protocol/bytes';
import { type ComeBack } from '@tacet/protocol/signed/requests';
import { recordHash } from '../../server/services/receipts.ts';
import {
  bytesOf,
  linkDevice,
  makeAccount,
  makeDevice,
  makeSigningKey,
  tryChangeList,
  tryLogin,
  tryRenew,
} from '../support/make-account.ts';
import { mustCall, callRoute } from '../support/rest-client.ts';
import { changeLogin, counterOf, firstOf, keep, openScene, tryComeBack } from '../support/coming-back.ts';

t.setTimeout(600_000);

t.test('a server that was never restored takes nothing back, whatever receipts are shown', async (t) => {
  const { server, ada, device } = await openScene(t);
  const kept = await keep(server.url, ada, device);
  t.equal((await mustCall(server.url, newChallenge)).restore, undefined);
  t.equal((await tryComeBack(server.url, ada, device, kept)).code, 'session-ended');
  const over = {
    version: 0,
    hash: encodeB64u(recordHash(kept.record.sealed)),
    receipt: kept.receipts.record.receipt,
  };
  const body = { version: 2, sealed: encodeB64u(randomBytes(9)), over };
  t.equal((await callRoute(server.url, putRecord, { body, token: device.token })).code, 'version-mismatch');
});

t.test(
  'what was accepted after the backup comes into force again on its receipts, an added device with it',
  async (t) => {
    const { server, url, ada, device } = await openScene(t);
    const gone = await linkDevice(server, ada);
    await server.backUp();
    await tryChangeList(server, ada, [device], device);
    const added = await linkDevice(server, ada);
    await changeLogin(url, ada, device);
    const kept = await keep(url, ada, device);
    const addedKept = await keep(url, ada, added);
    await server.goBack();

    t.match((await mustCall(url, newChallenge)).restore, { restoredAt: 2_000_000, backedUpAt: 1_000_000 });
    t.equal((await tryRenew(server, added)).code, 'session-ended', 'the added device is not known');
    t.equal((await tryRenew(server, gone)).code, undefined, 'the removed one is, for now');
    t.equal((await tryComeBack(url, ada, device, kept)).code, undefined);
    t.equal(await counterOf(url, device), 4);
    t.equal((await callRoute(url, getDirectory, { token: gone.token })).code, 'session-ended');
    const { version, loginKey } = await mustCall(url, getCredentials, { token: device.token });
    t.strictSame([version, loginKey], [3, encodeB64u(ada.loginKey.publicKey)]);
    t.equal((await tryComeBack(url, ada, added, addedKept)).code, undefined);
    t.equal(await counterOf(url, added), 4);
    t.equal((await tryRenew(server, added)).code, undefined, 'its session is an ordinary one');

    const over = {
      version: 1,
      hash: encodeB64u(recordHash(kept.record.sealed)),
      receipt: kept.receipts.record.receipt,
    };
    const next = { version: kept.record.version + 1, sealed: encodeB64u(randomBytes(9)) };
    const put = (body: unknown) => callRoute(url, putRecord, { body, token: device.token });
    t.equal((await put(next)).code, 'version-mismatch', 'without a receipt');
    t.equal((await put({ ...next, over: { ...over, version: 2 } })).code, 'version-mismatch', 'over another');
    t.equal(
      (await put({ ...next, version: next.version + 1, over })).code,
      'version-mismatch',
      'not for that',
    );
    t.equal((await put({ ...next, over })).code, undefined);
    t.equal((await put({ ...next, over })).code, 'version-mismatch', 'once');
  },
);

t.test(
  'nothing is lowered by an older receipt, and a device that is off the list does not come back',
  async (t) => {
    const { server, url, ada, device } = await openScene(t);
    const gone = await linkDevice(server, ada);
    await server.backUp();
    const early = await keep(url, ada, device);
    const goneKept = await keep(url, ada, gone);
    await tryChangeList(server, ada, [device], device);
    await changeLogin(url, ada, device);
    const late = await keep(url, ada, device);
    await server.goBack();
    t.equal((await tryComeBack(url, ada, device, late)).code, undefined);
    t.equal((await tryComeBack(url, ada, device, early)).code, undefined);
    t.equal(await counterOf(url, device), 3);
    t.equal((await mustCall(url, getCredentials, { token: device.token })).version, 3);
    t.equal((await tryComeBack(url, ada, gone, goneKept)).code, 'session-ended');
  },
);

t.test(
  'a receipt is good for its own account, kind, version and content alone, and the session key must sign',
  async (t) => {
    const { server, url, ada, device } = await openScene(t);
    const eve = await makeAccount(server);
    await server.backUp();
    await linkDevice(server, ada);
    await changeLogin(url, ada, device);
    const kept = await keep(url, ada, device);
    const eves = await keep(url, eve, firstOf(eve));
    await server.goBack();

    const wrongKey = await tryComeBack(url, ada, device, kept, { key: makeSigningKey() });
    t.equal(wrongKey.code, 'signature-invalid');
    const sessionKey = makeSigningKey();
    const stolen = await tryComeBack(url, ada, device, kept, {
      key: sessionKey,
      change: (request) => ({ ...request, sessionKey: sessionKey.publicKey }),
    });
    t.equal(stolen.code, 'session-ended', 'a session key without a receipt');
    const asAda = await tryComeBack(url, ada, device, kept, {
      key: firstOf(eve).sessionKey,
      change: (request) => ({
        ...request,
        device: idBytes(firstOf(eve).id),
        sessionKey: firstOf(eve).sessionKey.publicKey,
        deviceReceipt: bytesOf(eves.receipts.device.receipt),
      }),
    });
    t.equal(asAda.code, 'session-ended', 'a device of another account');
    t.equal(
      (await tryComeBack(url, ada, device, kept, { change: (r) => ({ ...r, epoch: randomBytes(16) }) })).code,
      'session-ended',
      'another epoch',
    );

    const receipts = kept.receipts;
    const forged: Readonly<Record<string, (request: ComeBack) => ComeBack>> = {
      'made up': (request) => ({
        ...request,
        listReceipt: randomBytes(32),
        credentialsReceipt: randomBytes(32),
      }),
      'of another kind': (request) => ({
        ...request,
        listReceipt: bytesOf(receipts.credentials.receipt),
        credentialsReceipt: bytesOf(receipts.list.receipt),
      }),
      'of another account': (request) => ({
        ...request,
        listReceipt: bytesOf(eves.receipts.list.receipt),
        credentialsReceipt: bytesOf(eves.receipts.credentials.receipt),
      }),
    };
    for (const [name, change] of Object.entries(forged)) {
      t.equal((await tryComeBack(url, ada, device, kept, { change })).code, undefined);
      t.equal(await counterOf(url, device), 1, `${name}: the list stays`);
      t.equal(
        (await mustCall(url, getCredentials, { token: device.token })).version,
        1,
        'and the credentials',
      );
    }
    const other = await tryComeBack(url, ada, device, kept, {
      change: (request) => ({
        ...request,
        credentials: { ...request.credentials, loginKey: makeSigningKey().publicKey },
      }),
    });
    t.equal(other.code, undefined);
    t.equal((await mustCall(url, getCredentials, { token: device.token })).version, 1, 'another login key');
  },
);

t.test(
  'a lost account is made again with every receipt, and with none missing; its name may be gone',
  async (t) => {
    const { server, url } = await openScene(t);
    await server.backUp();
    const zoe = await makeAccount(server, { username: 'zoe' });
    const yan = await makeAccount(server, { username: 'yan' });
    const device = firstOf(zoe);
    const kept = await keep(url, zoe, device);
    const yans = await keep(url, yan, firstOf(yan));
    await server.goBack();
    const missing: Readonly<Record<string, Partial<ComeBack>>> = {
      account: { accountReceipt: randomBytes(32) },
      'another name': { username: 'zora' },
      list: { listReceipt: randomBytes(32) },
      credentials: { credentialsReceipt: randomBytes(32) },
      record: { before: { hash: randomBytes(32), receipt: bytesOf(kept.receipts.record.receipt) } },
    };
    for (const [name, part] of Object.entries(missing)) {
      const refused = await tryComeBack(url, zoe, device, kept, { change: (r) => ({ ...r, ...part }) });
      t.equal(refused.code, 'session-ended', name);
    }
    t.equal((await tryComeBack(url, zoe, device, kept)).code, undefined);
    t.equal((await mustCall(url, getRecord, { token: device.token })).version, 2);
    await makeAccount(server, { username: 'yan' });
    t.equal((await tryComeBack(url, yan, firstOf(yan), yans)).code, 'username-taken');
  },
);

t.test('what a removed device did before the others came back goes with it', async (t) => {
  const { server, url, ada, device } = await openScene(t);
  const gone = await linkDevice(server, ada);
  const invite = { uses: 9, ageMs: LIMITS.inviteMaxAgeMs };
  const earlier = await mustCall(url, makeInvite, { token: gone.token, body: invite });
  await server.backUp();
  await tryChangeList(server, ada, [device], device);
  t.equal((await callRoute(url, readInvite, { params: { code: earlier.code } })).code, 'invite-invalid');
  const kept = await keep(url, ada, device);
  await server.goBack();

  t.equal((await tryRenew(server, gone)).code, undefined);
  const made = await mustCall(url, makeInvite, { token: gone.token, body: invite });
  const last = { version: Number.MAX_SAFE_INTEGER, sealed: encodeB64u(randomBytes(9)) };
  t.equal((await callRoute(url, putProfile, { token: gone.token, body: last })).code, undefined);
  const own = { code: randomBytes(16), expiresAt: Date.now() + 60_000 };
  const change = (request: ComeBack): ComeBack => ({ ...request, invites: [own] });
  t.equal((await tryComeBack(url, ada, device, kept, { change })).code, undefined);
  for (const { code } of [earlier, made]) {
    t.equal((await callRoute(url, readInvite, { params: { code } })).code, 'invite-invalid', 'its invite');
  }
  t.match(
    await mustCall(url, listInvites, { token: device.token }),
    { invites: [{ code: encodeB64u(own.code) }] },
    'what the other brought is there',
  );
  const next = { version: 10, sealed: encodeB64u(randomBytes(9)) };
  t.equal((await callRoute(url, putProfile, { token: device.token, body: next })).code, undefined);
  // Once: whoever comes after it finds what was made since.
  const later = await mustCall(url, makeInvite, { token: device.token, body: invite });
  t.equal((await tryComeBack(url, ada, device, kept, { change })).code, undefined);
  t.equal((await callRoute(url, readInvite, { params: { code: later.code } })).code, undefined);
});

t.test('an invite that is brought back ends when one that is made would, at the latest', async (t) => {
  const { server, url, ada, device } = await openScene(t);
  const kept = await keep(url, ada, device);
  await server.backUp();
  await server.goBack();
  const [long, over] = [randomBytes(16), randomBytes(16)];
  const invites = [
    { code: long, expiresAt: 8_640_000_000_000_000 },
    { code: over, expiresAt: 1 },
  ];
  const change = (request: ComeBack): ComeBack => ({ ...request, invites });
  t.equal((await tryComeBack(url, ada, device, kept, { change })).code, undefined);
  const listed = await mustCall(url, listInvites, { token: device.token });
  t.strictSame(
    listed.invites.map(({ code }) => code),
    [encodeB64u(long)],
  );
  t.ok(listed.invites.every(({ expiresAt }) => expiresAt <= Date.now() + LIMITS.inviteMaxAgeMs));
});

t.test('a later list comes into force with the key that signs it, or not at all', async (t) => {
  const { server, url, ada, device } = await openScene(t);
  await server.backUp();
  await linkDevice(server, ada);
  const kept = await keep(url, ada, device);
  await server.goBack();
  const change = (request: ComeBack): ComeBack => ({ ...request, accountReceipt: randomBytes(32) });
  t.equal((await tryComeBack(url, ada, device, kept, { change })).code, undefined);
  t.equal(await counterOf(url, device), 1);
  t.equal((await tryComeBack(url, ada, device, kept)).code, undefined);
  t.equal(await counterOf(url, device), 2);
});

t.test('who signed in with a passphrase that was changed since is out once the change is back', async (t) => {
  const { server, url, ada, device } = await openScene(t);
  const { loginKey: former } = ada;
  await server.backUp();
  await changeLogin(url, ada, device);
  const kept = await keep(url, ada, device);
  await server.goBack();
  const thief = makeDevice();
  t.equal((await tryLogin(server, { ...ada, loginKey: former }, thief)).code, undefined);
  t.equal((await callRoute(url, getCredentials, { token: thief.token })).code, undefined);
  t.equal((await tryComeBack(url, ada, device, kept)).code, undefined);
  t.equal((await callRoute(url, getCredentials, { token: thief.token })).code, 'session-ended');
  t.equal((await tryRenew(server, thief)).code, 'session-ended');
});
