/** What a screen is made of, to tell which screens show something that no other does. */
import type { Page } from '@playwright/test';

/** Every part that is to be seen: an element as it is dressed and in its state, inside which other one, and whether its words are long. */
export function partsOf(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const LONG_WORD = 24;
    const LONG_TEXT = 120;
    const STATE = /^(?:true|false|mixed|page|polite|assertive|menu|listbox|dialog)$/;
    const tell = (element: Element): string => {
      const state = [...element.attributes].filter(
        ({ name, value }) =>
          ['role', 'type', 'disabled', 'open'].includes(name) ||
          (name.startsWith('aria-') && STATE.test(value)),
      );
      const told = state.map(({ name, value }) => `${name}=${value}`).sort();
      return `${element.tagName}.${[...element.classList].sort().join('.')}[${told.join()}]`;
    };
    const seen = [...document.body.querySelectorAll('*')].filter((element) => {
      const { width, height } = element.getBoundingClientRect();
      return width > 0 && height > 0 && (element.tagName === 'svg' || element.closest('svg') === null);
    });
    const parts = seen.map((element) => {
      const nodes = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
      const text = nodes.map(({ textContent }) => textContent ?? '').join('');
      const isLong = text.length > LONG_TEXT || text.split(/\s/).some(({ length }) => length > LONG_WORD);
      const parent = element.parentElement === null ? '' : tell(element.parentElement);
      return `${parent} > ${tell(element)}${isLong ? ' long' : ''}`;
    });
    return [...new Set(parts)];
  });
}
