/** What was deleted on a server that was restored from a backup stays deleted, whoever still has receipts. */
import t from 'tap';
import { freeName } from '../../server/admin/free-name.ts';
import { tryDelete } from '../support/account-requests.ts';
import { linkDevice, makeAccount, tryRenew, trySignUp } from '../support/make-account.ts';
import { firstOf, keep, openScene, tryComeBack } from '../support/coming-back.ts';
import { readTables } from '../support/read-tables.ts';

t.setTimeout(600_000);

t.test(
  'an account that is deleted after a restore is brought back by no device, on no receipt',
  async (t) => {
    const { server, url, ada, device } = await openScene(t);
    const away = await linkDevice(server, ada);
    await server.backUp();
    const zoe = await makeAccount(server, { username: 'zoe' });
    const zoesAway = await linkDevice(server, zoe);
    const kept = await keep(url, ada, away);
    const zoes = await keep(url, zoe, firstOf(zoe));
    const zoesKept = await keep(url, zoe, zoesAway);
    await server.goBack();
    t.same(readTables(server.dataDir)['deleted_accounts'], []);
    // One that the backup has, and one that came back after it.
    t.equal((await tryRenew(server, device)).code, undefined);
    t.equal((await tryDelete(server, ada)).status, 204);
    t.equal((await tryComeBack(url, zoe, firstOf(zoe), zoes)).code, undefined);
    t.equal((await tryDelete(server, zoe)).status, 204);
    const before = readTables(server.dataDir);
    t.equal((await tryComeBack(url, ada, away, kept)).code, 'session-ended');
    t.equal((await tryComeBack(url, zoe, zoesAway, zoesKept)).code, 'session-ended');
    t.equal((await tryComeBack(url, zoe, firstOf(zoe), zoes)).code, 'session-ended');
    t.strictSame(readTables(server.dataDir), before, 'nothing of them is there again');
    t.notMatch(JSON.stringify(before['deleted_accounts']), ada.id, 'their numbers are not kept');

    // The same backup once more: it has one of them, and the database that it replaces knows better.
    await server.goBack();
    const after = readTables(server.dataDir);
    t.strictSame(after['accounts'], []);
    t.strictSame(after['deleted_accounts'], before['deleted_accounts']);
    t.equal((await tryRenew(server, away)).code, 'session-ended');
    t.equal((await tryComeBack(url, ada, away, kept)).code, 'session-ended');
    t.equal((await tryComeBack(url, zoe, zoesAway, zoesKept)).code, 'session-ended');
  },
);

t.test('an account that is deleted between the backup and its restore is not there again', async (t) => {
  const { server, url, ada, device } = await openScene(t);
  const stays = await makeAccount(server);
  const gone = await makeAccount(server);
  await server.backUp();
  const newer = await makeAccount(server);
  const [adas, newers] = [await keep(url, ada, device), await keep(url, newer, firstOf(newer))];
  for (const account of [ada, newer]) t.equal((await tryDelete(server, account)).status, 204);
  await server.stop();
  t.same(await freeName(server.dataDir, gone.username, true), { kind: 'freed', devices: 1 });
  await server.goBack();
  const tables = readTables(server.dataDir);
  t.equal(tables['accounts']?.length, 1);
  t.equal(tables['devices']?.length, 1, 'nothing of the others either');
  t.equal((await tryRenew(server, firstOf(stays))).code, undefined);
  t.equal((await tryComeBack(url, ada, device, adas)).code, 'session-ended');
  t.equal((await tryComeBack(url, newer, firstOf(newer), newers)).code, 'session-ended');
  for (const { username } of [ada, gone, newer]) {
    t.equal((await trySignUp(server, { username })).answer.code, undefined, 'the name is free');
  }
});
