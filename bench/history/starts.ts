/** Starts of the client in a browser that has an account: each in a tab of its own, until a conversation can be read. */
import type { BrowserContext } from '@playwright/test';
import { measureStart, noteAppearance, type StartCost } from '../../test/support/measure-start.ts';

/** What a conversation that can be read has. */
export const READABLE = '[data-message]';
const ROUNDS = 7;

export interface Conditions {
  /** With an empty browser cache. */
  readonly cold: boolean;
  /** How many times slower the processor is made. */
  readonly slowdown: number;
}

/** One start; the account, its database and the cache are the context's. */
async function start(context: BrowserContext, address: string, conditions: Conditions): Promise<StartCost> {
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  if (conditions.cold) await devtools.send('Network.clearBrowserCache');
  if (conditions.slowdown > 1)
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: conditions.slowdown });
  await noteAppearance(page, READABLE);
  const cost = await measureStart(page, () => page.goto(address), { untilPaint: false });
  await page.close();
  return cost;
}

/** Several starts, one after the other. */
export async function measureStarts(
  context: BrowserContext,
  address: string,
  conditions: Conditions,
): Promise<readonly StartCost[]> {
  const costs: StartCost[] = [];
  for (let i = 0; i < ROUNDS; i += 1) costs.push(await start(context, address, conditions));
  return costs;
}

/** The middle one of their times, milliseconds. */
export function medianMs(costs: readonly StartCost[]): number {
  const sorted = costs.map(({ usableMs }) => usableMs).toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
}
