/**
 * The server has shown an older state of the own account than this device knows, or one that contradicts it. It is refused where it is
 * read; the person is told here, once, and again only if it still goes on a week after he has seen it.
 */
import { T } from '../db/stores.ts';
import type { Home } from '../home.ts';
import type { Services } from '../services.ts';
import type { RollbackView } from '../view.ts';

const TOLD_AGAIN_MS = 7 * 24 * 60 * 60_000;

/** An older state was refused: has the person told. */
export async function noteRollback(services: Services): Promise<void> {
  const { db, own, clock } = services;
  const now = clock.now();
  const isTold = (): boolean => {
    const { rollback } = own.value;
    return rollback !== undefined && (rollback.seen !== true || now - rollback.at < TOLD_AGAIN_MS);
  };
  if (isTold()) return;
  await db.write([T.own], async (tx) => {
    if (isTold()) return;
    own.change(tx, (held) => ({ ...held, rollback: { at: now } }));
    tx.after(() => services.peopleChanged());
  });
}

/** The person has seen it. */
export async function seeRollback(services: Services): Promise<void> {
  const { db, own, clock } = services;
  if (own.value.rollback === undefined) return;
  await db.write([T.own], async (tx) => {
    own.change(tx, (held) => ({ ...held, rollback: { at: clock.now(), seen: true } }));
    tx.after(() => services.peopleChanged());
  });
}

/** What is to be told. */
export function rollbackOf({ own }: Home): RollbackView | undefined {
  const { rollback } = own.value;
  return rollback?.seen === true ? undefined : rollback;
}
