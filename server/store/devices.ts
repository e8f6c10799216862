/** Queries of devices and of the list that names them. A list takes force by compare-and-set on counter and hash. */
import { rotate } from './credentials.ts';
import type {
  DeviceStore,
  FirstUpload,
  ListChange,
  ListOutcome,
  ReadList,
  SignedBytes,
} from './account-ports.ts';
import type { Builder } from './dialect.ts';
import { insertOneTimeKeys } from './prekeys.ts';
import { isDue } from './resets.ts';
import { insertSession } from './sessions.ts';
import { all, first, run, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** The devices of a database. */
export function buildDeviceStore(engine: StoreEngine): DeviceStore {
  const { build } = engine;
  return {
    list: (account) =>
      engine.read(function* () {
        const row = yield* first(
          build
            .selectFrom('accounts')
            .where('id', '=', account)
            .select(['list', 'list_counter', 'list_hash']),
        );
        if (row === undefined) return undefined;
        return { bytes: row.list, counter: row.list_counter, hash: row.list_hash };
      }),
    active: (account) =>
      engine.read(function* () {
        const rows = yield* all(build.selectFrom('devices').where('account', '=', account).select('id'));
        return rows.map(({ id }) => id);
      }),
    changeList: (account, list, change) => engine.erase(() => changeList(build, account, list, change)),
    depart: (account, device, departure) => engine.erase(() => depart(build, account, device, departure)),
  };
}

/** A part of a transaction: a device with its first prekeys. Its queue begins with this commit. */
export function* insertDevice(
  build: Builder,
  account: Uint8Array,
  device: Uint8Array,
  prekeys: FirstUpload,
): Transaction<void> {
  yield* run(
    build.insertInto('devices').values({
      id: device,
      account,
      start_counter: 0,
      signed_id: prekeys.signed.id,
      signed_key: prekeys.signed.publicKey,
      signed_signature: prekeys.signed.signature,
      last_resort_id: prekeys.lastResort.id,
      last_resort_key: prekeys.lastResort.publicKey,
      last_resort_signature: prekeys.lastResort.signature,
      statement: prekeys.statement.bytes,
      statement_signature: prekeys.statement.signature,
    }),
  );
  yield* insertOneTimeKeys(build, device, prekeys);
}

/** A device list as the row of its account holds it. */
export function listColumns(list: ReadList) {
  return {
    list: list.bytes,
    list_signature: list.signature,
    list_counter: list.counter,
    list_hash: list.hash,
  } as const;
}

function* changeList(
  build: Builder,
  account: Uint8Array,
  list: ReadList,
  { added, rotation, reset }: ListChange,
): Transaction<ListOutcome> {
  if (added !== undefined) {
    const taken = yield* first(build.selectFrom('devices').where('id', '=', added.device).select('id'));
    if (taken !== undefined) return { kind: 'list-mismatch' };
  }
  const isNext = yield* follows(build, account, list);
  if (reset !== undefined && !(yield* isDue(build, account, reset.device, reset.now))) {
    return { kind: 'reset-not-due' };
  }
  if (isNext && rotation !== undefined) {
    if (!(yield* rotate(build, account, rotation))) return { kind: 'version-mismatch' };
  }
  const changed = yield* run(
    build
      .updateTable('accounts')
      .set(listColumns(list))
      .where('id', '=', account)
      .where('list_counter', '=', list.counter - 1)
      .where('list_hash', '=', list.previous),
  );
  if (changed === 0) return { kind: 'list-mismatch' };
  if (reset !== undefined) {
    const { accountKey } = reset;
    yield* run(build.updateTable('accounts').set({ account_key: accountKey }).where('id', '=', account));
    yield* run(build.deleteFrom('resets').where('account', '=', account));
    // Opened by the former credentials.
    yield* run(build.deleteFrom('sessions').where('account', '=', account).where('pending', '=', 1));
  }

  const removed = yield* endUnlisted(build, account, list.devices);
  if (added !== undefined) {
    yield* insertDevice(build, account, added.device, added.prekeys);
    yield* insertSession(build, added.session, false);
  }
  return { kind: 'changed', removed };
}

/**
 * A part of a transaction: ends session, queue, prekeys and departure of every device of an account that is not listed, and gives those
 * that had a session or a queue. A session that waits for a list stays.
 */
export function* endUnlisted(
  build: Builder,
  account: Uint8Array,
  listed: readonly Uint8Array[],
): Transaction<readonly Uint8Array[]> {
  const left = yield* all(
    build
      .selectFrom('devices')
      .where('account', '=', account)
      .where('id', 'not in', listed)
      .select('id')
      .union(
        build
          .selectFrom('sessions')
          .where('account', '=', account)
          .where('pending', '=', 0)
          .where('device', 'not in', listed)
          .select('device as id'),
      ),
  );
  const removed = left.map(({ id }) => id);
  if (removed.length > 0) {
    yield* run(build.deleteFrom('devices').where('id', 'in', removed));
    yield* run(build.deleteFrom('sessions').where('device', 'in', removed));
  }
  yield* run(build.deleteFrom('departures').where('account', '=', account).where('device', 'not in', listed));
  return removed;
}

/** Whether the list names the one in force as its predecessor. */
function* follows(build: Builder, account: Uint8Array, list: ReadList): Transaction<boolean> {
  const row = yield* first(
    build
      .selectFrom('accounts')
      .where('id', '=', account)
      .where('list_counter', '=', list.counter - 1)
      .where('list_hash', '=', list.previous)
      .select('id'),
  );
  return row !== undefined;
}

function* depart(
  build: Builder,
  account: Uint8Array,
  device: Uint8Array,
  departure: SignedBytes | undefined,
): Transaction<void> {
  yield* run(build.deleteFrom('sessions').where('device', '=', device));
  const listed = yield* run(
    build.deleteFrom('devices').where('id', '=', device).where('account', '=', account),
  );
  if (listed === 0 || departure === undefined) return;
  yield* run(
    build
      .insertInto('departures')
      .values({ device, account, notice: departure.bytes, signature: departure.signature }),
  );
}
