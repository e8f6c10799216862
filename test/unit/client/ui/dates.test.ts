// Instants in words, seen from a fixed now; local time throughout, as on a screen.

import t from 'tap';
import { dayStart, formatDay, formatFull, formatListTime } from '../../../../client/ui/text/dates.ts';

const MINUTE = 60_000;
const NOW = new Date(2026, 10, 18, 15, 42, 20).getTime();
const at = (day: number, hour: number, month = 10, year = 2026): number =>
  new Date(year, month, day, hour, 5).getTime();

t.test('the list says now, minutes, the hour, yesterday, a weekday, a date', (t) => {
  t.equal(formatListTime(NOW - 59_000, NOW), 'now');
  t.match(formatListTime(NOW - 12 * MINUTE, NOW), /^12 mins?$/);
  t.match(formatListTime(at(18, 9), NOW), /^0?9:05/);
  t.equal(formatListTime(at(17, 23), NOW), 'Yesterday');
  t.match(formatListTime(at(13, 9), NOW), /^Fri$/);
  t.match(formatListTime(at(11, 9), NOW), /\b11\b/);
  t.match(formatListTime(at(18, 9, 10, 2024), NOW), /2024|24/);
  t.end();
});

t.test('a clock that runs ahead on the other side reads as now', (t) => {
  t.equal(formatListTime(NOW + 5 * MINUTE, NOW), 'now');
  t.end();
});

t.test('the line between days says today, yesterday, a weekday, a date', (t) => {
  t.equal(formatDay(at(18, 0), NOW), 'Today');
  t.equal(formatDay(at(17, 23), NOW), 'Yesterday');
  t.equal(formatDay(at(13, 9), NOW), 'Friday');
  t.match(formatDay(at(11, 9), NOW), /Wednesday.*11|11.*Wednesday|November 11|11 November/);
  t.match(formatDay(at(18, 9, 10, 2024), NOW), /2024/);
  t.end();
});

t.test('days are counted by the calendar, also over a change of summer time', (t) => {
  const march = new Date(2026, 2, 30, 0, 30).getTime();
  t.equal(formatDay(new Date(2026, 2, 29, 23, 59).getTime(), march), 'Yesterday');
  t.equal(formatDay(new Date(2026, 2, 28, 0, 1).getTime(), march), 'Saturday');
  t.equal(dayStart(NOW), new Date(2026, 10, 18).getTime());
  t.end();
});

t.test('the full date names day, month, year and minute', (t) => {
  t.match(formatFull(NOW), /Wednesday/);
  t.match(formatFull(NOW), /2026/);
  t.match(formatFull(NOW), /:42/);
  t.end();
});
