/**
 * Names of account keys, which are public: short enough to be shown to views and handed back with a decision, long enough that nobody
 * makes a second key of the same name.
 */
import { encodeB64u } from '@tacet/protocol/bytes';

/** The name of an account key of 33 bytes: base64url of its first 12 after the type byte. */
export function nameOfKey(accountKey: Uint8Array): string {
  return encodeB64u(accountKey.subarray(1, 13));
}
