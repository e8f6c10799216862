/**
 * Which tab owns the account, by the Web Locks API (one lock per browser profile and origin). The browser frees the lock when the
 * worker that holds it ends, crashes included, and then gives it to the tab that has waited longest.
 */
import type { OwnerLock } from '../core/ports.ts';

/** A lock of the given name. */
export function openOwnerLock(name: string): OwnerLock {
  let waiting: AbortController | undefined;
  let held: { readonly letGo: () => void } | undefined;

  function acquire(options: { readonly steal: boolean; readonly lost: () => void }): Promise<void> {
    if (held !== undefined) return Promise.resolve();
    waiting?.abort();
    const abort = new AbortController();
    waiting = abort;
    return new Promise((resolve, reject) => {
      let mine: typeof held;
      const over = navigator.locks.request(
        name,
        options.steal ? { steal: true } : { signal: abort.signal },
        async () => {
          // A request that was replaced while the lock was on its way to it.
          if (abort.signal.aborted || held !== undefined) return reject(new Error('replaced'));
          await new Promise<void>((letGo) => {
            mine = { letGo };
            held = mine;
            resolve();
          });
          return undefined;
        },
      );
      over.catch((error: unknown) => {
        // A held lock rejects only when another tab steals it.
        if (mine === undefined) return reject(error instanceof Error ? error : new Error('no lock'));
        if (held !== mine) return undefined;
        held = undefined;
        options.lost();
        return undefined;
      });
    });
  }

  return {
    acquire,
    async holds() {
      if (held === undefined) return false;
      // The browser names holders by client; a lock that nobody else can have says which of them is this one.
      const own = `${name}-${crypto.randomUUID()}`;
      const { held: all = [] } = await navigator.locks.request(own, () => navigator.locks.query());
      const clientOf = (of: string): string | undefined => all.find((lock) => lock.name === of)?.clientId;
      return clientOf(own) !== undefined && clientOf(own) === clientOf(name);
    },
    release() {
      waiting?.abort();
      held?.letGo();
      held = undefined;
    },
  };
}
