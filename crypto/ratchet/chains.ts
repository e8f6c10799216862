/**
 * Keys and key derivation functions of the symmetric-key chains (double ratchet specification, sections 2 and 5;
 * triple ratchet, message keys).
 *
 * Each kind of key has a type of its own, so that none can stand where another is wanted.
 */
import { labels, hkdf, hmac, splitSecret } from '../kdf.ts';
import type { Bytes } from '../bytes.ts';
import { hmacSha256Pair } from '../sodium.ts';

declare const kind: unique symbol;
interface Kind<Name extends string> {
  readonly [kind]: Name;
}

/** 32 bytes; every Diffie-Hellman output is mixed into it. */
export type RootKey = Uint8Array & Kind<'RootKey'>;
/** 32 bytes; moves one step with each message. */
export type ChainKey = Uint8Array & Kind<'ChainKey'>;
/** 32 bytes; one message's share of the classical chain. */
export type MessageSeed = Uint8Array & Kind<'MessageSeed'>;

/** A chain and the number of its next message. */
export interface Chain {
  readonly key: ChainKey;
  readonly index: number;
}

/** What one message is sealed with: AES-256 key 32 bytes, MAC key 32 bytes, IV 16 bytes. */
export interface MessageKeys {
  readonly cipherKey: Bytes;
  readonly macKey: Bytes;
  readonly iv: Bytes;
}

export function brandRootKey(bytes: Uint8Array): RootKey {
  return bytes as RootKey;
}

export function brandChainKey(bytes: Uint8Array): ChainKey {
  return bytes as ChainKey;
}

export function brandMessageSeed(bytes: Uint8Array): MessageSeed {
  return bytes as MessageSeed;
}

const SEED_INPUT = Uint8Array.of(1);
const NEXT_INPUT = Uint8Array.of(2);

/** Root step: mixes a Diffie-Hellman output (32 bytes, wiped) in and starts a chain. */
export function stepRoot(
  rootKey: RootKey,
  agreement: Bytes,
): { readonly rootKey: RootKey; readonly chain: Chain } {
  const [root, chain] = splitSecret(hkdf(rootKey, agreement, labels.rootStep, 64), 32, 32);
  agreement.fill(0);
  return { rootKey: brandRootKey(root), chain: { key: brandChainKey(chain), index: 0 } };
}

/** The seed of the chain's next message, and the chain after it. */
export function takeSeed(chain: Chain): { readonly seed: MessageSeed; readonly next: Chain } {
  const [seed, key] = hmacSha256Pair(chain.key, SEED_INPUT, NEXT_INPUT);
  return { seed: brandMessageSeed(seed), next: { key: brandChainKey(key), index: chain.index + 1 } };
}

/** The chain after its next message, whose seed is not wanted. */
export function stepChain(chain: Chain): Chain {
  return { key: brandChainKey(hmac(chain.key, NEXT_INPUT)), index: chain.index + 1 };
}

/** Both ratchets' shares of one message become its keys. The post-quantum key has 32 bytes. The caller wipes both. */
export function deriveMessageKeys(seed: MessageSeed, pqKey: Uint8Array): MessageKeys {
  const [cipherKey, macKey, iv] = splitSecret(hkdf(pqKey, seed, labels.messageKeys, 80), 32, 32, 16);
  return { cipherKey, macKey, iv };
}
