/** Queries of invites. Only a sign-up consumes one, in the transaction that makes the account. */
import type { Invite, InviteStore, SignUpOutcome } from './account-ports.ts';
import type { InviteRow } from './account-tables.ts';
import type { Builder } from './dialect.ts';
import { all, first, run, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** The invites of a database. */
export function buildInviteStore(engine: StoreEngine): InviteStore {
  const { build } = engine;
  return {
    get: (code, now) => engine.read(() => good(build, code, now)),
    list: (account, now) =>
      engine.read(function* () {
        const rows = yield* all(
          build
            .selectFrom('invites')
            .where('account', '=', account)
            .where('expires_at', '>', now)
            .orderBy('expires_at')
            .orderBy('code')
            .selectAll(),
        );
        return rows.map(inviteOf);
      }),
    add: (invite, most, now) => engine.write(() => add(build, invite, most, now)),
    prune: (now) => engine.write(() => run(build.deleteFrom('invites').where('expires_at', '<=', now))),
    withdraw: (account, code) =>
      engine.write(function* () {
        const changes = yield* run(
          build.deleteFrom('invites').where('code', '=', code).where('account', '=', account),
        );
        return changes === 1;
      }),
    first: (code) => engine.write(() => firstInvite(build, code)),
  };
}

function inviteOf(row: InviteRow): Invite {
  return {
    code: row.code,
    account: row.account ?? undefined,
    usesLeft: row.uses_left,
    expiresAt: row.expires_at ?? undefined,
  };
}

function* good(build: Builder, code: Uint8Array, now: number): Transaction<Invite | undefined> {
  const row = yield* first(build.selectFrom('invites').where('code', '=', code).selectAll());
  if (row === undefined || (row.expires_at !== null && row.expires_at <= now)) return undefined;
  return inviteOf(row);
}

function* add(build: Builder, invite: Invite, most: number, now: number): Transaction<boolean> {
  const { account = null, expiresAt = null } = invite;
  if (account !== null) {
    yield* run(build.deleteFrom('invites').where('account', '=', account).where('expires_at', '<=', now));
    const open = yield* all(build.selectFrom('invites').where('account', '=', account).select('code'));
    if (open.length >= most) return false;
  }
  yield* run(
    build
      .insertInto('invites')
      .values({ code: invite.code, account, uses_left: invite.usesLeft, expires_at: expiresAt }),
  );
  return true;
}

function* firstInvite(build: Builder, code: Uint8Array): Transaction<Uint8Array | undefined> {
  const administrator = yield* first(
    build.selectFrom('accounts').where('administrator', '=', 1).select('id').limit(1),
  );
  if (administrator !== undefined) return undefined;
  const open = yield* first(build.selectFrom('invites').where('account', 'is', null).select('code'));
  if (open !== undefined) return open.code;
  yield* run(build.insertInto('invites').values({ code, account: null, uses_left: 1, expires_at: null }));
  return code;
}

/** A use of an invite: taken, or why not. */
export type InviteUse =
  | { readonly kind: 'taken'; readonly administrator: boolean }
  | { readonly kind: 'refused'; readonly why: Exclude<SignUpOutcome['kind'], 'created'> };

/**
 * A part of the sign-up transaction: takes one use of an invite unless `obstacle` finds a reason against the account. A bad invite is
 * told before anything else, so that nobody learns without an invite which names exist.
 */
export function* consumeInvite(
  build: Builder,
  code: Uint8Array | undefined,
  needed: boolean,
  now: number,
  obstacle: () => Transaction<'username-taken' | 'account-exists' | undefined>,
): Transaction<InviteUse> {
  const invite = code === undefined ? undefined : yield* good(build, code, now);
  if (invite === undefined && (needed || code !== undefined))
    return { kind: 'refused', why: 'invite-invalid' };
  const why = yield* obstacle();
  if (why !== undefined) return { kind: 'refused', why };
  if (invite === undefined) return { kind: 'taken', administrator: false };
  yield* invite.usesLeft > 1
    ? run(
        build
          .updateTable('invites')
          .set({ uses_left: invite.usesLeft - 1 })
          .where('code', '=', invite.code),
      )
    : run(build.deleteFrom('invites').where('code', '=', invite.code));
  return { kind: 'taken', administrator: invite.account === undefined };
}
