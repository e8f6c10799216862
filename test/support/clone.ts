// Clones of the repository in temporary folders, with this checkout's packages linked in and the clone's own workspaces.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** What npm and the set-up note in node_modules about what is installed. */
const notes: readonly string[] = ['.package-lock.json', '.tacet-lockfile-hash'];

/** A clone of the last commit at `folder`, which must not exist yet. */
export function makeClone(folder: string): string {
  mkdirSync(dirname(folder), { recursive: true });
  execFileSync('git', ['clone', '--quiet', '--local', root, folder], { stdio: 'pipe' });
  const from = join(root, 'node_modules');
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@tacet'), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name === '@tacet' || name === '.vite') continue;
    if (notes.includes(name)) cpSync(join(from, name), join(modules, name));
    else symlinkSync(join(from, name), join(modules, name));
  }
  for (const room of readdirSync(join(from, '@tacet')))
    symlinkSync(join(folder, room), join(modules, '@tacet', room));
  return folder;
}
