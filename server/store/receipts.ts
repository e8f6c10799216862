/**
 * What receipts are given for, read in one transaction, and what a restored server takes back on them: an account that it lost, a later
 * list, later credentials, a device. Whether a receipt is ours is decided before; nothing is lowered here.
 */
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import type { Credentials, FirstUpload, NewSession, ReadList, Versioned } from './account-ports.ts';
import { versioned } from './accounts.ts';
import { credentials, endPending, insertCredentials, turnOut } from './credentials.ts';
import { wasDeleted } from './deleted-accounts.ts';
import type { Builder } from './dialect.ts';
import { endUnlisted, insertDevice, listColumns } from './devices.ts';
import { insertSession } from './sessions.ts';
import { all, first, run, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** What is in force of an account and a device. */
export interface InForce {
  readonly username: string;
  readonly accountKey: Uint8Array;
  readonly sessionKey: Uint8Array;
  readonly list: { readonly counter: number; readonly hash: Uint8Array };
  readonly credentials: Credentials;
  readonly record: Versioned;
}

/** What a device brings back. */
export interface Returning {
  readonly account: Uint8Array;
  readonly username: string;
  readonly accountKey: Uint8Array;
  readonly list: ReadList;
  readonly credentials: Credentials;
  readonly record: Versioned;
  readonly profile: Versioned;
  readonly deliveryKeyHash: Uint8Array;
  readonly device: Uint8Array;
  readonly prekeys: FirstUpload;
  readonly session: NewSession;
  readonly invites: readonly { readonly code: Uint8Array; readonly expiresAt: number }[];
  readonly overInvites: readonly Uint8Array[];
  /** Of which parts the receipts are ours. */
  readonly proven: {
    readonly account: boolean;
    readonly list: boolean;
    readonly credentials: boolean;
    readonly record: boolean;
  };
}

/** `unknown`: not to be taken back on these receipts, or the list in force does not name the device. */
export type ReturnOutcome =
  | { readonly kind: 'returned'; readonly removed: readonly Uint8Array[] }
  | { readonly kind: 'unknown' | 'username-taken' };

/** What bounds the invites that come back. */
export interface InviteBounds {
  /** Open ones that an account may have. */
  readonly most: number;
  readonly now: number;
  /** When one ends at the latest. */
  readonly until: number;
}

export interface ReceiptStore {
  inForce(account: Uint8Array, device: Uint8Array): Promise<InForce | undefined>;
  takeBack(returning: Returning, bounds: InviteBounds): Promise<ReturnOutcome>;
}

/** The receipts' side of a database. */
export function buildReceiptStore(engine: StoreEngine): ReceiptStore {
  const { build } = engine;
  return {
    inForce: (account, device) => engine.read(() => inForce(build, account, device)),
    takeBack: (returning, bounds) => engine.write(() => takeBack(build, returning, bounds)),
  };
}

function* inForce(build: Builder, account: Uint8Array, device: Uint8Array): Transaction<InForce | undefined> {
  const row = yield* first(
    build
      .selectFrom('accounts')
      .innerJoin('sessions', 'sessions.account', 'accounts.id')
      .where('accounts.id', '=', account)
      .where('sessions.device', '=', device)
      .select(['username', 'account_key', 'list_counter', 'list_hash', 'session_key']),
  );
  const held = yield* credentials(build, account);
  const record = yield* versioned(build, 'records', account);
  if (row === undefined || held === undefined || record === undefined) return undefined;
  return {
    username: row.username,
    accountKey: row.account_key,
    sessionKey: row.session_key,
    list: { counter: row.list_counter, hash: row.list_hash },
    credentials: held,
    record,
  };
}

function* takeBack(build: Builder, back: Returning, bounds: InviteBounds): Transaction<ReturnOutcome> {
  const { account, device, prekeys, session } = back;
  if (yield* isAnothers(build, account, device)) return { kind: 'unknown' };
  const held = yield* first(
    build.selectFrom('accounts').where('id', '=', account).select(['list', 'list_counter']),
  );
  let removed: readonly Uint8Array[] = [];
  if (held === undefined) {
    const { proven } = back;
    if (!(proven.account && proven.list && proven.credentials && proven.record)) return { kind: 'unknown' };
    if (!names(back.list.bytes, device)) return { kind: 'unknown' };
    if (yield* wasDeleted(build, account)) return { kind: 'unknown' };
    const taken = yield* first(
      build.selectFrom('accounts').where('username', '=', back.username).select('id'),
    );
    if (taken !== undefined) return { kind: 'username-taken' };
    yield* insertAccount(build, back);
  } else {
    // With the account key that signs it: after a reset that is another one.
    const isLater = back.proven.list && back.proven.account && back.list.counter > held.list_counter;
    if (!names(isLater ? back.list.bytes : held.list, device)) return { kind: 'unknown' };
    if (isLater) removed = yield* raiseList(build, back);
    // What went with the removal or reset that the later list tells of goes again: a device that was removed may have put a profile that no
    // version comes after, and has the invites of the backup and what it has made since the restore.
    if (isLater && !hasSameRecordKey(held.list, back.list.bytes)) yield* turnOut(build, account, back);
    removed = [...removed, ...(yield* raiseCredentials(build, back))];
  }
  // Whatever it has of this device is older: prekeys go with the row, what waits for the device stays.
  if (!(yield* replaceKeys(build, device, prekeys))) yield* insertDevice(build, account, device, prekeys);
  yield* insertSession(build, session, false);
  yield* bringInvites(build, back, bounds);
  return { kind: 'returned', removed };
}

/** Whether the device's id belongs to another account here, or the device has left. */
function* isAnothers(build: Builder, account: Uint8Array, device: Uint8Array): Transaction<boolean> {
  const owners = yield* all(
    build
      .selectFrom('sessions')
      .where('device', '=', device)
      .select('account')
      .union(build.selectFrom('devices').where('id', '=', device).select('account')),
  );
  const left = yield* first(build.selectFrom('departures').where('device', '=', device).select('device'));
  return left !== undefined || owners.some((owner) => Buffer.compare(owner.account, account) !== 0);
}

function names(list: Uint8Array, device: Uint8Array): boolean {
  return signedDeviceList.parse(list).devices.some((listed) => Buffer.compare(listed.device, device) === 0);
}

function hasSameRecordKey(one: Uint8Array, other: Uint8Array): boolean {
  const [first, second] = [signedDeviceList.parse(one), signedDeviceList.parse(other)];
  return Buffer.compare(first.recordKeyHash, second.recordKeyHash) === 0;
}

function* insertAccount(build: Builder, back: Returning): Transaction<void> {
  const { account, list } = back;
  yield* run(
    build.insertInto('accounts').values({
      id: account,
      username: back.username,
      account_key: back.accountKey,
      administrator: 0,
      delivery_key_hash: back.deliveryKeyHash,
      ...listColumns(list),
    }),
  );
  yield* insertCredentials(build, account, back.credentials);
  yield* run(build.insertInto('records').values({ account, ...back.record }));
  yield* run(build.insertInto('profiles').values({ account, ...back.profile }));
}

/** Puts a later list in force, with the account key that goes with it; gives the devices that have ended with it. */
function* raiseList(build: Builder, back: Returning): Transaction<readonly Uint8Array[]> {
  const { account, list } = back;
  yield* run(
    build
      .updateTable('accounts')
      .set({
        ...listColumns(list),
        account_key: back.accountKey,
      })
      .where('id', '=', account),
  );
  return yield* endUnlisted(build, account, list.devices);
}

/** Puts later credentials in force; gives the devices whose sessions waited for a list and have ended with the former ones. */
function* raiseCredentials(build: Builder, back: Returning): Transaction<readonly Uint8Array[]> {
  const { account, credentials: next, proven } = back;
  if (!proven.credentials) return [];
  const older = yield* run(
    build.deleteFrom('credentials').where('account', '=', account).where('version', '<', next.version),
  );
  if (older === 0) return [];
  yield* run(build.deleteFrom('wraps').where('account', '=', account));
  yield* insertCredentials(build, account, next);
  return yield* endPending(build, account);
}

/** False: the device has no row. */
function* replaceKeys(build: Builder, device: Uint8Array, prekeys: FirstUpload): Transaction<boolean> {
  const { signed, lastResort, statement } = prekeys;
  const changed = yield* run(
    build
      .updateTable('devices')
      .set({
        signed_id: signed.id,
        signed_key: signed.publicKey,
        signed_signature: signed.signature,
        last_resort_id: lastResort.id,
        last_resort_key: lastResort.publicKey,
        last_resort_signature: lastResort.signature,
        statement: statement.bytes,
        statement_signature: statement.signature,
      })
      .where('id', '=', device),
  );
  return changed === 1;
}

/** Open ones that are missing come in, those that are over go. */
function* bringInvites(
  build: Builder,
  back: Returning,
  { most, now, until }: InviteBounds,
): Transaction<void> {
  const { account, overInvites } = back;
  const invites = back.invites.filter(({ expiresAt }) => expiresAt > now);
  if (overInvites.length > 0) {
    yield* run(build.deleteFrom('invites').where('account', '=', account).where('code', 'in', overInvites));
  }
  const open = yield* all(build.selectFrom('invites').where('account', '=', account).select('code'));
  const room = Math.max(0, most - open.length);
  for (const { code, expiresAt } of invites.slice(0, room)) {
    yield* run(
      build
        .insertInto('invites')
        .values({ code, account, uses_left: 1, expires_at: Math.min(expiresAt, until) })
        .onConflict((conflict) => conflict.doNothing()),
    );
  }
}
