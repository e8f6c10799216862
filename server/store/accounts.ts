/** Queries of accounts and records. Rules live in services; here is only what one transaction must hold together. */
import type { AccountStore, Directory, NewAccount, SignUpOutcome, Versioned } from './account-ports.ts';
import type { Builder } from './dialect.ts';
import { insertDevice, listColumns } from './devices.ts';
import { changeCredentials, credentials, insertCredentials } from './credentials.ts';
import { noteDeleted } from './deleted-accounts.ts';
import { consumeInvite } from './invites.ts';
import { insertSession } from './sessions.ts';
import { all, first, run, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** The accounts of a database. */
export function buildAccountStore(engine: StoreEngine): AccountStore {
  const { build } = engine;
  return {
    create: (account, now) => engine.write(() => create(build, account, now)),
    population: () => engine.read(() => population(build)),
    loginOf: (username) =>
      engine.read(function* () {
        // For a name that nobody has, somebody else's row is read: the time must not tell which names there are.
        const row = yield* first(
          build
            .selectFrom('accounts')
            .innerJoin('credentials', 'credentials.account', 'accounts.id')
            .where('username', '=', (eb) =>
              eb.fn.coalesce(
                eb
                  .selectFrom('accounts as asked')
                  .where('asked.username', '=', username)
                  .select('asked.username'),
                eb.selectFrom('accounts as any').select((any) => any.fn.min('any.username').as('username')),
              ),
            )
            .select(['accounts.id', 'username', 'credentials.login_key']),
        );
        const login = row === undefined ? undefined : { account: row.id, loginKey: row.login_key };
        return row?.username === username ? login : undefined;
      }),
    usernameOf: (account) =>
      engine.read(function* () {
        const row = yield* first(build.selectFrom('accounts').where('id', '=', account).select('username'));
        return row?.username;
      }),
    credentials: (account) => engine.read(() => credentials(build, account)),
    changeCredentials: (account, next) => engine.write(() => changeCredentials(build, account, next)),
    record: (account) => engine.read(() => versioned(build, 'records', account)),
    putRecord: (account, record, before) =>
      engine.write(function* () {
        const changes = yield* run(
          build
            .updateTable('records')
            .set({ version: record.version, sealed: record.sealed })
            .where('account', '=', account)
            .where('version', '=', before),
        );
        return changes === 1;
      }),
    setDeliveryKeyHash: (account, hash) =>
      engine.write(function* () {
        const changes = yield* run(
          build.updateTable('accounts').set({ delivery_key_hash: hash }).where('id', '=', account),
        );
        return changes === 1;
      }),
    directory: (account) => engine.read(() => directoryOf(build, 'id', account)),
    directoryOf: (username) => engine.read(() => directoryOf(build, 'username', username)),
    delete: (account) => engine.erase(() => deleteAccount(build, account)),
  };
}

/** A versioned ciphertext of an account. */
export function* versioned(
  build: Builder,
  table: 'records' | 'profiles',
  account: Uint8Array,
): Transaction<Versioned | undefined> {
  return yield* first(build.selectFrom(table).where('account', '=', account).select(['version', 'sealed']));
}

function* create(build: Builder, wanted: NewAccount, now: number): Transaction<SignUpOutcome> {
  const { account, username, device } = wanted;
  const invite = yield* consumeInvite(build, wanted.invite, wanted.inviteNeeded, now, function* () {
    const name = yield* first(build.selectFrom('accounts').where('username', '=', username).select('id'));
    if (name !== undefined) return 'username-taken';
    const taken = yield* all(
      build
        .selectFrom('accounts')
        .where('id', '=', account)
        .select('id')
        .union(build.selectFrom('sessions').where('device', '=', device).select('device as id'))
        .union(build.selectFrom('devices').where('id', '=', device).select('id'))
        .union(build.selectFrom('departures').where('device', '=', device).select('device as id')),
    );
    return taken.length > 0 ? 'account-exists' : undefined;
  });
  if (invite.kind === 'refused') return { kind: invite.why };

  yield* run(
    build.insertInto('accounts').values({
      id: account,
      username,
      account_key: wanted.accountKey,
      administrator: invite.administrator ? 1 : 0,
      delivery_key_hash: wanted.deliveryKeyHash,
      ...listColumns(wanted.list),
    }),
  );
  yield* insertCredentials(build, account, wanted.credentials);
  yield* run(build.insertInto('records').values({ account, ...wanted.record }));
  yield* run(build.insertInto('profiles').values({ account, ...wanted.profile }));
  yield* insertDevice(build, account, device, wanted.prekeys);
  yield* insertSession(build, wanted.session, false);
  return { kind: 'created' };
}

function* population(build: Builder): Transaction<{ any: boolean; administrator: boolean }> {
  const any = yield* first(build.selectFrom('accounts').select('id').limit(1));
  const administrator = yield* first(
    build.selectFrom('accounts').where('administrator', '=', 1).select('id').limit(1),
  );
  return { any: any !== undefined, administrator: administrator !== undefined };
}

function* directoryOf(
  build: Builder,
  by: 'id' | 'username',
  value: Uint8Array | string,
): Transaction<Directory | undefined> {
  const row = yield* first(
    build
      .selectFrom('accounts')
      .where(by, '=', value)
      .select(['id', 'account_key', 'list', 'list_signature']),
  );
  if (row === undefined) return undefined;
  const departures = yield* all(
    build
      .selectFrom('departures')
      .where('account', '=', row.id)
      .orderBy('device')
      .select(['notice', 'signature']),
  );
  return {
    account: row.id,
    accountKey: row.account_key,
    list: { bytes: row.list, signature: row.list_signature },
    departures: departures.map(({ notice, signature }) => ({ bytes: notice, signature })),
  };
}

function* deleteAccount(build: Builder, account: Uint8Array): Transaction<readonly Uint8Array[]> {
  const devices = yield* all(
    build
      .selectFrom('devices')
      .where('account', '=', account)
      .select('id')
      .union(build.selectFrom('sessions').where('account', '=', account).select('device as id')),
  );
  // Every other table that names an account or a device refers to it with `on delete cascade`.
  const gone = yield* run(build.deleteFrom('accounts').where('id', '=', account));
  if (gone > 0) yield* noteDeleted(build, account);
  return devices.map(({ id }) => id);
}
