/** Runs a TypeScript entry of this repository in a page: built by Vite as the client is, under the headers that the product's pages have. */
import { dirname } from 'node:path';
import { build } from 'vite';
import { Origins } from '../../server/config/origins.ts';
import { securityHeaders } from '../../server/plugins/security-headers.ts';
import { serveFiles, type ServedFile, type ServedFiles } from './serve-files.ts';

const PAGE =
  '<!doctype html><meta charset="utf-8"><title>page</title><script type="module" src="/page.js"></script>';

/** Builds an entry (an absolute path) with all that it fetches later, workers too, and serves it. */
export async function openBuiltPage(entry: string): Promise<ServedFiles> {
  const output = await build({
    configFile: false,
    root: dirname(entry),
    publicDir: false,
    logLevel: 'silent',
    worker: { format: 'es' },
    build: {
      write: false,
      target: 'es2024',
      modulePreload: false,
      assetsInlineLimit: 0,
      rolldownOptions: { input: entry, output: { entryFileNames: 'page.js' } },
    },
  });
  const files = new Map<string, ServedFile>([['/', { type: 'text/html', body: PAGE }]]);
  for (const one of Array.isArray(output) ? output : [output]) {
    if (!('output' in one)) continue;
    for (const file of one.output) {
      const body = file.type === 'chunk' ? file.code : file.source;
      files.set(`/${file.fileName}`, { type: 'text/javascript', body });
    }
  }
  return serveFiles(files, securityHeaders(new Origins([], 0)));
}
