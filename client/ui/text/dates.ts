/**
 * Instants in words, by `Intl`: relative where it helps, the full date for whoever asks. `now` is always given, so that nothing here
 * reads a clock. Hours follow the browser's own habit (12 or 24), language follows the catalogue.
 */
import { locale, text } from './text.ts';
import { onFirstUse } from './on-first-use.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

const clockHours = onFirstUse(() => {
  const { hourCycle } = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions();
  return hourCycle === undefined ? {} : { hourCycle };
});

const timeFormat = onFirstUse(
  () => new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit', ...clockHours() }),
);
const weekdayFormat = onFirstUse(() => new Intl.DateTimeFormat(locale, { weekday: 'long' }));
const weekdayShortFormat = onFirstUse(() => new Intl.DateTimeFormat(locale, { weekday: 'short' }));
const dayFormat = onFirstUse(
  () => new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' }),
);
const dayShortFormat = onFirstUse(() => new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' }));
const dateFormat = onFirstUse(
  () => new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' }),
);
const dateShortFormat = onFirstUse(() => new Intl.DateTimeFormat(locale, { dateStyle: 'short' }));
const fullFormat = onFirstUse(
  () =>
    new Intl.DateTimeFormat(locale, {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      year: 'numeric',
      hour: 'numeric',
      minute: '2-digit',
      ...clockHours(),
    }),
);
const minutesFormat = onFirstUse(
  () => new Intl.NumberFormat(locale, { style: 'unit', unit: 'minute', unitDisplay: 'short' }),
);
const nowWord = onFirstUse(() => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }));

/** Start of the local day, for comparing days. */
export function dayStart(at: number): number {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Whole local days from `at` to `now`; right across changes of summer time. */
function daysAgo(at: number, now: number): number {
  return Math.round((dayStart(now) - dayStart(at)) / DAY_MS);
}

/** Hour and minute. */
export function formatTime(at: number): string {
  return timeFormat().format(at);
}

/** Everything about an instant, shown on hover. */
export function formatFull(at: number): string {
  return fullFormat().format(at);
}

/** A date without its hour. */
export function formatDate(at: number): string {
  return dateFormat().format(at);
}

/** For a line of the conversation list: now, minutes, hour of today, weekday, date. */
export function formatListTime(at: number, now: number): string {
  const ago = Math.max(0, now - at);
  if (ago < MINUTE_MS) return nowWord().format(0, 'second');
  if (ago < 60 * MINUTE_MS) return minutesFormat().format(Math.floor(ago / MINUTE_MS));
  const days = daysAgo(at, now);
  if (days <= 0) return formatTime(at);
  if (days === 1) return text.conversation.yesterday;
  if (days < 7) return weekdayShortFormat().format(at);
  if (new Date(at).getFullYear() === new Date(now).getFullYear()) return dayShortFormat().format(at);
  return dateShortFormat().format(at);
}

/** For the line between two days of a conversation. */
export function formatDay(at: number, now: number): string {
  const days = daysAgo(at, now);
  if (days <= 0) return text.conversation.today;
  if (days === 1) return text.conversation.yesterday;
  if (days < 7) return weekdayFormat().format(at);
  if (new Date(at).getFullYear() === new Date(now).getFullYear()) return dayFormat().format(at);
  return formatDate(at);
}

const stampFormat = onFirstUse(
  () =>
    new Intl.DateTimeFormat(locale, {
      dateStyle: 'short',
      timeStyle: 'short',
      ...clockHours(),
    }),
);

/** Date and minute in short, before a line of copied text. */
export function formatStamp(at: number): string {
  return stampFormat().format(at);
}

/** The local day of an instant as a date field has it: `2026-11-18`. */
export function isoDay(at: number): string {
  const date = new Date(at);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The first instant of a day of a date field; `undefined` for none. */
export function startOfDay(day: string): number | undefined {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  const at = new Date(year, month - 1, date).getTime();
  return /^\d{4}-\d{2}-\d{2}$/.test(day) && Number.isFinite(at) ? at : undefined;
}
