/** Light, dark, or as the system says. Kept in this browser only; the root element carries the choice, `tokens.css` does the rest. */
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

const KEY = 'tacet.theme';

function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    return 'system';
  }
}

/** The choice; writing it changes the page and is remembered. */
export const theme = signal<Theme>(readTheme());

/** Applies the choice from now on. Called once, before the first screen. */
export function followTheme(): void {
  effect(() => {
    const choice = theme.value;
    if (choice === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = choice;
    try {
      if (choice === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      // The choice then lasts as long as the page.
    }
  });
}
