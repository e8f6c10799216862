/**
 * Keys that the browser keeps: an AES-256-GCM key that wraps local data and the device's Ed25519 session key, both non-extractable
 * WebCrypto keys in a small IndexedDB database of their own. Script can use them and never read them. (A browser still writes them to
 * its profile on disk; see SECURITY.md.)
 *
 * Nothing is kept at hand between two uses: the worker of a tab that owned the account once may own it again after another tab has
 * wiped everything and begun anew, under other keys.
 *
 * Where WebCrypto lacks Ed25519, the session key is a seed wrapped by the AES key; `fallback` then makes and uses it, and the seed is in
 * the worker's memory for the length of a signature.
 */
import type { Database, DeviceKeyring, OpenDatabase } from '../core/ports.ts';

/** Bytes of an AES-GCM nonce (NIST SP 800-38D section 8.2.2: random nonces, at most 2^32 of them under one key). */
const NONCE_BYTES = 12;
/** Bytes of an Ed25519 seed. */
const SEED_BYTES = 32;

const STORE = 'keys';
const WRAP_KEY = 'wrap';
const SESSION_KEY = 'session';

/** Ed25519 by other means, for browsers without it. */
export interface SoftwareSigner {
  /** Public key, 32 bytes, of a seed of 32 bytes. */
  publicKey(seed: Uint8Array): Promise<Uint8Array>;
  /** Signature of 64 bytes. */
  sign(seed: Uint8Array, bytes: Uint8Array): Promise<Uint8Array>;
}

/** What is stored as the session key. */
type SessionKey =
  | { readonly kind: 'native'; readonly key: CryptoKey }
  | { readonly kind: 'software'; readonly sealedSeed: Uint8Array };

function isSessionKey(value: unknown): value is SessionKey {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/** Opens the keyring `name`. */
export function openKeyring(
  name: string,
  openDatabase: OpenDatabase,
  fallback: SoftwareSigner,
): DeviceKeyring {
  /** The wrap key on its way: two who ask for the first one get the same. */
  let loading: Promise<CryptoKey> | undefined;

  async function use<Value>(work: (database: Database) => Promise<Value>): Promise<Value> {
    const database = await openDatabase(name, 1, [STORE]);
    try {
      return await work(database);
    } finally {
      database.close();
    }
  }

  function read(key: string): Promise<unknown> {
    return use((database) => database.transact([STORE], 'read', (tx) => tx.get(STORE, key)));
  }

  function write(key: string, value: unknown): Promise<void> {
    return use((database) =>
      database.transact([STORE], 'write', async (tx) => {
        tx.put(STORE, key, value);
      }),
    );
  }

  async function storedWrapKey(): Promise<CryptoKey | undefined> {
    const stored = await read(WRAP_KEY);
    return stored instanceof CryptoKey ? stored : undefined;
  }

  async function makeWrapKey(): Promise<CryptoKey> {
    const stored = await storedWrapKey();
    if (stored !== undefined) return stored;
    const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
      'encrypt',
      'decrypt',
    ]);
    await write(WRAP_KEY, key);
    return key;
  }

  function currentWrapKey(): Promise<CryptoKey> {
    loading ??= makeWrapKey().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  /** Nonce (12 bytes), then ciphertext and tag (16 bytes). */
  async function wrap(plain: Uint8Array): Promise<Uint8Array> {
    const key = await currentWrapKey();
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, new Uint8Array(plain));
    const out = new Uint8Array(NONCE_BYTES + sealed.byteLength);
    out.set(nonce);
    out.set(new Uint8Array(sealed), NONCE_BYTES);
    return out;
  }

  async function unwrap(sealed: Uint8Array): Promise<Uint8Array> {
    const key = await storedWrapKey();
    if (key === undefined) throw new DOMException('there is no key to open it', 'OperationError');
    const bytes = new Uint8Array(sealed);
    const iv = bytes.subarray(0, NONCE_BYTES);
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, bytes.subarray(NONCE_BYTES)),
    );
  }

  /** `undefined` where the browser has no Ed25519. */
  async function makeNativeKey(): Promise<Uint8Array | undefined> {
    let pair: CryptoKeyPair;
    try {
      const made = await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']);
      if (!('privateKey' in made)) return undefined;
      pair = made;
    } catch {
      return undefined;
    }
    const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
    await write(SESSION_KEY, { kind: 'native', key: pair.privateKey } satisfies SessionKey);
    return publicKey;
  }

  async function makeSoftwareKey(): Promise<Uint8Array> {
    const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
    try {
      const sealedSeed = await wrap(seed);
      await write(SESSION_KEY, { kind: 'software', sealedSeed } satisfies SessionKey);
      return await fallback.publicKey(seed);
    } finally {
      seed.fill(0);
    }
  }

  async function signWithSessionKey(bytes: Uint8Array): Promise<Uint8Array> {
    const stored = await read(SESSION_KEY);
    if (!isSessionKey(stored)) throw new Error('no session key');
    if (stored.kind === 'native') {
      return new Uint8Array(await crypto.subtle.sign('Ed25519', stored.key, new Uint8Array(bytes)));
    }
    const seed = await unwrap(stored.sealedSeed);
    try {
      return await fallback.sign(seed, bytes);
    } finally {
      seed.fill(0);
    }
  }

  return {
    wrap,
    unwrap,
    createSessionKey: async () => (await makeNativeKey()) ?? (await makeSoftwareKey()),
    signWithSessionKey,
    destroy: () => use((database) => database.destroy()),
  };
}
