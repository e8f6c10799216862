/** Whether a newer version of the app waits for the person. Set by the composition root, shown by the update strip. */
import { signal } from '@preact/signals';

/** Takes the newer version: the page starts anew with it. `undefined` while there is none. */
export const takeUpdate = signal<(() => void) | undefined>(undefined);

/** Starts the page anew, with the newer version where one is here: without its being taken, a reload brings the one that is kept. */
export function reload(): void {
  if (takeUpdate.value === undefined) location.reload();
  else takeUpdate.value();
}
