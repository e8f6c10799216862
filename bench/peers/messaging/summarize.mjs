#!/usr/bin/env node
// node summarize.mjs results.jsonl [phase]
import { readFileSync } from 'node:fs';
import { medMinMax } from './lib/stats.mjs';
const rows = readFileSync(process.argv[2], 'utf8')
  .trim()
  .split('\n')
  .map((l) => JSON.parse(l));
const only = process.argv[3];
const by = {};
for (const r of rows) {
  const ph = r.phase + (r.phase === 'relay' ? ` n=${r.n}` : '');
  if (only && !ph.startsWith(only)) continue;
  ((by[ph] ??= {})[`${r.target} ${r.variant || ''}`.trim()] ??= []).push(r);
}
for (const [ph, ts] of Object.entries(by)) {
  const ok = Object.values(ts)
    .flat()
    .filter((r) => !r.error);
  if (!ok.length) {
    console.log(`\n## ${ph}: errors only`);
    continue;
  }
  const cols = [...new Set(ok.flatMap((r) => Object.keys(r).filter((k) => typeof r[k] === 'number')))].filter(
    (k) => !['rep', 'n', 'size', 'rate', 'recipients', 'each', 'count', 'lat_n', 'delivered'].includes(k),
  );
  console.log(
    `\n## ${ph}\n\n| target | runs | ${cols.join(' | ')} |\n| --- | --- | ${cols.map(() => '---').join(' | ')} |`,
  );
  for (const [t, rs] of Object.entries(ts)) {
    const good = rs.filter((r) => !r.error);
    console.log(
      `| ${t} | ${good.length}${rs.length - good.length ? ` (+${rs.length - good.length} err)` : ''} | ${cols
        .map((c) => {
          const m = medMinMax(
            good.map((r) => r[c]).filter((x) => x != null),
            2,
          );
          return m ? `${m.median} [${m.min}-${m.max}]` : '-';
        })
        .join(' | ')} |`,
    );
  }
}
