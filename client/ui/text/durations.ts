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
