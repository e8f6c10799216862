/** The time as screens show it: a signal that moves every half minute, so that "5 min" becomes "6 min" without a reload. */
import { signal, type ReadonlySignal } from '@preact/signals';

const TICK_MS = 30_000;
const current = signal(Date.now());

setInterval(() => {
  current.value = Date.now();
}, TICK_MS);

/** Milliseconds since 1970 UTC, exact to half a minute. */
export const shownNow: ReadonlySignal<number> = current;

/** The exact time, for what counts seconds. */
export function exactNow(): number {
  return Date.now();
}
