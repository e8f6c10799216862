/**
 * Sealing for an address and opening to a content, version 1, with libsignal's names and argument orders.
 * A content that comes out is authentic for the identity key in its certificate, and for nothing else in that certificate.
 */
import type { ProtocolAddress } from '../address.ts';
import type { Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import type { IdentityKeyStore } from '../stores.ts';
import { UnidentifiedSenderMessageContent } from './content.ts';
import { openV1, sealV1 } from './v1.ts';

/** Seals for the identity key that the store has for `address`. Throws `no-session` if it has none. */
export async function sealedSenderEncrypt(
  content: UnidentifiedSenderMessageContent,
  address: ProtocolAddress,
  identityStore: IdentityKeyStore,
): Promise<Bytes> {
  const sender = await identityStore.getIdentityKeyPair();
  const recipient = await identityStore.getIdentity(address);
  if (recipient === null) {
    throw new CryptoError('no-session', 'no identity key for this address', {
      operation: 'SealedSender_Encrypt',
    });
  }
  return sealV1(sender, recipient, content.serialize());
}

/**
 * Opens a sealed message. The certificate's key equals the key that the seal proves; its signatures, expiry and addresses are not
 * judged. Throws `bad-version`, `malformed`, `bad-key`, `bad-seal`, or `bad-certificate` when the keys differ.
 */
export async function sealedSenderDecryptToUsmc(
  message: Uint8Array,
  identityStore: IdentityKeyStore,
): Promise<UnidentifiedSenderMessageContent> {
  const opened = openV1(await identityStore.getIdentityKeyPair(), message);
  const content = UnidentifiedSenderMessageContent.deserialize(opened.content);
  if (!content.senderCertificate().key().equals(opened.sender)) {
    throw new CryptoError('bad-certificate', 'sender certificate key does not match the sealing key', {
      operation: 'SealedSender_DecryptToUsmc',
    });
  }
  return content;
}
