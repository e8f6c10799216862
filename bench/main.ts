// `npm run -s bench -- NAME`: runs one benchmark. Progress goes to standard error; the last line of standard output is
// one JSON object {"bench", "machine", "figures"}. A benchmark is a file beside this one that exports `run`.

import { readdirSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

/** What each benchmark exports: it tells its progress line by line and returns its figures. */
export type Bench = (progress: (line: string) => void) => Promise<Record<string, unknown>>;

function benches(): readonly string[] {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts') && name !== 'main.ts');
  return files.map((name) => name.slice(0, -3)).sort();
}

function machine(): Record<string, unknown> {
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gb: memoryGb,
    node: process.version,
    kernel: release(),
  };
}

async function main(name: string | undefined): Promise<number> {
  if (name === undefined) {
    console.log(`Benchmarks: ${benches().join(', ')}. Run one with: npm run -s bench -- NAME`);
    return 0;
  }
  if (!benches().includes(name)) {
    console.error(`There is no benchmark "${name}"; there are ${benches().join(', ')}.`);
    return 2;
  }
  const { run } = (await import(`./${name}.ts`)) as { readonly run: Bench };
  const figures = await run((line) => console.error(line));
  console.log(JSON.stringify({ bench: name, machine: machine(), figures }));
  return 0;
}

process.exitCode = await main(process.argv[2]);
