/**
 * The safety number of two accounts: 60 digits to read out, and a code to scan. Both are made of the account keys by libsignal's
 * fingerprints (5,200 rounds of SHA-512), so that every device of an account shows the same. Nothing here knows network or storage.
 */
import { ID_BYTES, idBytes, idOf, type AccountId } from '@tacet/protocol/ids';
import { PublicKey } from '@tacet/crypto';
import { Fingerprint, ScannableFingerprint } from '@tacet/crypto/fingerprint';
import { copyBytes, joinBytes } from '../bytes.ts';

const ROUNDS = 5_200;
/** libsignal's version for identifiers that are UUIDs. */
const FINGERPRINT_VERSION = 2;
const CODE_VERSION = 1;
/** The label's number is the version of all that follows. */
const LABEL = /^Tacet\/safety\/v([1-9][0-9]{0,3})\0/;
/** A label and its zero byte are no longer than this. */
const LABEL_MOST = 24;

/** An account with the key that it is known by. */
export interface KeyedAccount {
  readonly account: AccountId;
  /** 33 bytes. */
  readonly accountKey: Uint8Array;
}

/** What a scanned code says, as seen from the device that scanned it. */
export type CodeReading =
  'equal' | 'different' | 'another-person' | 'newer-version' | 'older-version' | 'not-a-code';

function fingerprintOf(own: KeyedAccount, other: KeyedAccount): Fingerprint {
  const keyOf = ({ accountKey }: KeyedAccount): PublicKey => PublicKey.deserialize(copyBytes(accountKey));
  return Fingerprint.new(
    ROUNDS,
    FINGERPRINT_VERSION,
    idBytes(own.account),
    keyOf(own),
    idBytes(other.account),
    keyOf(other),
  );
}

/**
 * The digits, and the code that the other person scans:
 *
 *     "Tacet/safety/v1" 00 | account that shows it (16) | account that it is shown to (16) | libsignal's scannable fingerprint
 */
export function safetyNumber(
  own: KeyedAccount,
  other: KeyedAccount,
): { readonly digits: string; readonly code: Uint8Array } {
  const fingerprint = fingerprintOf(own, other);
  const label = new TextEncoder().encode(`Tacet/safety/v${CODE_VERSION}\0`);
  const scannable = fingerprint.scannableFingerprint().toBuffer();
  const code = joinBytes(label, idBytes(own.account), idBytes(other.account), scannable);
  return { digits: fingerprint.displayableFingerprint().toString(), code };
}

/** Holds a scanned code, which may be anything, against the keys known here. */
export function readSafetyCode(own: KeyedAccount, other: KeyedAccount, scanned: Uint8Array): CodeReading {
  const head = String.fromCharCode(...scanned.subarray(0, LABEL_MOST));
  const label = LABEL.exec(head);
  if (label === null) return 'not-a-code';
  const version = Number(label[1]);
  if (version !== CODE_VERSION) return version > CODE_VERSION ? 'newer-version' : 'older-version';
  const body = scanned.subarray(label[0].length);
  if (body.length <= 2 * ID_BYTES) return 'not-a-code';
  const shows = idOf<AccountId>(body.subarray(0, ID_BYTES));
  const sees = idOf<AccountId>(body.subarray(ID_BYTES, 2 * ID_BYTES));
  if (shows !== other.account || sees !== own.account) return 'another-person';
  const theirs = ScannableFingerprint._fromBuffer(copyBytes(body.subarray(2 * ID_BYTES)));
  try {
    return fingerprintOf(own, other).scannableFingerprint().compare(theirs) ? 'equal' : 'different';
  } catch {
    return 'not-a-code';
  }
}
