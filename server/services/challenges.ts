/**
 * Challenges: what a signed request must contain so that it is fresh. Issuing one stores nothing: a challenge carries its time and a
 * MAC under a key that lives in this process, so that nobody can crowd out another's. Only a challenge that was signed validly is
 * remembered, until its two minutes are over, so that it counts once.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { LIMITS } from '@tacet/protocol/limits';
import type { Clock } from '../clock.ts';

const TIME_BYTES = 6;
const RANDOM_BYTES = 10;
const MAC_BYTES = 16;

/** Issues challenges and takes each once. */
export class Challenges {
  readonly #clock: Clock;
  readonly #key = randomBytes(32);
  /** Spent challenges by text, in the order of being spent, with their end. */
  readonly #spent = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A fresh challenge of 32 bytes (time, random, MAC) and when it ends. */
  issue(): { readonly challenge: Uint8Array; readonly expiresAt: number } {
    const expiresAt = this.#clock.now() + LIMITS.challengeAgeMs;
    const head = Buffer.alloc(TIME_BYTES + RANDOM_BYTES);
    head.writeUIntBE(expiresAt, 0, TIME_BYTES);
    randomBytes(RANDOM_BYTES).copy(head, TIME_BYTES);
    return { challenge: Buffer.concat([head, this.#mac(head)]), expiresAt };
  }

  /** Whether a challenge is ours, in time and not spent. */
  isOpen(challenge: Uint8Array): boolean {
    if (challenge.length !== TIME_BYTES + RANDOM_BYTES + MAC_BYTES) return false;
    const bytes = Buffer.from(challenge);
    const head = bytes.subarray(0, TIME_BYTES + RANDOM_BYTES);
    if (!timingSafeEqual(this.#mac(head), bytes.subarray(TIME_BYTES + RANDOM_BYTES))) return false;
    if (head.readUIntBE(0, TIME_BYTES) <= this.#clock.now()) return false;
    return !this.#spent.has(bytes.toString('base64url'));
  }

  /** Takes an open challenge; call it once the signature over it has been found good. */
  spend(challenge: Uint8Array): void {
    const now = this.#clock.now();
    for (const [text, expiresAt] of this.#spent) {
      if (expiresAt > now) break;
      this.#spent.delete(text);
    }
    this.#spent.set(Buffer.from(challenge).toString('base64url'), now + LIMITS.challengeAgeMs);
  }

  #mac(head: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(head).digest().subarray(0, MAC_BYTES);
  }
}
