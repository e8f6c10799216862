/**
 * The steps of a page's core worker: transactions begun and committed, frames and requests sent. A page can be made to stop at one of them,
 * before it is taken, and to crash there: nothing that its worker had not done by then is ever done.
 */
import type { Page, Worker } from '@playwright/test';

/** What the worker's hooks keep, under a name of the tests' own. */
interface StepsScope {
  stepsForTest?: { taken: number; stopAt: number };
}

/** The worker in which core runs. */
export function coreWorker(page: Page): Worker {
  const worker = page.workers().find((one) => one.url().includes('core.worker'));
  if (worker === undefined) throw new Error('the page has no worker');
  return worker;
}

/** Runs in the worker. `channelName`: where it tells the page, which is alive, that it has stopped. */
function install(channelName: string): void {
  const scope = globalThis as StepsScope;
  if (scope.stepsForTest !== undefined) return;
  const steps = { taken: 0, stopAt: Infinity };
  scope.stepsForTest = steps;
  // Opened now: one that is opened as the worker stops may not be connected before it does.
  const channel = new BroadcastChannel(channelName);
  const step = (): void => {
    steps.taken += 1;
    if (steps.taken <= steps.stopAt) return;
    channel.postMessage('stopped');
    // Longer than any test waits: no code of this worker runs any more.
    const until = performance.now() + 120_000;
    while (performance.now() < until);
  };
  const transaction = Reflect.get(IDBDatabase.prototype, 'transaction') as IDBDatabase['transaction'];
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args) {
    step();
    const made = transaction.apply(this, args);
    // Before core hears of it.
    made.addEventListener('complete', step);
    return made;
  };
  const send = Reflect.get(WebSocket.prototype, 'send') as WebSocket['send'];
  WebSocket.prototype.send = function (this: WebSocket, data) {
    step();
    send.call(this, data);
  };
  const ask = globalThis.fetch;
  globalThis.fetch = (...args) => {
    step();
    return ask(...args);
  };
}

/** The steps of one page. */
export class WorkerSteps {
  readonly #page: Page;
  readonly #stopped: Promise<void>;

  private constructor(page: Page, stopped: Promise<void>) {
    this.#page = page;
    this.#stopped = stopped;
    // Of a page that ends before it has stopped nobody need ask.
    stopped.catch(() => undefined);
  }

  /** Begins to count. */
  static async of(page: Page): Promise<WorkerSteps> {
    const name = 'steps-for-test';
    await coreWorker(page).evaluate(install, name);
    // Awaited inside the page; a page that ends meanwhile has not stopped.
    const stopped = page.evaluate(
      (channelName) =>
        new Promise<void>((resolve) => {
          new BroadcastChannel(channelName).addEventListener('message', () => resolve(), { once: true });
        }),
      name,
    );
    return new WorkerSteps(page, stopped);
  }

  /** Steps taken since the counting began, or since `stopAfter`. */
  taken(): Promise<number> {
    return coreWorker(this.#page).evaluate(() => (globalThis as StepsScope).stepsForTest?.taken ?? 0);
  }

  /** Stops for good when so many more have been taken. */
  async stopAfter(steps: number): Promise<void> {
    await coreWorker(this.#page).evaluate((stopAt) => {
      const counted = (globalThis as StepsScope).stepsForTest;
      if (counted !== undefined) Object.assign(counted, { taken: 0, stopAt });
    }, steps);
  }

  /** Resolves once it has stopped. */
  stopped(): Promise<void> {
    return this.#stopped;
  }

  /** The page crashes, and its worker with it. */
  async crash(): Promise<void> {
    const devtools = await this.#page.context().newCDPSession(this.#page);
    // It is gone before it could answer.
    const gone = this.#page.waitForEvent('crash');
    devtools.send('Page.crash').catch(() => undefined);
    await gone;
  }
}
