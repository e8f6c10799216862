/**
 * The room's one error class, in libsignal's shape: a numeric `code` that callers of the public interface
 * branch on (`LibSignalErrorBase.is(error, ErrorCode.DuplicatedMessage)`), and a finer `reason` for this code base.
 *
 * Messages are for developers. They hold no key, content, address or input.
 */

/** libsignal's error numbers, as far as the messaging interface uses them. */
export const ErrorCode = {
  Generic: 0,
  DuplicatedMessage: 1,
  SealedSenderSelfSend: 2,
  UntrustedIdentity: 3,
  InvalidRegistrationId: 4,
  InvalidProtocolAddress: 5,
  VerificationFailed: 6,
  InvalidSession: 7,
  InvalidSenderKeySession: 8,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/**
 * Why an operation failed, and the number under which libsignal's callers know it.
 *
 * - `not-ready`: `ready()` has not been awaited. `misuse`: an argument that no honest caller passes.
 * - `malformed`: bytes that are no valid encoding. `bad-version`: a version that is not spoken here.
 * - `bad-key`: a key that is no key, or gives an all-zero agreement. `bad-signature`: a signature that does not verify.
 * - `undecryptable`: MAC, padding, ratchet position or post-quantum part do not fit; never told apart.
 * - `missing-prekey`: a message for a prekey that the store does not have.
 * - `bad-state`: stored state that cannot be read.
 * - `key-spent`: a media key at the end of its counter or its ratchet; a new instance is due.
 * - `bad-seal`: a sealed-sender or vault box that does not open. `bad-certificate`: its certificate does not hold.
 */
const codeOfReason = {
  'not-ready': 'Generic',
  misuse: 'Generic',
  malformed: 'Generic',
  'bad-version': 'Generic',
  'bad-key': 'Generic',
  'bad-signature': 'Generic',
  undecryptable: 'Generic',
  'missing-prekey': 'Generic',
  'bad-state': 'InvalidSession',
  'key-spent': 'Generic',
  'bad-seal': 'Generic',
  'bad-certificate': 'Generic',
  'duplicated-message': 'DuplicatedMessage',
  'self-send': 'SealedSenderSelfSend',
  'untrusted-identity': 'UntrustedIdentity',
  'bad-registration-id': 'InvalidRegistrationId',
  'bad-address': 'InvalidProtocolAddress',
  'verification-failed': 'VerificationFailed',
  'no-session': 'Generic',
  'invalid-session': 'InvalidSession',
} as const satisfies Record<string, keyof typeof ErrorCode>;

export type CryptoErrorReason = keyof typeof codeOfReason;

interface CryptoErrorDetails {
  readonly cause?: unknown;
  /** The public operation that failed, set where it is known. */
  readonly operation?: string;
  /** For `untrusted-identity`: the address's name. */
  readonly addr?: string;
}

/** Every failure of this room. `reason` is a closed union, `code` its libsignal number. */
export class CryptoError extends Error {
  readonly reason: CryptoErrorReason;
  readonly code: ErrorCode;
  #operation: string;
  readonly #addr: string | undefined;

  constructor(reason: CryptoErrorReason, message: string, details: CryptoErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    const name = codeOfReason[reason];
    this.name = name === 'Generic' ? 'LibSignalError' : name;
    this.reason = reason;
    this.code = ErrorCode[name];
    this.#operation = details.operation ?? '';
    this.#addr = details.addr;
  }

  /** The public call that failed, by libsignal's name for it; empty where none is known. */
  get operation(): string {
    return this.#operation;
  }

  /** Notes the public call that failed, unless one inside it was noted already. */
  _within(operation: string): this {
    if (this.#operation === '') this.#operation = operation;
    return this;
  }

  /** The address that an untrusted identity belongs to. Throws a TypeError for any other error. */
  get addr(): string {
    if (this.#addr === undefined) throw new TypeError('this error has no address');
    return this.#addr;
  }

  override toString(): string {
    return `${this.name} - ${this.operation}: ${this.message}`;
  }

  is(code: ErrorCode): boolean {
    return this.code === code;
  }

  /** Whether any thrown value is this room's error with the given number. */
  static is(error: unknown, code: ErrorCode): boolean {
    return error instanceof CryptoError && error.code === code;
  }
}

/** Whether any thrown value is this room's error for the given reason. */
export function isCryptoError(error: unknown, reason?: CryptoErrorReason): error is CryptoError {
  return error instanceof CryptoError && (reason === undefined || error.reason === reason);
}
