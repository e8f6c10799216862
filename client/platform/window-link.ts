/**
 * What a worker and its window say to each other beside the door: what only a window may ask of the browser (`storage.persist()`,
 * notifications), and the name by which the window notices that its worker has ended.
 */

import type { Lifelines, Notice, NoticePort } from '../core/ports.ts';
import type { CallLinkMessage } from './call-link-messages.ts';

/** From the worker to its window. */
interface PersistRequest {
  readonly kind: 'persist-storage';
}
/** The answer; `undefined` where the browser cannot say. */
interface PersistAnswer {
  readonly kind: 'storage-persistence';
  readonly persistent: boolean | undefined;
}

/** From the worker: it holds this lifeline from now on. */
interface LifelineHeld {
  readonly kind: 'lifeline';
  readonly name: string;
}

/** From the worker: a notification to show or to take back. */
type NoticeMessage =
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'withdraw-notice'; readonly token: string };

/** The end of the link that both sides hold: a worker's own scope, or the `Worker` in the window. */
export interface LinkEnd {
  postMessage(
    message: PersistRequest | PersistAnswer | LifelineHeld | NoticeMessage | CallLinkMessage,
    transfer?: Transferable[],
  ): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void;
}

/** Whether a message is of this link and of this kind. */
export function hasKind<Kind extends string>(data: unknown, kind: Kind): data is { readonly kind: Kind } {
  return typeof data === 'object' && data !== null && 'kind' in data && data.kind === kind;
}

/** In the worker: asks the window for storage that the browser will not evict. */
export function openPersistRequest(scope: LinkEnd): () => Promise<boolean | undefined> {
  let waiting: ((persistent: boolean | undefined) => void)[] = [];
  scope.addEventListener('message', (event) => {
    if (!hasKind(event.data, 'storage-persistence')) return;
    const { persistent } = event.data as PersistAnswer;
    for (const answer of waiting) answer(persistent);
    waiting = [];
  });
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      scope.postMessage({ kind: 'persist-storage' });
    });
}

/** In the worker: tells the window the name of its lifeline. */
export function tellLifeline(scope: LinkEnd, name: string): void {
  scope.postMessage({ kind: 'lifeline', name });
}

/** In the window: calls back when the worker has ended, however that came. */
export function onWorkerEnd(worker: LinkEnd, lifelines: Lifelines, run: () => void): void {
  worker.addEventListener('message', (event) => {
    if (hasKind(event.data, 'lifeline')) lifelines.onBreak((event.data as LifelineHeld).name, run);
  });
}

/** In the worker: has the window show notifications. */
export function openNoticePort(scope: LinkEnd): NoticePort {
  return {
    show: (notice) => scope.postMessage({ kind: 'notice', notice }),
    withdraw: (token) => scope.postMessage({ kind: 'withdraw-notice', token }),
  };
}
