/**
 * Every bound of the room with its reason. Those marked "protocol" are fixed by what the peer's implementation does;
 * changing one breaks interoperability or lets an honest message be lost.
 */

/** Version nibble of 1:1 messages (protocol): PQXDH with the Triple Ratchet. */
export const MESSAGE_VERSION = 4;

/** Version byte in front of 1:1 messages: message version in the high nibble, current version in the low. */
export const VERSION_BYTE = 0x44;

/** Bytes of the truncated HMAC behind a SignalMessage (protocol). */
export const MAC_BYTES = 8;

/** Type byte of X25519 public keys (protocol). */
export const EC_KEY_TYPE = 0x05;

/** X25519 public key with its type byte. */
export const EC_PUBLIC_KEY_BYTES = 33;

/** Type byte of Kyber-1024 round-3 keys and ciphertexts (protocol). */
export const KYBER1024_TYPE = 0x08;

/** Kyber-1024 public key and ciphertext with their type byte. */
export const KYBER1024_PUBLIC_KEY_BYTES = 1569;
export const KYBER1024_CIPHERTEXT_BYTES = 1569;

/** How far ahead of a chain a message may be (protocol): 25,000 for the Double Ratchet, one stricter for SPQR. */
export const MAX_FORWARD_JUMPS = 25_000;

/** Skipped message seeds kept per chain (protocol); the oldest is dropped, which bounds state to about 150 kB. */
export const MAX_SKIPPED_KEYS = 2_000;

/** Receiver chains kept alive (protocol): a message of an older ratchet key is lost. */
export const MAX_RECEIVER_CHAINS = 5;

/** Previous sessions kept in a record (protocol); enough for a run of crossed handshakes, bounds trial decryption. */
export const MAX_ARCHIVED_SESSIONS = 40;

/** Age at which a session that the peer never answered is no longer used for sending (protocol). */
export const UNACKNOWLEDGED_SESSION_MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

/** Device ids of an address (protocol). */
export const MIN_DEVICE_ID = 1;
export const MAX_DEVICE_ID = 127;

/** Longest plaintext or ciphertext body accepted: far above any frame of the transport, far below what stalls a worker. */
export const MAX_BODY_BYTES = 1 << 24;

/** Longest media frame sealed or opened, clear bytes and overhead included: a key frame of a 4K screen is below 2 MiB. */
export const MAX_FRAME_BYTES = 1 << 22;

/**
 * Frames under one sender instance and layer: a month at 50 frames a second. With frames of 8 KiB that is 2^36 blocks of AES-GCM under
 * one key at most, where an attacker's advantage is about 2^-57 (RFC 9605 section 9.2 leaves this limit to the application).
 */
export const MAX_FRAMES_PER_KEY = 2 ** 27;

/** The newest frames of a layer, which may come in any order, each once: 17 s of video at 60 frames a second, 20 s of speech. */
export const REPLAY_WINDOW_FRAMES = 1024;

/** Ratchet steps that a frame alone may move a receiver ahead before it is authenticated; key messages move it further. */
export const MAX_STEPS_AHEAD = 2;

/** Instances of one sender's track that a receiver holds keys of; two are usual, for the seconds of a change. */
export const MAX_INSTANCES = 8;
