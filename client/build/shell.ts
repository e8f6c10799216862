// Builds the service worker once everything else is there: it carries the list of the files that make the app work
// offline, each with the hash of its content. Any change of a file changes the worker, which is how a browser notices an
// update; the same sources give the same list.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { build, type Plugin } from 'vite';

/** What an account that exists does not need, and what only systems fetch. */
const LEFT_OUT = /^(?:assets\/(?:passphrase-strength|words)-.*|icon-.*|apple-touch-icon\.png|.*\.(?:br|gz))$/;
const WORKER = 'service-worker.js';

/** Path and SHA-256, base64url, of each file of the shell, in order. */
function listShell(dist: string): readonly (readonly [string, string])[] {
  return readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map(
      (path) =>
        [
          path
            .slice(dist.length + 1)
            .split(sep)
            .join('/'),
          path,
        ] as const,
    )
    .filter(([name]) => name !== WORKER && !LEFT_OUT.test(name))
    .map(([name, path]) => {
      const hash = createHash('sha256').update(readFileSync(path)).digest('base64url');
      return [`/${name}`, hash] as const;
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Adds `service-worker.js`, whose address never changes. */
export function buildServiceWorker(entry: string): Plugin {
  return {
    name: 'tacet-service-worker',
    apply: 'build',
    writeBundle: {
      order: 'pre',
      sequential: true,
      async handler({ dir }) {
        if (dir === undefined) return;
        const output = await build({
          configFile: false,
          root: join(entry, '..'),
          logLevel: 'warn',
          define: { TACET_SHELL: JSON.stringify(listShell(dir)) },
          publicDir: false,
          build: {
            write: false,
            target: 'es2024',
            modulePreload: false,
            rolldownOptions: { input: entry, output: { format: 'iife', entryFileNames: WORKER } },
          },
        });
        for (const one of Array.isArray(output) ? output : [output]) {
          if (!('output' in one)) continue;
          for (const file of one.output) {
            if (file.type === 'chunk') writeFileSync(join(dir, file.fileName), file.code);
          }
        }
      },
    },
  };
}
