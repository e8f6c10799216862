/** Spans of time as people say them, by `Intl`. */
import { locale } from './text.ts';

const UNITS = [
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

function format(seconds: number, unitDisplay: 'long' | 'narrow', isExact: boolean): string {
  const [unit, size] =
    UNITS.find(([, length]) => seconds >= length && (!isExact || seconds % length === 0)) ?? UNITS[4];
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit,
    unitDisplay,
    maximumFractionDigits: 0,
  }).format(isExact ? seconds / size : Math.max(1, Math.round(seconds / size)));
}

/** A span that was chosen: "1 hour". */
export function formatDuration(seconds: number): string {
  return format(seconds, 'long', true);
}

/** A span that runs down, short and rounded: "5m". */
export function formatRemaining(seconds: number): string {
  return format(seconds, 'narrow', false);
}

/** How long people talked: "45 sec", "12 min", "1 hr 5 min". */
export function formatTalk(ms: number): string {
  const unit = (unit: 'hour' | 'minute' | 'second', value: number): string =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(value);
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return unit('second', seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return unit('minute', minutes);
  const rest = minutes % 60;
  return [unit('hour', Math.floor(minutes / 60)), ...(rest === 0 ? [] : [unit('minute', rest)])].join(' ');
}

/** The clock of a call: "3:07", "1:02:45". */
export function formatClock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const two = (value: number): string =>
    new Intl.NumberFormat(locale, { minimumIntegerDigits: 2, useGrouping: false }).format(value);
  const one = (value: number): string => new Intl.NumberFormat(locale, { useGrouping: false }).format(value);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return hours === 0
    ? `${one(minutes)}:${two(seconds % 60)}`
    : `${one(hours)}:${two(minutes)}:${two(seconds % 60)}`;
}
