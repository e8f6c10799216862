/**
 * Which accounts were deleted: a backup may still have one, and receipts may bring one back after a restore. Of each a hash of its id
 * stays. An id is 16 random bytes: who does not know it learns nothing from the hash. Nothing goes from here, but a row is some
 * hundred bytes and costs a sign-up, which leaves much more if nothing is deleted.
 */
import { createHash } from 'node:crypto';
import type { Builder } from './dialect.ts';
import { all, first, run, type Transaction } from './transaction.ts';

const LABEL = Buffer.from('Tacet/deleted-account/v1\0');

function hashOf(account: Uint8Array): Uint8Array {
  return createHash('sha256').update(LABEL).update(account).digest();
}

/** A part of a transaction: remembers that an account has been deleted. */
export function* noteDeleted(build: Builder, account: Uint8Array): Transaction<void> {
  yield* insertHash(build, hashOf(account));
}

/** Whether an account has been deleted. */
export function* wasDeleted(build: Builder, account: Uint8Array): Transaction<boolean> {
  const hash = hashOf(account);
  return (
    (yield* first(build.selectFrom('deleted_accounts').where('hash', '=', hash).select('hash'))) !== undefined
  );
}

/** Remembers what another database of this server did, and deletes those accounts, which an older backup still has. */
export function* deleteAgain(build: Builder, hashes: readonly Uint8Array[]): Transaction<void> {
  const known = new Set(hashes.map((hash) => Buffer.from(hash).toString('hex')));
  for (const hash of hashes) yield* insertHash(build, hash);
  for (const { id } of yield* all(build.selectFrom('accounts').select('id'))) {
    const isDeleted = known.has(Buffer.from(hashOf(id)).toString('hex'));
    if (isDeleted) yield* run(build.deleteFrom('accounts').where('id', '=', id));
  }
}

function* insertHash(build: Builder, hash: Uint8Array): Transaction<void> {
  yield* run(
    build
      .insertInto('deleted_accounts')
      .values({ hash })
      .onConflict((conflict) => conflict.doNothing()),
  );
}
