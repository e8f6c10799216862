// The client build: static, deterministic, every file named by the hash of its content, nothing inlined (the server's
// content security policy allows files of the own origin only). Beside each text file lie its gzip and brotli forms, so
// that the server never compresses anything while it runs.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import preact from '@preact/preset-vite';
import { defineConfig, type Plugin } from 'vite';
import { drawIcons } from './build/icons.ts';
import { buildServiceWorker } from './build/shell.ts';
import { separateSodium } from './build/sodium.ts';

/** Formats that shrink; fonts and pictures are compressed already. */
const COMPRESSIBLE = /\.(?:js|css|html|svg|json|wasm|webmanifest|txt)$/;
/** A file that fits into one network packet gains nothing. */
const MIN_BYTES = 1024;
/** Above this, brotli's last per cent takes seconds. */
const LARGE_BYTES = 1_000_000;

/** Writes `name.gz` and `name.br` beside each file that shrinks. Node writes no time into either. */
function precompress(): Plugin {
  return {
    name: 'tacet-precompress',
    apply: 'build',
    writeBundle({ dir }) {
      if (dir === undefined) return;
      for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (!COMPRESSIBLE.test(name)) continue;
        const content = readFileSync(join(dir, name));
        if (content.length < MIN_BYTES) continue;
        const gzip = gzipSync(content, { level: 9 });
        const brotli = brotliCompressSync(content, {
          params: {
            [constants.BROTLI_PARAM_QUALITY]: content.length > LARGE_BYTES ? 9 : constants.BROTLI_MAX_QUALITY,
            [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
          },
        });
        if (gzip.length < content.length) writeFileSync(join(dir, `${name}.gz`), gzip);
        if (brotli.length < content.length) writeFileSync(join(dir, `${name}.br`), brotli);
      }
    },
  };
}

/** The release that About names. */
function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '';
}

/** The declarations of what is called of libsodium. */
const SODIUM = join(import.meta.dirname, '..', 'crypto', 'libsodium-sumo.d.ts');

/** Everything that a start needs in one file, whatever of it the parts that are fetched later need as well. */
const TOGETHER = { codeSplitting: { groups: [{ name: 'start', tags: ['$initial' as const] }] } };

export default defineConfig(({ command }) => ({
  root: import.meta.dirname,
  base: '/',
  // The preset brings hot reload; a build needs the JSX transform alone.
  plugins: [
    ...(command === 'serve' ? [preact()] : []),
    drawIcons(),
    buildServiceWorker(join(import.meta.dirname, 'workers', 'service-worker.ts')),
    precompress(),
  ],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  define: { TACET_VERSION: JSON.stringify(readVersion()) },
  worker: { format: 'es', plugins: () => [separateSodium(SODIUM)], rolldownOptions: { output: TOGETHER } },
  css: { modules: { localsConvention: 'camelCaseOnly' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2024',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: TOGETHER },
    sourcemap: false,
    reportCompressedSize: false,
  },
}));
