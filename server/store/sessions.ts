/** Queries of sessions: one row per device, refresh tokens as hashes. Access tokens are never stored. */
import type { LoginOutcome, NewSession, SessionStore } from './account-ports.ts';
import type { Builder } from './dialect.ts';
import { all, first, run, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** The sessions of a database. */
export function buildSessionStore(engine: StoreEngine): SessionStore {
  const { build } = engine;
  return {
    get: (device) =>
      engine.read(function* () {
        const row = yield* first(build.selectFrom('sessions').where('device', '=', device).selectAll());
        if (row === undefined) return undefined;
        return {
          device: row.device,
          account: row.account,
          sessionKey: row.session_key,
          refreshHash: row.refresh_hash,
          previousHash: row.previous_hash ?? undefined,
          pending: row.pending === 1,
        };
      }),
    open: (session, pendingMost, now) => engine.write(() => open(build, session, pendingMost, now)),
    rotate: (device, sessionKey, refreshHash, refreshUntil) =>
      engine.write(function* () {
        const row = yield* first(
          build
            .updateTable('sessions')
            .set((columns) => ({
              previous_hash: columns.ref('refresh_hash'),
              refresh_hash: refreshHash,
              refresh_until: refreshUntil,
            }))
            .where('device', '=', device)
            .where('session_key', '=', sessionKey)
            .returning('pending'),
        );
        return row === undefined ? undefined : { pending: row.pending === 1 };
      }),
    end: (device) =>
      engine.write(function* () {
        yield* run(build.deleteFrom('sessions').where('device', '=', device));
      }),
    prune: (now) =>
      engine.write(() =>
        run(build.deleteFrom('sessions').where('pending', '=', 1).where('refresh_until', '<=', now)),
      ),
  };
}

/** A part of a transaction: stores a session, in place of the device's former one. */
export function* insertSession(build: Builder, session: NewSession, pending: boolean): Transaction<boolean> {
  const replaced = yield* run(build.deleteFrom('sessions').where('device', '=', session.device));
  yield* run(
    build.insertInto('sessions').values({
      device: session.device,
      account: session.account,
      session_key: session.sessionKey,
      refresh_hash: session.refreshHash,
      refresh_until: session.refreshUntil,
      previous_hash: null,
      pending: pending ? 1 : 0,
    }),
  );
  return replaced > 0;
}

function* open(
  build: Builder,
  session: NewSession,
  pendingMost: number,
  now: number,
): Transaction<LoginOutcome> {
  const { account, device } = session;
  const owners = yield* all(
    build
      .selectFrom('sessions')
      .where('device', '=', device)
      .select('account')
      .union(build.selectFrom('devices').where('id', '=', device).select('account'))
      .union(build.selectFrom('departures').where('device', '=', device).select('account')),
  );
  if (owners.some((owner) => Buffer.compare(owner.account, account) !== 0)) return { kind: 'taken' };
  const ended: Uint8Array[] = [];
  const listed = yield* first(build.selectFrom('devices').where('id', '=', device).select('id'));
  if (listed === undefined) {
    const waiting = yield* all(
      build
        .selectFrom('sessions')
        .where('account', '=', account)
        .where('pending', '=', 1)
        .where('device', '!=', device)
        .orderBy('refresh_until', 'desc')
        .select(['device', 'refresh_until']),
    );
    for (const [i, other] of waiting.entries()) {
      if (i < pendingMost - 1 && other.refresh_until > now) continue;
      yield* run(build.deleteFrom('sessions').where('device', '=', other.device));
      ended.push(other.device);
    }
  }
  const replaced = yield* insertSession(build, session, listed === undefined);
  if (replaced) ended.push(device);
  return { kind: 'opened', pending: listed === undefined, ended };
}
