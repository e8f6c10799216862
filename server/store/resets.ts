/** Queries of announced resets: one row per account. A reset of a device that is gone goes with the next use of the login key. */
import type { PendingReset, ResetStore } from './account-ports.ts';
import type { Builder } from './dialect.ts';
import { first, run, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** The resets of a database. */
export function buildResetStore(engine: StoreEngine): ResetStore {
  const { build } = engine;
  return {
    get: (account) => engine.read(() => pending(build, account)),
    begin: (account, reset) =>
      engine.write(function* () {
        const before = yield* pending(build, account);
        if (before !== undefined) return before;
        yield* run(build.insertInto('resets').values({ account, device: reset.device, due_at: reset.dueAt }));
        return reset;
      }),
    cancel: (account) =>
      engine.write(function* () {
        return (yield* run(build.deleteFrom('resets').where('account', '=', account))) > 0;
      }),
  };
}

/** A part of a transaction: the reset that was announced, if its device is still listed. */
export function* pending(build: Builder, account: Uint8Array): Transaction<PendingReset | undefined> {
  const row = yield* first(
    build
      .selectFrom('resets')
      .innerJoin('devices', 'devices.id', 'resets.device')
      .where('resets.account', '=', account)
      .select(['resets.device', 'resets.due_at']),
  );
  return row === undefined ? undefined : { device: row.device, dueAt: row.due_at };
}
