/** A page crashes at any step of what its worker sends and receives: opened again, it has lost nothing and shows nothing twice. */
import type { Page } from '@playwright/test';
import { pickSeed, Seeded } from '../support/schedule.ts';
import { expect, test } from './fixtures.ts';
import { Person } from './pages/person.page.ts';
import { WorkerSteps } from './worker-steps.ts';

const isSoak = process.env['TACET_SOAK'] === '1';
/** Crashes in each direction, where not every step has one. */
const SAMPLE = 3;
const FIRST_STEP = 2;

/** What somebody sees of the conversation. */
async function expectAll(person: Person, texts: readonly string[]): Promise<void> {
  for (const text of texts) await person.expectOnce(text);
  await expect(person.timeline.getByRole('article')).toHaveCount(texts.length);
}

/** Opens a page of a browser whose other one has crashed. */
async function openAgain(who: Person, watch: (page: Page) => Promise<void>): Promise<Person> {
  const at = who.page.url();
  const page = await who.page.context().newPage();
  await who.page.close();
  await watch(page);
  await page.goto(at);
  const again = new Person(page, who.origin, { name: who.name, username: who.username });
  await expect(again.composer).toBeVisible();
  return again;
}

/** The steps at which the page is to crash, of so many. */
function pointsOf(total: number, seeded: Seeded): readonly number[] {
  if (isSoak) return Array.from({ length: total }, (_, step) => step);
  // The first is early enough that every round comes to it.
  return [FIRST_STEP, ...Array.from({ length: SAMPLE - 1 }, () => seeded.below(total))];
}

for (const direction of ['sends', 'receives'] as const) {
  test(`a page that crashes at any step while it ${direction} loses nothing and shows nothing twice`, async ({
    ada,
    bob: first,
    watch,
  }) => {
    test.setTimeout(isSoak ? 1_800_000 : 240_000);
    const seeded = new Seeded(pickSeed());
    test.info().annotations.push({ type: 'seed', description: `TACET_SEED=${String(seeded.seed)}` });
    let bob = first;
    await ada.open('Bob');
    const texts: string[] = [];

    /** Says words as whoever acts does, without a look at what comes of it. */
    async function begin(words: string): Promise<void> {
      texts.push(words);
      if (direction === 'receives') return ada.send(words);
      await bob.composer.fill(words);
      await bob.composer.press('Enter');
    }
    /** The words are on both sides, and both sides know. */
    async function isDone(words: string): Promise<void> {
      await ada.expectOnce(words);
      await bob.expectOnce(words);
      await (direction === 'sends' ? bob : ada).expectDelivery(words, 'delivered');
    }

    await begin('before all');
    await isDone('before all');
    const counted = await WorkerSteps.of(bob.page);
    await counted.stopAfter(Infinity);
    await begin('without a crash');
    await isDone('without a crash');
    const total = await counted.taken();
    expect(total, 'there are steps to crash at').toBeGreaterThan(4);

    let stops = 0;
    for (const point of pointsOf(total, seeded)) {
      const words = `crashes after ${String(point)} steps of ${String(total)}, round ${String(texts.length)}`;
      await test.step(words, async () => {
        const steps = await WorkerSteps.of(bob.page);
        await steps.stopAfter(point);
        await begin(words);
        // Not every round takes as many steps: the page may be done before it stops.
        const stopped = steps.stopped().then(() => true);
        const isStopped = await Promise.race([stopped, isDone(words).then(() => false)]);
        stops += isStopped ? 1 : 0;
        await steps.crash();
        bob = await openAgain(bob, watch);
        await bob.expectOnce(texts.at(-2) ?? '');
        if (direction === 'sends' && (await bob.message(words).count()) === 0) {
          // Not on the disk yet when the page went: whoever wrote it sees that, and writes it again.
          await begin(words);
          texts.pop();
        }
        await isDone(words);
      });
    }
    test.info().annotations.push({ type: 'crashes', description: `${String(stops)} in the middle` });
    expect(stops, 'it crashed in the middle').toBeGreaterThan(0);
    await bob.send('from Bob, in the end');
    await ada.expectOnce('from Bob, in the end');
    await ada.send('from Ada, in the end');
    texts.push('from Bob, in the end', 'from Ada, in the end');
    for (const person of [ada, bob]) await expectAll(person, texts);
  });
}
