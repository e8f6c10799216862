/** How strong a passphrase of the person's own choice must be. What was generated here is known to be strong enough. */
import { estimateBits, generatePassphrase, MIN_PASSPHRASE_BITS } from '@tacet/crypto/passphrase';
import { normalisePassphrase } from '@tacet/crypto/vault';
import { CoreError } from '../failure.ts';

/** Least strength of the app lock, bits by the careful estimate that gives three listed words 21: every guess costs an Argon2id. */
const LOCK_MIN_BITS = 20;

export class PassphraseStrength {
  /** Passphrases that were generated here. */
  readonly #generated = new Set<string>();

  /** A new passphrase of six words. */
  async suggest(): Promise<string> {
    const passphrase = await generatePassphrase();
    this.#generated.add(normalisePassphrase(passphrase));
    return passphrase;
  }

  async estimate(passphrase: string): Promise<{ readonly bits: number; readonly enough: boolean }> {
    const bits = await estimateBits(passphrase);
    return { bits, enough: bits >= MIN_PASSPHRASE_BITS || this.#isGenerated(passphrase) };
  }

  /** Throws `CoreError` `passphrase-weak` for one that may not protect an account. */
  async require(passphrase: string, username: string): Promise<void> {
    if (this.#isGenerated(passphrase)) return;
    if ((await estimateBits(passphrase, [username])) < MIN_PASSPHRASE_BITS) {
      throw new CoreError('passphrase-weak', 'below the least strength');
    }
  }

  /** Throws `CoreError` `passphrase-weak` for one that may not even lock this device. */
  async requireForLock(passphrase: string, username: string): Promise<void> {
    if ((await estimateBits(passphrase, [username])) < LOCK_MIN_BITS) {
      throw new CoreError('passphrase-weak', 'below the least strength of a lock');
    }
  }

  /** Forgets what was generated: it has been used, or whoever saw it has gone. */
  forget(): void {
    this.#generated.clear();
  }

  #isGenerated(passphrase: string): boolean {
    return this.#generated.has(normalisePassphrase(passphrase));
  }
}
