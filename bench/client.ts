// `bench client`: what a start of the client costs. Bytes of every response with gzip, headers included: before the first
// screen of somebody new, and from a signed-in start to a readable conversation. Milliseconds from the navigation to a
// conversation on the screen, with an empty browser cache (cold), with a filled one (warm), and warm at a quarter of the
// processor's speed. Takeovers between tabs. Then the same browser with 100,000 messages in 500 conversations: start, change of conversation, scrolling,
// search, memory.

import { openTwoPeople } from '../test/support/browser-people.ts';
import { askForGzip, measureStart, noteAppearance } from '../test/support/measure-start.ts';
import { measureStarts, medianMs } from './history/starts.ts';
import { measureLongHistory } from './long-history.ts';
import { measureTakeovers } from './takeover.ts';

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
    const cold = await measureStarts(context, address, { cold: true, slowdown: 1 });
    for (const response of cold[0]?.responses ?? []) progress(`  ${response}`);
    progress('signed in, warm');
    const warm = await measureStarts(context, address, { cold: false, slowdown: 1 });
    progress('signed in, warm, at a quarter of the speed');
    const slow = await measureStarts(context, address, { cold: false, slowdown: 4 });
    progress('takeovers between tabs');
    const takeovers = await measureTakeovers(context, address, progress);
    const history = await measureLongHistory(context, people.origin, progress);
    const kilobytes = Math.max(...cold.map((cost) => cost.kilobytes));
    return {
      transfer_kb_first_screen: Math.round(first.kilobytes * 10) / 10,
      transfer_kb_signed_in: Math.round(kilobytes * 10) / 10,
      usable_ms_cold: medianMs(cold),
      usable_ms_warm: medianMs(warm),
      usable_ms_warm_quarter_speed: medianMs(slow),
      ...takeovers,
      ...history,
    };
  } finally {
    await people.close();
  }
}
