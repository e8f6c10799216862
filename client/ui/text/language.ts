/**
 * Which language is spoken: the one that the person chose here, else the first of the browser's that there is a catalogue for. Read once
 * when the page begins; a choice takes hold when it is loaded again.
 */

/** Languages with a catalogue, and the browser's choice. */
export const LANGUAGES = ['system', 'en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

const KEY = 'tacet.language';

/** What was chosen in this browser. */
export function chosenLanguage(): Language {
  try {
    const held = globalThis.localStorage?.getItem(KEY);
    return LANGUAGES.find((language) => language === held) ?? 'system';
  } catch {
    return 'system';
  }
}

/** Keeps a choice; the page must be loaded again to speak it. */
export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // A browser that keeps nothing speaks its own language.
  }
}

/** The catalogue to load, and the locale for numbers and dates: the browser's own form of the language where it names one. */
export function readLanguage(): { readonly catalogue: 'en' | 'de'; readonly locale: string } {
  const wanted: readonly string[] = globalThis.navigator?.languages ?? [];
  const chosen = chosenLanguage();
  const primary = (tag: string): string => tag.split('-')[0] ?? '';
  const spoken = (tag: string): tag is 'en' | 'de' => tag === 'en' || tag === 'de';
  const catalogue = chosen === 'system' ? (wanted.map(primary).find(spoken) ?? 'en') : chosen;
  return { catalogue, locale: wanted.find((tag) => primary(tag) === catalogue) ?? catalogue };
}
