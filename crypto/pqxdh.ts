/**
 * PQXDH (pqxdh specification, revision 3, sections 3.3 and 3.4): both sides' handshake secrets.
 *
 * ```
 * secret = 32 x 0xFF | DH(IK_a, SPK_b) | DH(EK_a, IK_b) | DH(EK_a, SPK_b) | [DH(EK_a, OPK_b)] | Kyber secret
 * HKDF(no salt, secret, label, 96) = root key 32 | chain key 32 | post-quantum ratchet key 32
 * ```
 */
import { concat, wipe } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import type { PrivateKey, PublicKey } from './ec.ts';
import { hkdf, labels, splitSecret } from './kdf.ts';
import { decapsulateKyber, encapsulateKyber } from './kem.ts';
import type { KEMPublicKey, KEMSecretKey } from './kem.ts';
import { brandChainKey, brandRootKey } from './ratchet/chains.ts';
import type { ChainKey, RootKey } from './ratchet/chains.ts';

/** What the handshake gives: 32 bytes each. */
export interface HandshakeSecrets {
  readonly rootKey: RootKey;
  readonly chainKey: ChainKey;
  readonly spqrKey: Uint8Array;
}

const DISCONTINUITY = new Uint8Array(32).fill(0xff);

function deriveSecrets(...agreements: readonly Bytes[]): HandshakeSecrets {
  const input = concat(DISCONTINUITY, ...agreements);
  const [root, chain, spqrKey] = splitSecret(hkdf(undefined, input, labels.pqxdh, 96), 32, 32, 32);
  wipe(input, ...agreements);
  return { rootKey: brandRootKey(root), chainKey: brandChainKey(chain), spqrKey };
}

/** The peer's keys of a bundle whose signatures were verified. */
export interface PeerKeys {
  readonly identityKey: PublicKey;
  readonly signedPreKey: PublicKey;
  readonly oneTimePreKey: PublicKey | undefined;
  readonly kyberPreKey: KEMPublicKey;
}

/** The beginning side. The ciphertext (1569 bytes with its type byte) goes into the first messages. */
export function deriveInitiatorSecrets(
  identityKey: PrivateKey,
  baseKey: PrivateKey,
  peer: PeerKeys,
): { readonly secrets: HandshakeSecrets; readonly kyberCiphertext: Bytes } {
  const { ciphertext, sharedSecret } = encapsulateKyber(peer.kyberPreKey);
  const agreements = [
    identityKey.agree(peer.signedPreKey),
    baseKey.agree(peer.identityKey),
    baseKey.agree(peer.signedPreKey),
  ];
  if (peer.oneTimePreKey !== undefined) agreements.push(baseKey.agree(peer.oneTimePreKey));
  return { secrets: deriveSecrets(...agreements, sharedSecret), kyberCiphertext: ciphertext };
}

/** The answering side's own secret keys, which the message names by their ids. */
export interface OwnKeys {
  readonly identityKey: PrivateKey;
  readonly signedPreKey: PrivateKey;
  readonly oneTimePreKey: PrivateKey | undefined;
  readonly kyberPreKey: KEMSecretKey;
}

/** The answering side. `kyberCiphertext` with its type byte; `baseKey` must have been checked as prime order. */
export function deriveResponderSecrets(
  own: OwnKeys,
  peerIdentityKey: PublicKey,
  baseKey: PublicKey,
  kyberCiphertext: Uint8Array,
): HandshakeSecrets {
  const agreements = [
    own.signedPreKey.agree(peerIdentityKey),
    own.identityKey.agree(baseKey),
    own.signedPreKey.agree(baseKey),
  ];
  if (own.oneTimePreKey !== undefined) agreements.push(own.oneTimePreKey.agree(baseKey));
  return deriveSecrets(...agreements, decapsulateKyber(own.kyberPreKey, kyberCiphertext));
}
