/** Figures with their units, by `Intl`. */
import { locale } from './text.ts';

function format(value: number, options: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat(locale, options).format(value);
}

/** "24 ms". */
export function formatMilliseconds(ms: number): string {
  return format(ms, { style: 'unit', unit: 'millisecond', maximumFractionDigits: 0 });
}

/** A share from 0 to 1: "0.4%". */
export function formatShare(share: number): string {
  return format(share, { style: 'percent', maximumFractionDigits: 1 });
}

/** Bits a second, rounded: "1.2 Mb/s". */
export function formatBitRate(bits: number): string {
  return bits < 1e6
    ? format(bits / 1e3, { style: 'unit', unit: 'kilobit-per-second', maximumFractionDigits: 0 })
    : format(bits / 1e6, { style: 'unit', unit: 'megabit-per-second', maximumFractionDigits: 1 });
}
