/**
 * What a long history costs whoever uses it, in a real browser: changing between conversations, scrolling up through thousands of
 * lines, searching letter by letter, and the memory of page and worker after all of that.
 */
import type { CDPSession, Page } from '@playwright/test';

// This part runs in the page.
interface Box {
  scrollTop: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
  readonly dataset: Readonly<Record<string, string | undefined>>;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Box | null;
  click(): void;
  focus(): void;
}
declare const document: { querySelector(selector: string): Box | null };
declare const requestAnimationFrame: (run: () => void) => void;

const SWITCHES = 60;
const SCROLL_FRAMES = 600;
const SCROLL_PX = 90;

export interface HistoryFigures {
  readonly switch_ms_p95: number;
  readonly scroll_worst_frame_ms: number;
  readonly scroll_frame_ms_p99: number;
  readonly search_ms_p95: number;
  readonly heap_mb: number;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN) * 10) /
    10
  );
}

/** Milliseconds from the click to the frame that shows lines of the other conversation. */
async function measureSwitches(page: Page, paths: readonly string[]): Promise<readonly number[]> {
  return page.evaluate(async (wanted) => {
    const frame = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(resolve));
    const times: number[] = [];
    for (const path of wanted) {
      const link = document.querySelector(`nav a[href="${path}"]`);
      if (link === null) throw new Error(`no ${path} in the list`);
      const before = document.querySelector('[role=log]')?.getAttribute('aria-label');
      const start = performance.now();
      link.click();
      for (;;) {
        await frame();
        const log = document.querySelector('[role=log]');
        if (
          log !== null &&
          log.getAttribute('aria-label') !== before &&
          log.querySelector('[data-message]') !== null
        )
          break;
      }
      times.push(performance.now() - start);
      // What the change set going comes to rest before the next one.
      for (let i = 0; i < 12; i += 1) await frame();
    }
    return times;
  }, paths);
}

/** Milliseconds between frames while scrolling up, as fast as a hand on a wheel. */
async function measureScroll(
  page: Page,
): Promise<{ readonly frames: readonly number[]; readonly order: number }> {
  return page.evaluate(
    async ({ count, by }) => {
      const frame = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(resolve));
      const log = document.querySelector('[role=log]');
      if (log === null) throw new Error('no conversation is open');
      const frames: number[] = [];
      await frame();
      let last = performance.now();
      for (let i = 0; i < count; i += 1) {
        log.scrollTop -= by;
        await frame();
        const now = performance.now();
        frames.push(now - last);
        last = now;
      }
      return { frames, order: Number(log.querySelector('[data-order]')?.dataset['order']) };
    },
    { count: SCROLL_FRAMES, by: SCROLL_PX },
  );
}

/** Milliseconds from a letter to the frame that shows what it found. */
async function measureSearches(page: Page, queries: readonly string[]): Promise<readonly number[]> {
  return page.evaluate(async (wanted) => {
    const frame = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(resolve));
    const field = document.querySelector('[role=searchbox]');
    if (field === null) throw new Error('no field to search in');
    const type = (value: string): void => {
      Object.assign(field, { value });
      (field as unknown as { dispatchEvent(event: Event): void }).dispatchEvent(
        new Event('input', { bubbles: true }),
      );
    };
    const times: number[] = [];
    for (const query of wanted) {
      const start = performance.now();
      type(query);
      while (document.querySelector('[data-answers]')?.dataset['answers'] !== query) await frame();
      times.push(performance.now() - start);
      await frame();
    }
    type('');
    return times;
  }, queries);
}

/** Used heaps of the page and its workers after a collection, megabytes. */
async function measureHeap(page: Page, session: CDPSession): Promise<number> {
  const workers: string[] = [];
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type === 'worker') workers.push(sessionId);
  });
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  let lastId = 0;
  const ask = (worker: string, method: string): Promise<{ readonly usedSize?: number }> =>
    new Promise((resolve) => {
      lastId += 1;
      const id = lastId;
      const listen = (event: { readonly sessionId: string; readonly message: string }): void => {
        const answer = JSON.parse(event.message) as { id?: number; result?: { usedSize?: number } };
        if (event.sessionId !== worker || answer.id !== id) return;
        session.off('Target.receivedMessageFromTarget', listen);
        resolve(answer.result ?? {});
      };
      session.on('Target.receivedMessageFromTarget', listen);
      const message = JSON.stringify({ id, method });
      session.send('Target.sendMessageToTarget', { sessionId: worker, message }).catch(() => resolve({}));
    });
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  let bytes = usedSize;
  if (workers.length === 0) throw new Error('the worker does not show itself');
  for (const worker of workers) {
    await ask(worker, 'HeapProfiler.collectGarbage');
    bytes += (await ask(worker, 'Runtime.getHeapUsage')).usedSize ?? Number.NaN;
  }
  return bytes / 1_000_000;
}

/** Measures in a page that shows the first of the conversations; `addresses` are theirs. */
export async function measureHistory(
  page: Page,
  addresses: readonly string[],
  progress: (line: string) => void,
): Promise<HistoryFigures> {
  const paths = addresses.map((address) => new URL(address).pathname);
  progress('  switching');
  const some = Array.from({ length: SWITCHES }, (_, i) => paths[(i * 37 + 1) % paths.length] ?? '');
  const switches = await measureSwitches(page, some);
  progress('  scrolling');
  await measureSwitches(page, [paths[0] ?? '']);
  const { frames } = await measureScroll(page);
  progress('  searching');
  await page.getByRole('searchbox').focus();
  const words = [
    'l',
    'la',
    'lan',
    'lant',
    'lanterns',
    'river copp',
    'kettle win orch',
    'n77',
    'n12 viol',
    'nothing',
  ];
  // The first of all reads the index; whoever has focused the field and typed a letter has waited for that.
  await measureSearches(page, ['x']);
  const searches = await measureSearches(page, [...words, ...words.map((word) => `${word} m`), ...words]);
  const session = await page.context().newCDPSession(page);
  return {
    switch_ms_p95: quantile(switches, 0.95),
    scroll_worst_frame_ms: quantile(frames, 1),
    scroll_frame_ms_p99: quantile(frames, 0.99),
    search_ms_p95: quantile(searches, 0.95),
    heap_mb: Math.round(await measureHeap(page, session)),
  };
}
