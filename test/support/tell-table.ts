/** A table among the lines of a test's output: `test/run` tells it also where the test passes. */
import type { Test } from 'tap';

/** Prints a table, each column as wide as its widest cell. */
export function tellTable(
  t: Pick<Test, 'comment'>,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const all = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_cell, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  for (const row of all) {
    t.comment(`| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`);
  }
}
