/**
 * How screens get at the catalogue: `text` for what is said as it stands, `fill` where names go in, `plural` where a number decides the
 * form, `failureText` for a failure's code. Placeholders are checked by the compiler.
 */
import type { Failure } from '../../core/door.ts';
import { en } from './en.ts';
import { readLanguage } from './language.ts';
import { onFirstUse } from './on-first-use.ts';
import { translate } from './translation.ts';

/** Names of the placeholders in a text. */
type Placeholder<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

/** A sentence in the forms that a language's numbers need. */
interface PluralForms {
  readonly other: string;
  readonly zero?: string;
  readonly one?: string;
  readonly two?: string;
  readonly few?: string;
  readonly many?: string;
}

const language = readLanguage();

/** Every code of a failure has its sentence, or this does not compile. */
const english = en satisfies { readonly failures: Readonly<Record<Failure['code'], string>> };

/** Another language is a file of its own, fetched before anything is drawn. Where it does not come, English is better than nothing. */
const other =
  language.catalogue === 'de'
    ? await import('./de.ts').then(
        ({ de }) => de,
        () => undefined,
      )
    : undefined;

/** The catalogue in use. */
export const text: typeof en = other === undefined ? english : translate(english, other);

/** Language and region of the catalogue, for `Intl` (BCP 47). */
export const locale = other === undefined && language.catalogue !== 'en' ? 'en' : language.locale;

/** Puts values into the places named in braces. */
export function fill<Text extends string>(
  template: Text,
  values: Readonly<Record<Placeholder<Text>, string>>,
): string {
  const byName: Readonly<Record<string, string>> = values;
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = byName[name];
    return value === undefined ? whole : isolate(value);
  });
}

/** Letters that are read from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A value that may run the other way stays in its place, and leaves the words around it in theirs (UAX #9, FSI and PDI). */
function isolate(value: string): string {
  return RIGHT_TO_LEFT.test(value) ? `\u2068${value}\u2069` : value;
}

const pluralRules = onFirstUse(() => new Intl.PluralRules(locale));
const numbers = onFirstUse(() => new Intl.NumberFormat(locale));

/** A number as people write it. */
export function formatNumber(value: number): string {
  return numbers().format(value);
}

/** An amount of data, rounded: "12 MB". */
export function formatBytes(bytes: number): string {
  const units = ['kilobyte', 'megabyte', 'gigabyte'] as const;
  const power = bytes < 1e6 ? 0 : bytes < 1e9 ? 1 : 2;
  const amount = bytes / 1000 ** (power + 1);
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: units[power],
    maximumFractionDigits: amount < 10 ? 1 : 0,
  }).format(amount);
}

/** The form of a sentence that fits `count`, with the count filled in. */
export function plural(forms: PluralForms, count: number): string {
  const form = forms[pluralRules().select(count)] ?? forms.other;
  return form.replace('{count}', formatNumber(count));
}

/** What a failure means, for a person. */
export function failureText(failure: Failure): string {
  return text.failures[failure.code];
}
