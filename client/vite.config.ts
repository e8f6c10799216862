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

/** libsodium's WebAssembly in its JavaScript: a decoder called with base64. */
const EMBEDDED_WASM = /\(A=>\{for\(var [^]{0,400}?return E\}\)\("(AGFzbQ[A-Za-z0-9+/=]+)"\)/;

/**
 * libsodium comes as one script with its WebAssembly in base64 inside, which compresses a third worse than the bytes do. This takes the
 * bytes out into a file; the library's own loader reads it by its address in a worker. Another form of the library stops the build.
 */
function separateWasm(): Plugin {
  return {
    name: 'tacet-separate-wasm',
    apply: 'build',
    transform(code, id) {
      if (!id.includes('/libsodium-sumo/')) return undefined;
      const base64 = EMBEDDED_WASM.exec(code)?.[1];
      if (base64 === undefined)
        throw new Error('libsodium no longer carries its WebAssembly in the known form');
      const source = Buffer.from(base64, 'base64');
      const file = this.emitFile({ type: 'asset', name: 'libsodium.wasm', source });
      return { code: code.replace(EMBEDDED_WASM, () => `import.meta.ROLLUP_FILE_URL_${file}`), map: null };
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
  worker: { format: 'es', plugins: () => [separateWasm()], rolldownOptions: { output: TOGETHER } },
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
