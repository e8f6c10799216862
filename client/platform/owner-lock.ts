/**
 * Which tab owns the account, by the Web Locks API (one lock per browser profile and origin). The browser frees the lock when the
 * worker that holds it ends, crashes included.
 */
import type { OwnerLock } from '../core/ports.ts';

/** A lock of the given name. */
export function openOwnerLock(name: string): OwnerLock {
  let letGo: (() => void) | undefined;

  async function acquire(options: {
    readonly steal: boolean;
    readonly lost: () => void;
  }): Promise<{ readonly owned: boolean }> {
    if (letGo !== undefined) return { owned: true };
    return new Promise((resolve, reject) => {
      let owned = false;
      const held = navigator.locks.request(
        name,
        options.steal ? { steal: true } : { ifAvailable: true },
        async (lock) => {
          if (lock === null) {
            resolve({ owned: false });
            return;
          }
          owned = true;
          await new Promise<void>((release) => {
            letGo = release;
            resolve({ owned: true });
          });
        },
      );
      held.catch((error: unknown) => {
        // A held lock rejects only when another tab steals it.
        if (!owned) return reject(error instanceof Error ? error : new Error('no lock', { cause: error }));
        letGo = undefined;
        options.lost();
      });
    });
  }

  return {
    acquire,
    release() {
      letGo?.();
      letGo = undefined;
    },
  };
}
