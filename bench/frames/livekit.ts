/**
 * LiveKit's FrameCryptor as its package ships it: the module is a worker's program, which takes over the worker's messages when it is
 * loaded and is spoken to by messages. Here they are called instead of posted, so that streams of this worker can be in them.
 */
import 'livekit-client/e2ee-worker';
import type { Attach, Engine } from './pipe.ts';

/** The worker's own scope, as far as LiveKit uses it. */
declare const self: {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage: (message: unknown) => void;
};

const receive = self.onmessage;
const post = self.postMessage.bind(self);
if (receive === null) throw new Error('LiveKit’s worker takes no messages');

/** What LiveKit tells its page: kept from this bench's own answers. A failure is one that a round must not hide. */
const failures: string[] = [];

function hear(message: unknown): void {
  const { kind, data } = message as { readonly kind: string; readonly data?: { readonly error?: unknown } };
  if (kind === 'error') failures.push(String(data?.error));
}

/** Sends a message of this program past LiveKit. */
export function postPastLivekit(message: unknown): void {
  post(message);
}

/** Options of the package's own defaults (`KEY_PROVIDER_DEFAULTS`). */
const KEY_PROVIDER = {
  sharedKey: false,
  ratchetSalt: 'LKFrameEncryptionKey',
  ratchetWindowSize: 8,
  failureTolerance: 10,
  keyringSize: 16,
  keySize: 128,
} as const;

const WHO = 'participant';

/** AES-128-GCM under a key derived from random bytes, VP8. */
export async function openLivekit(): Promise<Engine> {
  Object.defineProperty(self, 'postMessage', { value: hear });
  const tell = (kind: string, data: object): void => receive?.({ data: { kind, data } });
  const key = await crypto.subtle.importKey(
    'raw',
    crypto.getRandomValues(new Uint8Array(32)),
    'HKDF',
    false,
    ['deriveBits', 'deriveKey'],
  );
  tell('init', { loglevel: 'error', keyProviderOptions: KEY_PROVIDER });
  tell('enable', { enabled: true, participantIdentity: WHO });
  tell('setKey', { participantIdentity: WHO, key, keyIndex: 0, updateCurrentKeyIndex: true });
  const attach =
    (kind: 'encode' | 'decode'): Attach =>
    (readableStream, writableStream) =>
      tell(kind, {
        participantIdentity: WHO,
        trackId: kind,
        codec: 'vp8',
        hasPacketTrailer: false,
        readableStream,
        writableStream,
      });
  return { encrypt: attach('encode'), decrypt: attach('decode') };
}

/** Throws what LiveKit complained of. */
export function requireNoFailure(): void {
  if (failures.length > 0) throw new Error(`LiveKit: ${failures.join('; ')}`);
}
