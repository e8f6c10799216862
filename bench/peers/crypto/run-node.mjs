#!/usr/bin/env node
// node run-node.mjs [filter-regex] [out.jsonl]
import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runCases } from './measure.mjs';
import { cases, env } from './cases.mjs';
const require = createRequire(import.meta.url);
const [filter, out] = process.argv.slice(2);
env.olm = require('@matrix-org/olm');
env.matrix = await import('@matrix-org/matrix-sdk-crypto-wasm').catch((e) => {
  console.error('matrix:', e.message);
  return null;
});
let extra = [];
try {
  extra = (await import('./cases-node.mjs')).cases;
} catch (e) {
  console.error('node-only cases off:', e.message);
}
const all = [...cases.filter((c) => !/core-crypto/.test(c.name)), ...extra];
await runCases(all, {
  filter,
  log: (r) => {
    const row = { rt: 'node ' + process.version, ...r };
    console.log(JSON.stringify(row));
    if (out) appendFileSync(out, JSON.stringify(row) + '\n');
  },
});
process.exit(0);
