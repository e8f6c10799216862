/** Addresses as this process counts them: hashes under a secret that lives in memory alone and ends with it. */
import { hash, randomBytes } from 'node:crypto';

/**
 * Hashes texts under a secret of its own. A hash with the secret before the text and no HMAC (RFC 2104), which costs 7 to 40 times as much
 * for each request: nobody outside ever sees a hash, so that none can be lengthened.
 */
export class AddressHash {
  readonly #secret = randomBytes(32).toString('hex');

  /** The hash of a text, base64url. */
  of(text: string): string {
    return hash('sha256', this.#secret + text, 'base64url');
  }
}
