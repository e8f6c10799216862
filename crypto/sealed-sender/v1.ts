/**
 * Sealed sender, version 1: a box that only the recipient opens and that shows nobody else who sent it. Pure bytes: the caller brings
 * keys and content, and compares the certificate inside with the identity key that the box proves.
 *
 *   0x11 | protobuf { 1: ephemeral key 33 B, 2: box of the sender's identity key, 3: box of the content }
 *   box = AES-256-CTR (zero counter block) | first 10 bytes of HMAC-SHA256 over that ciphertext
 *
 * Keys: HKDF("UnidentifiedDelivery" | recipient | ephemeral, DH(ephemeral, recipient)) = chain 32 | cipher 32 | mac 32 for the first box,
 * HKDF(chain | first box, DH(sender, recipient)) = unused 32 | cipher 32 | mac 32 for the second.
 */
import { concat, equalBytes, wipe, type Bytes } from '../bytes.ts';
import { PrivateKey, PublicKey, type IdentityKeyPair } from '../ec.ts';
import { CryptoError } from '../errors.ts';
import { hkdf, hmac, labels, splitSecret } from '../kdf.ts';
import { aesCtr } from '../noble.ts';
import { parseFields, Writer } from '../wire/codec.ts';

/** Only this byte is sent and read; libsignal looks at the high nibble alone and takes 0 for 1. */
const VERSION_BYTE = 0x11;
const MAC_BYTES = 10;
const KEY_BYTES = 33;
const NO_INFO = new Uint8Array(0);
const ZERO_COUNTER = new Uint8Array(16);

interface BoxKeys {
  readonly chain: Bytes;
  readonly cipher: Bytes;
  readonly mac: Bytes;
}

function deriveBoxKeys(salt: Uint8Array, secret: Bytes): BoxKeys {
  const [chain, cipher, mac] = splitSecret(hkdf(salt, secret, NO_INFO, 96), 32, 32, 32);
  wipe(secret);
  if (chain === undefined || cipher === undefined || mac === undefined)
    throw new CryptoError('misuse', 'no keys');
  return { chain, cipher, mac };
}

function sealBox(keys: BoxKeys, plaintext: Uint8Array): Bytes {
  const ciphertext = aesCtr(keys.cipher, ZERO_COUNTER, plaintext);
  return concat(ciphertext, hmac(keys.mac, ciphertext).subarray(0, MAC_BYTES));
}

function openBox(keys: BoxKeys, box: Uint8Array): Bytes {
  const ciphertext = box.subarray(0, box.length - MAC_BYTES);
  if (!equalBytes(hmac(keys.mac, ciphertext).subarray(0, MAC_BYTES), box.subarray(-MAC_BYTES))) {
    throw new CryptoError('bad-seal', 'the sealed message does not open');
  }
  return aesCtr(keys.cipher, ZERO_COUNTER, ciphertext);
}

function firstSalt(recipient: PublicKey, ephemeral: PublicKey): Bytes {
  return concat(labels.unidentifiedDelivery, recipient.serialize(), ephemeral.serialize());
}

/** Seals content from `sender` for `recipient` under a fresh ephemeral key: 93 bytes more than a short content, 94 from 118 bytes, 95 from 16 KiB. */
export function sealV1(sender: IdentityKeyPair, recipient: PublicKey, content: Uint8Array): Bytes {
  const ephemeral = PrivateKey.generate();
  const ephemeralKey = ephemeral.getPublicKey();
  const first = deriveBoxKeys(firstSalt(recipient, ephemeralKey), ephemeral.agree(recipient));
  ephemeral.erase();
  const senderBox = sealBox(first, sender.publicKey.serialize());
  const second = deriveBoxKeys(concat(first.chain, senderBox), sender.privateKey.agree(recipient));
  const contentBox = sealBox(second, content);
  wipe(first.chain, first.cipher, first.mac, second.chain, second.cipher, second.mac);
  return new Writer(content.length + 128)
    .raw(Uint8Array.of(VERSION_BYTE))
    .bytes(1, ephemeralKey.serialize())
    .bytes(2, senderBox)
    .bytes(3, contentBox)
    .finish();
}

/** What a box held: the content, and the identity key whose owner sealed it. */
export interface OpenedV1 {
  readonly sender: PublicKey;
  readonly content: Bytes;
}

/**
 * Opens a box. Throws `bad-version` for another version, `malformed` for bytes of another shape, `bad-key` for keys that are none, all
 * before the recipient's key is used; `bad-seal` when it was not sealed for this recipient or was changed.
 */
export function openV1(recipient: IdentityKeyPair, message: Uint8Array): OpenedV1 {
  if (message.length === 0) throw new CryptoError('malformed', 'empty sealed message');
  if (message[0] !== VERSION_BYTE) throw new CryptoError('bad-version', 'unknown sealed sender version');
  const fields = parseFields(message.subarray(1), { 1: 'bytes', 2: 'bytes', 3: 'bytes' });
  const ephemeralKey = PublicKey.deserialize(fields.bytes(1));
  const senderBox = fields.bytes(2, KEY_BYTES + MAC_BYTES);
  const contentBox = fields.bytes(3);
  if (contentBox.length < MAC_BYTES) throw new CryptoError('malformed', 'sealed content too short');

  const first = deriveBoxKeys(
    firstSalt(recipient.publicKey, ephemeralKey),
    recipient.privateKey.agree(ephemeralKey),
  );
  const sender = PublicKey.deserialize(openBox(first, senderBox));
  const second = deriveBoxKeys(concat(first.chain, senderBox), recipient.privateKey.agree(sender));
  const content = openBox(second, contentBox);
  wipe(first.chain, first.cipher, first.mac, second.chain, second.cipher, second.mac);
  return { sender, content };
}
