// Finds test files by parts of their paths.

import { globSync } from 'node:fs';
import { root } from './program.ts';

/** Test files with this ending whose path, from the root of the repository, has one of the parts in it. */
export function filesMatching(ending: '.test.ts' | '.spec.ts', parts: readonly string[]): readonly string[] {
  const files = globSync(`test/**/*${ending}`, { cwd: root }).sort();
  return files.filter((file) => parts.some((part) => file.includes(part) && isMeant(file, part)));
}

/** What the tests of the commands plant is run by its name alone: a run that was killed has left it. */
function isMeant(file: string, part: string): boolean {
  return !file.includes('planted-') || part.includes('planted-');
}
