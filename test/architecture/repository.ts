// The repository as a tree: every file that belongs to it, without what is installed, built or left behind by a run.

import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Tree } from './walk.ts';

const leftOut: readonly string[] = [
  'node_modules',
  '.git',
  '.cache',
  '.tap',
  'dist',
  'data',
  'test-results',
  'playwright-report',
  'screenshots',
];
const binary = /\.(png|ico|jpg|webp|woff2|wasm|sqlite|db|log)$/;

/** The root of the repository. */
export const root = join(import.meta.dirname, '..', '..');

function pathsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    // Folders that test/commands.test.ts makes come and go meanwhile.
    if (leftOut.includes(entry.name) || entry.name.startsWith('planted-')) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pathsBelow(path);
    return entry.isFile() && !binary.test(entry.name) ? [path] : [];
  });
}

/** All text files by their paths from the root. */
export function readRepository(): Tree {
  const paths = [...pathsBelow(root)].sort();
  return new Map(paths.map((path) => [relative(root, path), readFileSync(path, 'utf8')]));
}
