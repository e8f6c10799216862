// The rooms and who may know whom, held against the table in test/architecture/table.ts. Type checks and lint are two
// more fences; this one sees every edge.

import t from 'tap';
import { readRepository } from './architecture/repository.ts';
import { findCycles, findDefaultExports, findForbidden, type Tree } from './architecture/walk.ts';

const all = readRepository();
// The side-by-side harnesses are programs of their own, with their own packages.
const tree: Tree = new Map([...all].filter(([path]) => !path.startsWith('bench/peers/')));

t.test('no file imports what the table does not allow', (t) => {
  t.ok([...tree.keys()].filter((path) => path.endsWith('.ts')).length > 50, 'the rooms were found');
  t.strictSame(findForbidden(tree), []);
  t.end();
});

t.test('no imports run in a circle', (t) => {
  t.strictSame(findCycles(tree), []);
  t.end();
});

t.test('only configurations have a default export', (t) => {
  t.strictSame(findDefaultExports(tree), []);
  t.end();
});

t.test('the walker sees each kind of forbidden edge', (t) => {
  const plant = (path: string, source: string): readonly string[] =>
    findForbidden(new Map([...tree, [path, source]]), path);
  const bad: readonly (readonly [string, string])[] = [
    ['server/planted.ts', "import { x } from '@tacet/crypto';"],
    ['server/planted.ts', "import { x } from '../crypto/bytes.ts';"],
    ['server/planted.ts', "import type { X } from '@tacet/protocol/content/text';"],
    ['server/planted.ts', "export * from '../protocol/content/text.ts';"],
    ['server/planted.ts', "import { x } from '../client/core/ports.ts';"],
    ['server/planted.ts', "import { x } from '@signalapp/libsignal-client';"],
    ['server/planted.ts', "import { x } from './compose.ts';"],
    ['server/planted.ts', "import { x } from '@tacet/migrations';"],
    ['server/planted.ts', "const x = await import('../crypto/bytes.ts');"],
    ['server/planted.ts', 'const name = "x"; const x = await import(name);'],
    ['server/planted.ts', "type X = import('../crypto/bytes.ts').X;"],
    ['server/planted.ts', "import { x } from 'left-pad';"],
    ['server/planted.ts', "import { x } from 'fs';"],
    ['protocol/planted.ts', "import { x } from 'node:fs';"],
    ['protocol/planted.ts', "import { x } from 'cborg';"],
    ['protocol/planted.ts', "import { x } from './content/text.ts';"],
    ['protocol/planted.ts', "import { x } from '@tacet/crypto';"],
    ['crypto/planted.ts', "import { x } from '@tacet/protocol/limits';"],
    ['crypto/planted.ts', "import { x } from 'libsodium-sumo';"],
    ['crypto/planted.ts', "import { x } from '@noble/hashes/sha2.js';"],
    ['crypto/planted.ts', "import { x } from 'node:crypto';"],
    ['crypto/planted.ts', '/// <reference types="node" />'],
    ['migrations/planted.ts', "import { x } from '@tacet/protocol/limits';"],
    ['client/core/planted.ts', "import { x } from '../platform/clock.ts';"],
    ['client/core/planted.ts', "import { x } from 'preact';"],
    ['client/ui/planted.tsx', "import { x } from '../core/ports.ts';"],
    ['client/ui/planted.tsx', "import { x } from '@tacet/crypto';"],
    ['client/ui/planted.tsx', "import { x } from '@tacet/protocol/limits';"],
    ['client/platform/planted.ts', "import { x } from '@tacet/crypto';"],
    ['client/workers/planted.ts', "import { x } from '../ui/app.tsx';"],
    ['sfu/planted.ts', "import { x } from '../server/clock.ts';"],
    ['somewhere/planted.ts', 'export const x = 1;'],
  ];
  for (const [path, source] of bad) t.equal(plant(path, source).length, 1, `${path}: ${source}`);
  t.strictSame(plant('server/planted.ts', "import { x } from '@tacet/protocol/limits';"), []);
  t.end();
});

t.test('the walker sees a circle and a default export', (t) => {
  const planted = new Map([
    ['server/a.ts', "import { b } from './b.ts'; export const a = b;"],
    ['server/b.ts', "export * from './a.ts';"],
    ['server/c.ts', 'export default 1;'],
    ['server/d.ts', 'const x = 1; export { x as default };'],
  ]);
  t.strictSame(findCycles(planted), ['server/a.ts → server/b.ts → server/a.ts']);
  t.strictSame(findDefaultExports(planted), ['server/c.ts', 'server/d.ts']);
  t.end();
});

t.test('every room has a tsconfig of its own that lets it see no more than it may', (t) => {
  const rooms = new Set(
    [...tree.keys()]
      .filter((path) => /\.tsx?$/.test(path))
      .map((path) => /^(client\/(?:core|platform|ui|workers|cli)|[^/]+)\//.exec(path)?.[1] ?? '.'),
  );
  for (const room of rooms) {
    const path = room === '.' ? 'tsconfig.json' : `${room}/tsconfig.json`;
    t.ok(tree.has(path), `${path} is there`);
  }
  for (const room of ['protocol', 'crypto', 'client/core']) {
    const { compilerOptions } = JSON.parse(tree.get(`${room}/tsconfig.json`) ?? '{}') as {
      readonly compilerOptions?: { readonly lib?: readonly string[]; readonly types?: readonly string[] };
    };
    t.strictSame(compilerOptions?.types, [], `${room} sees no ambient types`);
    t.strictSame(compilerOptions?.lib, ['es2024'], `${room} sees neither DOM nor Node`);
  }
  t.end();
});

t.test('no file or folder is named for having no subject', (t) => {
  const subjectless = /(^|\/)(utils?|helpers?|common|misc|managers?)(\.|\/)/;
  t.strictSame(
    [...tree.keys()].filter((path) => subjectless.test(path)),
    [],
  );
  t.end();
});

t.test('no file names a place on somebody’s machine or the hosts it was installed from', (t) => {
  const places = [
    /(?<![\w.])\/(home|root|Users|work)\/[\w.]/,
    /\.\.\/shared\b/,
    /(registry|deb|security)\.[a-z]+\.org/,
  ];
  const found = [...all]
    .filter(([path]) => path !== 'package-lock.json')
    .flatMap(([path, text]) =>
      text
        .split('\n')
        .filter((line) => places.some((place) => place.test(line)))
        .map((line) => `${path}: ${line.trim().slice(0, 120)}`),
    );
  t.strictSame(found, []);
  t.end();
});
