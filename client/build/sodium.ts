// libsodium as the client gets it. The library comes as one script with its WebAssembly in base64 inside, which compresses
// a third worse than the bytes do, and with some 700 functions of which Tacet calls three dozen. The build takes the bytes
// out into a file and leaves away what the declarations of `crypto/libsodium-sumo.d.ts` do not name, as nothing that
// compiles can call it.

import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { pruneWasm } from './prune-wasm.ts';

/** The WebAssembly in the library's script: a decoder called with base64. */
const EMBEDDED = /\(A=>\{for\(var [^]{0,400}?return E\}\)\("(AGFzbQ[A-Za-z0-9+/=]+)"\)/;
/** The script gives a function of the WebAssembly, under its short name, the name that callers know. */
const BINDING = /g\.(_\w+)=A\.([\w$]+),/g;
const DECLARED = /^\s*(_\w+)\(/gm;

/** The names that `declarations`, the text of a `.d.ts`, gives to functions of the library. */
export function readDeclared(declarations: string): ReadonlySet<string> {
  return new Set(Array.from(declarations.matchAll(DECLARED), ([, name]) => name ?? ''));
}

/** The library's script with `address`, an expression, in place of the WebAssembly, and that WebAssembly, each without what nobody calls. */
export function separate(
  script: string,
  declared: ReadonlySet<string>,
  address: (wasm: Uint8Array) => string,
): string {
  const base64 = EMBEDDED.exec(script)?.[1];
  if (base64 === undefined) throw new Error('libsodium no longer carries its WebAssembly in the known form');
  const bindings = Array.from(script.matchAll(BINDING), ([, name = '', short = '']) => ({ name, short }));
  const bound = new Set(bindings.map(({ name }) => name));
  for (const name of declared)
    if (!bound.has(name)) throw new Error(`libsodium no longer has ${name}, or binds it in another form`);
  const dropped = bindings.filter(({ name }) => !declared.has(name)).map(({ short }) => short);
  const wasm = pruneWasm(Buffer.from(base64, 'base64'), new Set(dropped));
  return script
    .replace(EMBEDDED, () => address(wasm))
    .replace(BINDING, (binding, name: string) => (declared.has(name) ? binding : ''));
}

/** Puts the library's WebAssembly into a file of its own. `declarations`: the path of the types of what is called. */
export function separateSodium(declarations: string): Plugin {
  return {
    name: 'tacet-sodium',
    apply: 'build',
    transform(code, id) {
      if (!id.includes('/libsodium-sumo/')) return undefined;
      const declared = readDeclared(readFileSync(declarations, 'utf8'));
      const separated = separate(code, declared, (source) => {
        const file = this.emitFile({ type: 'asset', name: 'libsodium.wasm', source });
        return `import.meta.ROLLUP_FILE_URL_${file}`;
      });
      return { code: separated, map: null };
    },
  };
}
