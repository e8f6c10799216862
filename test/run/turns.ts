// Runs some things at a time, the first ones first.

import { add, none, type Outcome } from './outcome.ts';

/** Runs all of them, `atATime` beside each other, and adds up how they ended. */
export async function runInTurn<Thing>(
  things: readonly Thing[],
  atATime: number,
  run: (thing: Thing) => Promise<Outcome>,
): Promise<Outcome> {
  const left = things.values();
  const take = async (): Promise<Outcome> => {
    let total = none;
    // All of them take from the same iterator.
    for (const thing of left) total = add(total, await run(thing));
    return total;
  };
  const totals = await Promise.all(Array.from({ length: atATime }, take));
  return totals.reduce(add, none);
}
