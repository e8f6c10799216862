/** What Enter does in the field where messages are written: it sends, or breaks the line. Kept in this browser only. */
import { signal } from '@preact/signals';
import { isCommand } from '../screens/command-key.ts';

const KEY = 'tacet.enter';
const BREAKS = 'breaks';

function readEnter(): boolean {
  try {
    return localStorage.getItem(KEY) !== BREAKS;
  } catch {
    return true;
  }
}

const choice = signal(readEnter());

/** Whether Enter sends, and Shift+Enter breaks the line; else Enter breaks it, and with the command key it sends. */
export const enterSends: { readonly value: boolean } = choice;

/** Changes it, and remembers. */
export function setEnterSends(sends: boolean): void {
  choice.value = sends;
  try {
    if (sends) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, BREAKS);
  } catch {
    // The choice then lasts as long as the page.
  }
}

/** Whether this stroke sends what is written. */
export function isSending(event: KeyboardEvent): boolean {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return false;
  return enterSends.value || isCommand(event);
}
