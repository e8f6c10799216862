// The written word held against the code: the table of settings in docs/configuration.md, the lines of
// deploy/env.example, and the commands that the README names.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { settings } from '../server/config/env.ts';
import { readTable } from './support/markdown-table.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

t.test('docs/configuration.md lists exactly the settings that the server reads, in their own words', (t) => {
  const written = readTable(read('docs/configuration.md'), 'Setting');
  const expected = settings.map(({ name, kind, default: fallback, allowed, description }) => [
    `\`${name}\``,
    kind,
    fallback === '' ? '' : `\`${fallback}\``,
    allowed,
    description,
  ]);
  t.strictSame(written, expected);
  t.end();
});

t.test('deploy/env.example has every setting once, with its default, and no other', (t) => {
  const lines = read('deploy/env.example')
    .split('\n')
    .filter((line) => /^#? ?[A-Z_]+=/.test(line));
  t.strictSame(
    lines,
    settings.map(({ name, default: fallback }) => `#${name}=${fallback}`),
  );
  t.end();
});

t.test('the README names commands and files that exist', (t) => {
  const readme = read('README.md');
  const { scripts } = JSON.parse(read('package.json')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const named = [...readme.matchAll(/\bnpm (?:run (?:-s )?)?(start|test|[a-z]+)\b/g)].map(
    (match) => match[1] ?? '',
  );
  t.ok(named.length >= 4, 'commands were found');
  for (const name of new Set(named)) t.ok(name in scripts, `npm ${name}`);
  const paths = [...readme.matchAll(/\]\(([^)#:]+)\)|^- `([a-z][\w./-]*)`/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  t.ok(paths.length >= 8, 'files and rooms were found');
  for (const path of paths) t.ok(existsSync(join(root, path)), path);
  t.end();
});
