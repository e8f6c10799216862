/** Queries of what the server keeps about itself: one row, made at the first start. */
import type { Builder } from './dialect.ts';
import { first, run, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** The restore that a server goes back to. */
export interface Restore {
  /** 16 random bytes, new with each restore. */
  readonly epoch: Uint8Array;
  readonly restoredAt: number;
  /** When the backup was made: what came later is lost here. */
  readonly backedUpAt: number;
}

/** What is known of the clock from one start to the next. */
export interface ClockNote {
  /** What it said when it was last looked at. */
  readonly at: number;
  /** How long the server has run since the clock was found set; `undefined`: it is believed. */
  readonly heldMs: number | undefined;
}

/** What the server keeps about itself. */
export interface ServerState {
  /** 32 bytes. */
  readonly receiptKey: Uint8Array;
  readonly restore: Restore | undefined;
  /** `undefined`: nobody has looked at it yet. */
  readonly clock: ClockNote | undefined;
}

const ONLY_ROW = 1;

/** The server's state. `freshKey` becomes the receipt key of a server that has none yet. */
export function openServerState(engine: StoreEngine, freshKey: Uint8Array): Promise<ServerState> {
  return engine.write(() => ensure(engine.build, freshKey));
}

/** Notes what the clock says. */
export function noteClock(engine: StoreEngine, { at, heldMs }: ClockNote): Promise<void> {
  const { build } = engine;
  return engine.write(function* () {
    yield* run(build.updateTable('server_state').set({ clock_at: at, clock_held_ms: heldMs ?? null }));
  });
}

/**
 * Begins a restore epoch in a database that comes from a backup. One-time prekeys go: those handed out since must not be handed out
 * again, and which ones is not known. Announced resets go, which may have been cancelled since, sign-ins that were not finished, and the first
 * invite, which may have been used since: a server without an administrator makes another.
 */
export function beginRestoreEpoch(
  engine: StoreEngine,
  freshKey: Uint8Array,
  restore: Restore,
): Promise<void> {
  const { build } = engine;
  return engine.write(function* () {
    yield* ensure(build, freshKey);
    const { epoch, restoredAt, backedUpAt } = restore;
    yield* run(
      build
        .updateTable('server_state')
        .set({ restore_epoch: epoch, restored_at: restoredAt, backed_up_at: backedUpAt }),
    );
    yield* run(build.deleteFrom('one_time_prekeys'));
    yield* run(build.deleteFrom('one_time_kyber_prekeys'));
    yield* run(build.deleteFrom('resets'));
    yield* run(build.deleteFrom('sessions').where('pending', '=', 1));
    yield* run(build.deleteFrom('invites').where('account', 'is', null));
  });
}

function* ensure(build: Builder, freshKey: Uint8Array): Transaction<ServerState> {
  yield* run(
    build
      .insertInto('server_state')
      .values({ id: ONLY_ROW, receipt_key: freshKey })
      .onConflict((conflict) => conflict.doNothing()),
  );
  const row = yield* first(build.selectFrom('server_state').selectAll());
  const { receipt_key: receiptKey = freshKey, clock_at: at, clock_held_ms: heldMs } = row ?? {};
  const clock = typeof at === 'number' ? { at, heldMs: heldMs ?? undefined } : undefined;
  const { restore_epoch: epoch, restored_at, backed_up_at } = row ?? {};
  if (!epoch) return { receiptKey, restore: undefined, clock };
  const restore = { epoch, restoredAt: restored_at ?? 0, backedUpAt: backed_up_at ?? 0 };
  return { receiptKey, restore, clock };
}
