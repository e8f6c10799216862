// Runs some things at a time, the first ones first.

import { add, none, type Outcome } from './outcome.ts';

/**
 * Runs all of them and adds up how they ended. `places`: one thing runs at a time in each, from the moment when its promise
 * settles. Those that are still to come when nothing is left are not waited for.
 */
export async function runInTurn<Thing>(
  things: readonly Thing[],
  places: readonly Promise<unknown>[],
  run: (thing: Thing) => Promise<Outcome>,
): Promise<Outcome> {
  const left = things.values();
  const nothingLeft = Promise.withResolvers<void>();
  const take = async (place: Promise<unknown>): Promise<Outcome> => {
    await Promise.race([place, nothingLeft.promise]);
    let total = none;
    // All of them take from the same iterator.
    for (const thing of left) total = add(total, await run(thing));
    nothingLeft.resolve();
    return total;
  };
  const totals = await Promise.all(places.map(take));
  return totals.reduce(add, none);
}

/** So many places, free at once or from a moment on. */
export function placesFor(
  count: number,
  from: Promise<unknown> = Promise.resolve(),
): readonly Promise<unknown>[] {
  return Array.from({ length: count }, () => from);
}
