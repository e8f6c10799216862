/** Looks on while frames are sealed: under which key, with which nonce and header. On the platform's own cryptography, past which no frame gets. */

/** How one frame was sealed; all in hexadecimal. */
export interface SealedFrame {
  /** What the key was derived from: the secret and what is derived of it. */
  readonly key: string;
  readonly nonce: string;
  /** The SFrame header, which says key id and counter (RFC 9605 section 4.3). */
  readonly header: string;
}

/**
 * Tells of every frame from now on. Runs here or in a worker, before the first key is derived: it stands on nothing outside of itself. What
 * else is encrypted, or under a key that was derived before, is passed over.
 */
export function tapSeals(tell: (sealed: SealedFrame) => void): void {
  const hex = (bytes: Uint8Array): string =>
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const label = 'SFrame 1.0 Secret key ';
  const secrets = new WeakMap<object, string>();
  const keys = new WeakMap<object, string>();
  const prototype = Object.getPrototypeOf(crypto.subtle) as object;
  type Method = (this: unknown, ...given: unknown[]) => Promise<object>;
  const wrap = (name: string, around: (given: readonly unknown[], done: Promise<object>) => void): void => {
    const method = Reflect.get(prototype, name) as Method;
    Object.defineProperty(prototype, name, {
      configurable: true,
      value(this: unknown, ...given: unknown[]): Promise<object> {
        const done = method.apply(this, given);
        around(given, done);
        return done;
      },
    });
  };
  // What was awaited first is run first: each key is known before anybody can use it.
  wrap('importKey', ([format, secret, algorithm], done) => {
    if (format !== 'raw' || algorithm !== 'HKDF') return;
    const text = hex(secret as Uint8Array);
    done.then((key) => secrets.set(key, text)).catch(() => undefined);
  });
  wrap('deriveKey', ([params, secret], done) => {
    const { info } = params as { readonly info: Uint8Array };
    if (!new TextDecoder().decode(info).startsWith(label)) return;
    const name = `${secrets.get(secret as object) ?? 'unknown'} ${hex(info)}`;
    done.then((key) => keys.set(key, name)).catch(() => undefined);
  });
  wrap('encrypt', ([params, given]) => {
    const key = keys.get(given as object);
    if (key === undefined) return;
    const { iv, additionalData } = params as { readonly iv: Uint8Array; readonly additionalData: Uint8Array };
    const config = additionalData[0] ?? 0;
    const width = (at: number): number => ((config >> at) & 8 ? ((config >> at) & 7) + 1 : 0);
    tell({ key, nonce: hex(iv), header: hex(additionalData.subarray(0, 1 + width(4) + width(0))) });
  });
}

/** How often something comes that was there before. */
export function countRepeats(all: readonly string[]): number {
  return all.length - new Set(all).size;
}
