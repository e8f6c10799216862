/**
 * What a start of the client costs: bytes of every response as they travel with gzip, and milliseconds until a person can use what is
 * shown. Used by the budget's test and by its benchmark.
 */
import type { BrowserContext, Page, Request } from '@playwright/test';

export interface StartCost {
  /** Headers and bodies of all responses, in kilobytes of 1,000 bytes. */
  readonly kilobytes: number;
  /** The same without answers of the API: how many of them come before the end is a matter of the machine. */
  readonly fileKilobytes: number;
  /** Since the navigation began. */
  readonly usableMs: number;
  /** Path and size of each response, for whoever wonders. */
  readonly responses: readonly string[];
}

// This part runs in the page.
declare const document: { querySelector(selector: string): unknown };
declare const MutationObserver: new (run: () => void) => {
  observe(target: unknown, options: { readonly childList: true; readonly subtree: true }): void;
};

/** Makes servers answer with gzip, which is what the budgets count, also where the browser would take something smaller. */
export async function askForGzip(context: BrowserContext): Promise<void> {
  await context.setExtraHTTPHeaders({ 'accept-encoding': 'gzip' });
}

/** Notes in the page when an element first matches `selector`, to a fraction of a millisecond. */
export async function noteAppearance(page: Page, selector: string): Promise<void> {
  await page.addInitScript((wanted) => {
    const look = (): void => {
      if ('appearedAt' in globalThis || document.querySelector(wanted) === null) return;
      Object.assign(globalThis, { appearedAt: performance.now() });
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
  }, selector);
}

async function sizeOf(request: Request): Promise<number> {
  const response = await request.response();
  if (response === null || response.fromServiceWorker()) return 0;
  const { responseBodySize, responseHeadersSize } = await request.sizes();
  // The body of a worker's script is not sized by the browser's own tools; the server names its length.
  const named = Number(response.headers()['content-length'] ?? 0);
  return responseHeadersSize + Math.max(responseBodySize, named);
}

/**
 * Navigates by `go` and waits until `selector` has appeared, as `noteAppearance` watches for it. Counts what was asked for before that,
 * or with `untilPaint` before the first paint.
 */
export async function measureStart(
  page: Page,
  go: () => Promise<unknown>,
  options: { readonly untilPaint: boolean },
): Promise<StartCost> {
  const requests: Request[] = [];
  const note = (request: Request): void => {
    requests.push(request);
  };
  page.on('request', note);
  await go();
  await page.waitForFunction(() => 'appearedAt' in globalThis);
  const { origin, appearedAt, beforePaint } = await page.evaluate(() => {
    const paintedAt = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity;
    return {
      origin: performance.timeOrigin,
      appearedAt: (globalThis as unknown as { readonly appearedAt: number }).appearedAt,
      // Asked by the page's own clock, because the order of a paint and a request is a matter of fractions.
      beforePaint: performance
        .getEntriesByType('resource')
        .filter(({ startTime }) => startTime <= paintedAt)
        .map(({ name }) => name),
    };
  });
  page.off('request', note);
  const responses: { readonly path: string; readonly bytes: number }[] = [];
  for (const request of requests) {
    const isCounted = options.untilPaint
      ? request.isNavigationRequest() || beforePaint.includes(request.url())
      : request.timing().startTime <= origin + appearedAt;
    if (!isCounted) continue;
    responses.push({ path: new URL(request.url()).pathname, bytes: await sizeOf(request) });
  }
  const files = responses.filter(({ path }) => !path.startsWith('/v1/'));
  return {
    fileKilobytes: files.reduce((sum, { bytes }) => sum + bytes, 0) / 1_000,
    kilobytes: responses.reduce((sum, { bytes }) => sum + bytes, 0) / 1_000,
    usableMs: appearedAt,
    responses: responses.map(({ path, bytes }) => `${path} ${bytes}`),
  };
}
