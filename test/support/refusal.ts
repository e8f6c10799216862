/** How a test names the refusal of the crypto room that it expects. */
import { CryptoError, type CryptoErrorReason } from '../../crypto/errors.ts';

/** A pattern for `t.throws` and `t.rejects`: an error of the crypto room for exactly this reason. */
export function because(reason: CryptoErrorReason): {
  readonly name: string;
  readonly reason: CryptoErrorReason;
} {
  return { name: new CryptoError(reason, '').name, reason };
}
