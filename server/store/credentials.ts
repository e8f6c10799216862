/** Queries of credentials: login key, vault and wraps under one version, and what rotates together with them when a device is removed. */
import type { Credentials, KeyRotation } from './account-ports.ts';
import type { Builder } from './dialect.ts';
import { all, first, run, type Transaction } from './transaction.ts';

/** A part of a transaction: stores credentials where there are none. */
export function* insertCredentials(
  build: Builder,
  account: Uint8Array,
  next: Credentials,
): Transaction<void> {
  yield* run(
    build
      .insertInto('credentials')
      .values({ account, version: next.version, login_key: next.loginKey, vault: next.vault }),
  );
  for (const [position, { way, sealed }] of next.wraps.entries()) {
    yield* run(build.insertInto('wraps').values({ account, position, way, sealed }));
  }
}

/** The credentials in force. */
export function* credentials(build: Builder, account: Uint8Array): Transaction<Credentials | undefined> {
  const row = yield* first(
    build.selectFrom('credentials').where('account', '=', account).select(['version', 'login_key', 'vault']),
  );
  if (row === undefined) return undefined;
  const wraps = yield* all(
    build.selectFrom('wraps').where('account', '=', account).orderBy('position').select(['way', 'sealed']),
  );
  return { version: row.version, loginKey: row.login_key, vault: row.vault, wraps: [...wraps] };
}

/** Replaces credentials whose version is one below, and ends the pending sessions that the former ones opened. */
export function* changeCredentials(
  build: Builder,
  account: Uint8Array,
  next: Credentials,
): Transaction<readonly Uint8Array[] | undefined> {
  const gone = yield* run(
    build
      .deleteFrom('credentials')
      .where('account', '=', account)
      .where('version', '=', next.version - 1),
  );
  if (gone === 0) return undefined;
  yield* run(build.deleteFrom('wraps').where('account', '=', account));
  yield* insertCredentials(build, account, next);
  return yield* endPending(build, account);
}

/** A part of a transaction: ends the sessions that wait for a list, and gives their devices. */
export function* endPending(build: Builder, account: Uint8Array): Transaction<readonly Uint8Array[]> {
  const waiting = yield* all(
    build.deleteFrom('sessions').where('account', '=', account).where('pending', '=', 1).returning('device'),
  );
  return waiting.map(({ device }) => device);
}

/**
 * A part of a transaction: puts a rotation in force if its credentials are the next ones and its record is a later one; else changes
 * nothing. What a device that is leaving wrote last, as often and with versions as high as it liked, does not stand in the way. The account's
 * invites end: that device could read them, and could make some of its own.
 */
export function* rotate(
  build: Builder,
  account: Uint8Array,
  { credentials: next, record, profile, deliveryKeyHash }: KeyRotation,
): Transaction<boolean> {
  const held = yield* first(
    build
      .selectFrom('credentials')
      .innerJoin('records', 'records.account', 'credentials.account')
      .where('credentials.account', '=', account)
      .where('credentials.version', '=', next.version - 1)
      .where('records.version', '<', record.version)
      .select('credentials.account'),
  );
  if (held === undefined) return false;
  yield* run(build.deleteFrom('credentials').where('account', '=', account));
  yield* run(build.deleteFrom('wraps').where('account', '=', account));
  yield* insertCredentials(build, account, next);
  yield* run(
    build
      .updateTable('records')
      .set({ ...record })
      .where('account', '=', account),
  );
  yield* turnOut(build, account, { profile, deliveryKeyHash });
  return true;
}

/** A part of a transaction: exchanges the profile and the delivery key that who has left knew, and ends the account's invites. */
export function* turnOut(
  build: Builder,
  account: Uint8Array,
  { profile, deliveryKeyHash }: Pick<KeyRotation, 'profile' | 'deliveryKeyHash'>,
): Transaction<void> {
  yield* run(
    build
      .updateTable('profiles')
      .set({ ...profile })
      .where('account', '=', account),
  );
  yield* run(
    build.updateTable('accounts').set({ delivery_key_hash: deliveryKeyHash }).where('id', '=', account),
  );
  yield* run(build.deleteFrom('invites').where('account', '=', account));
}
