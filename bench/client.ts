// `bench client`: what a start of the client costs. Bytes of every response with gzip, headers included: before the first
// screen of somebody new, and from a signed-in start to a readable conversation. Milliseconds from the navigation to a
// conversation on the screen, with an empty browser cache (cold), with a filled one (warm), and warm at a quarter of the
// processor's speed. Then the same browser with 100,000 messages in 500 conversations: start, change of conversation, scrolling,
// search, memory.

import type { BrowserContext } from '@playwright/test';
import { openTwoPeople } from '../test/support/browser-people.ts';
import { measureHistory } from './history/measure.ts';
import { seedHistory } from './history/seeding.ts';
import { askForGzip, measureStart, noteAppearance, type StartCost } from '../test/support/measure-start.ts';

const ROUNDS = 7;
const READABLE = '[data-message]';
const HISTORY = { conversations: 500, messages: 100_000, everyMs: 60_000, first: 20_000, unread: 0 } as const;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
}

interface Conditions {
  readonly cold: boolean;
  /** How many times slower the processor is made. */
  readonly slowdown: number;
}

/** One start in a tab of its own; the account, its database and the cache are the context's. */
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

async function starts(
  context: BrowserContext,
  address: string,
  conditions: Conditions,
): Promise<readonly StartCost[]> {
  const costs: StartCost[] = [];
  for (let i = 0; i < ROUNDS; i += 1) costs.push(await start(context, address, conditions));
  return costs;
}

export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const people = await openTwoPeople(progress);
  try {
    progress('first screen');
    const newcomer = await people.browser.newContext();
    await askForGzip(newcomer);
    const page = await newcomer.newPage();
    await noteAppearance(page, 'main h1');
    const first = await measureStart(page, () => page.goto(people.origin), { untilPaint: true });
    for (const response of first.responses) progress(`  ${response}`);
    await newcomer.close();

    const { bob } = people;
    for (let i = 0; i < 40; i += 1) await bob.send(`line ${i}`);
    await bob.expectDelivery('line 39', 'sent');
    const address = bob.page.url();
    const context = bob.page.context();
    await bob.page.close();
    await askForGzip(context);
    progress('signed in, cold');
    const cold = await starts(context, address, { cold: true, slowdown: 1 });
    for (const response of cold[0]?.responses ?? []) progress(`  ${response}`);
    progress('signed in, warm');
    const warm = await starts(context, address, { cold: false, slowdown: 1 });
    progress('signed in, warm, at a quarter of the speed');
    const slow = await starts(context, address, { cold: false, slowdown: 4 });
    progress('writing 100,000 messages in 500 conversations');
    const addresses = await seedHistory(context, people.origin, { ...HISTORY, until: Date.now() }, progress);
    progress('signed in, warm, with a long history');
    const long = await starts(context, addresses[0] ?? '', { cold: false, slowdown: 1 });
    const reader = await context.newPage();
    await reader.goto(addresses[0] ?? '');
    await reader.waitForSelector(READABLE);
    const history = await measureHistory(reader, addresses, progress);
    const kilobytes = Math.max(...cold.map((cost) => cost.kilobytes));
    return {
      transfer_kb_first_screen: Math.round(first.kilobytes * 10) / 10,
      transfer_kb_signed_in: Math.round(kilobytes * 10) / 10,
      usable_ms_cold: median(cold.map((cost) => cost.usableMs)),
      usable_ms_warm: median(warm.map((cost) => cost.usableMs)),
      usable_ms_warm_quarter_speed: median(slow.map((cost) => cost.usableMs)),
      usable_ms_long_history: median(long.map((cost) => cost.usableMs)),
      ...history,
    };
  } finally {
    await people.close();
  }
}
