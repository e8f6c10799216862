/**
 * Ed25519 for browsers whose WebCrypto lacks it, by Tacet's own crypto. The session key is then a seed that the keyring seals; it is in
 * this worker's memory for the length of a signature. Await `ready()` first.
 */
import { signingKeyPair, signWithKeyPair, type Label } from '@tacet/crypto/vault';
import type { SoftwareSigner } from '../platform/keyring.ts';

/** The label that the bytes begin with: what is signed always says for what. */
function labelOf(bytes: Uint8Array): Label {
  const end = bytes.indexOf(0);
  const label = String.fromCharCode(...bytes.subarray(0, Math.max(0, end)));
  if (!/^Tacet\/[a-z-]+\/v\d+$/.test(label)) throw new TypeError('the bytes to sign lack their label');
  return label as Label;
}

/** Public keys and signatures from seeds. */
export const softwareSigner: SoftwareSigner = {
  publicKey: async (seed) => signingKeyPair(seed).publicKey,
  sign: async (seed, bytes) => signWithKeyPair(signingKeyPair(seed), labelOf(bytes), bytes),
};
