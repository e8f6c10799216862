/**
 * Queries of announced resets: one row per device, which goes with the device. What one device announced stands beside what another
 * did: a device that never comes back keeps nobody waiting, and nobody can put an end to another's wait but by the passphrase.
 */
import { LIMITS } from '@tacet/protocol/limits';
import type { PendingReset, ResetStore } from './account-ports.ts';
import type { Builder } from './dialect.ts';
import { all, first, run, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** The resets of a database. */
export function buildResetStore(engine: StoreEngine): ResetStore {
  const { build } = engine;
  return {
    list: (account, now) => engine.read(() => pending(build, account, now)),
    begin: (account, reset, now) => engine.write(() => begin(build, account, reset, now)),
    cancel: (account) =>
      engine.write(function* () {
        return (yield* run(build.deleteFrom('resets').where('account', '=', account))) > 0;
      }),
    prune: (now) => engine.write(() => run(build.deleteFrom('resets').where('due_at', '<=', lapsedAt(now)))),
  };
}

/** A part of a transaction: whether this device announced a reset that is due and has not lapsed. */
export function* isDue(
  build: Builder,
  account: Uint8Array,
  device: Uint8Array,
  now: number,
): Transaction<boolean> {
  const announced = (yield* pending(build, account, now)).find(
    (each) => Buffer.compare(each.device, device) === 0,
  );
  return announced !== undefined && announced.dueAt <= now;
}

function* pending(build: Builder, account: Uint8Array, now: number): Transaction<readonly PendingReset[]> {
  const rows = yield* all(
    build
      .selectFrom('resets')
      .where('account', '=', account)
      .where('due_at', '>', lapsedAt(now))
      .orderBy('due_at')
      .select(['device', 'due_at']),
  );
  return rows.map((row) => ({ device: row.device, dueAt: row.due_at }));
}

function* begin(
  build: Builder,
  account: Uint8Array,
  { device, dueAt }: PendingReset,
  now: number,
): Transaction<PendingReset | undefined> {
  const listed = yield* first(
    build.selectFrom('devices').where('id', '=', device).where('account', '=', account).select('id'),
  );
  if (listed === undefined) return undefined;
  yield* run(build.deleteFrom('resets').where('device', '=', device).where('due_at', '<=', lapsedAt(now)));
  const before = yield* first(
    build.selectFrom('resets').where('device', '=', device).select(['device', 'due_at']),
  );
  if (before !== undefined) return { device: before.device, dueAt: before.due_at };
  yield* run(build.insertInto('resets').values({ account, device, due_at: dueAt }));
  return { device, dueAt };
}

/** What was due then, or before, has lapsed by now. */
function lapsedAt(now: number): number {
  return now - LIMITS.resetLapseMs;
}
