/**
 * Runs a TypeScript entry of this repository in a browser's worker: bundled by Vite as the client is, served on loopback
 * under the content security policy that the product sets for scripts (no eval, no inline code).
 */
import { build } from 'vite';
import { serveFiles } from './serve-files.ts';

const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

const PAGE =
  '<!doctype html><meta charset="utf-8"><title>worker</title><script type="module" src="/page.js"></script>';

/** Starts the worker; `ask` sends it one message and gives its answer. A worker's error is an answer's error. */
const PAGE_SCRIPT = `
const worker = new Worker('/worker.js', { type: 'module' });
const waiting = [];
worker.onmessage = ({ data }) => {
  const { resolve, reject } = waiting.shift();
  if ('error' in data) reject(new Error(data.error));
  else resolve(data.value);
};
worker.onerror = (event) => {
  for (const { reject } of waiting.splice(0)) reject(new Error(event.message));
};
globalThis.ask = (question) =>
  new Promise((resolve, reject) => {
    waiting.push({ resolve, reject });
    worker.postMessage(question);
  });
`;

export interface WorkerPage {
  /** A page with a global function `ask(question)`. */
  readonly url: string;
  /** Size of the entry's bundle in bytes, minified; what it loads when needed is not counted. */
  readonly bundleBytes: number;
  close(): Promise<void>;
}

/** Every file of the bundle by its name; the entry is `worker.js`. */
async function bundle(entry: string): Promise<ReadonlyMap<string, string>> {
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      target: 'es2023',
      minify: true,
      lib: { entry, formats: ['es'], fileName: () => 'worker.js' },
    },
  });
  const outputs = Array.isArray(output) ? output : [output];
  const files = new Map<string, string>();
  for (const one of outputs) {
    if (!('output' in one)) continue;
    for (const chunk of one.output) if (chunk.type === 'chunk') files.set(chunk.fileName, chunk.code);
  }
  if (!files.has('worker.js')) throw new Error(`Vite made no bundle of ${entry}`);
  return files;
}

/**
 * Bundles an entry (an absolute path) and serves it. The entry answers each message by posting `{ value }` or
 * `{ error }`, in order.
 */
export async function openWorkerPage(entry: string): Promise<WorkerPage> {
  const bundled = await bundle(entry);
  const files = new Map([
    ['/', { type: 'text/html', body: PAGE }],
    ['/page.js', { type: 'text/javascript', body: PAGE_SCRIPT }],
    ...[...bundled].map(([name, body]) => [`/${name}`, { type: 'text/javascript', body }] as const),
  ]);
  const served = await serveFiles(files, { 'content-security-policy': POLICY });
  return { ...served, bundleBytes: Buffer.byteLength(bundled.get('worker.js') ?? '') };
}
