/**
 * Access tokens of this process, by their hash: 15 minutes, never stored. A restart ends them all, and devices renew. Ended ones are
 * remembered until their time is over, so that a removed device is told that its session has ended rather than that its token is unknown.
 */
import { createHash, randomBytes } from 'node:crypto';
import { decodeB64u } from '@tacet/protocol/bytes';
import type { AccountId, DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { TOKEN_BYTES } from '@tacet/protocol/rest/sessions';
import type { Clock } from '../clock.ts';

/** Who calls. */
export interface Caller {
  readonly account: AccountId;
  readonly device: DeviceId;
  /** The account's list does not name the device yet. */
  readonly pending: boolean;
}

/** What a token stands for: a caller, an ended session, or nothing. */
export type TokenMeaning =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'ended' }
  | { readonly kind: 'unknown' };

interface Token {
  readonly caller: Caller;
  readonly expiresAt: number;
  ended: boolean;
}

/** Tokens of one device that are good at a time: tabs that renew together, an answer lost on the way. */
const PER_DEVICE = 4;

/** Issues and knows access tokens. */
export class AccessTokens {
  readonly #clock: Clock;
  /** In the order of being issued, which is the order of ending. */
  readonly #tokens = new Map<string, Token>();
  readonly #ofDevice = new Map<DeviceId, string[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A fresh token of 32 bytes. */
  issue(caller: Caller): { readonly token: Uint8Array; readonly expiresAt: number } {
    this.#sweep();
    const token = randomBytes(TOKEN_BYTES);
    const key = keyOf(token);
    const expiresAt = this.#clock.now() + LIMITS.accessTokenAgeMs;
    this.#tokens.set(key, { caller, expiresAt, ended: false });
    const keys = [...(this.#ofDevice.get(caller.device) ?? []), key];
    for (const old of keys.splice(0, keys.length - PER_DEVICE)) this.#tokens.delete(old);
    this.#ofDevice.set(caller.device, keys);
    return { token, expiresAt };
  }

  /** What a token's text stands for. */
  look(tokenB64u: string): TokenMeaning {
    const bytes = decodeB64u(tokenB64u);
    const token = bytes?.length === TOKEN_BYTES ? this.#tokens.get(keyOf(bytes)) : undefined;
    if (token === undefined || token.expiresAt <= this.#clock.now()) return { kind: 'unknown' };
    return token.ended ? { kind: 'ended' } : { kind: 'caller', caller: token.caller };
  }

  /** Ends every token of a device. */
  end(device: DeviceId): void {
    for (const key of this.#ofDevice.get(device) ?? []) {
      const token = this.#tokens.get(key);
      if (token !== undefined) token.ended = true;
    }
    this.#ofDevice.delete(device);
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const [key, { expiresAt, caller }] of this.#tokens) {
      if (expiresAt > now) return;
      this.#tokens.delete(key);
      const left = (this.#ofDevice.get(caller.device) ?? []).filter((other) => other !== key);
      if (left.length === 0) this.#ofDevice.delete(caller.device);
      else this.#ofDevice.set(caller.device, left);
    }
  }
}

function keyOf(token: Uint8Array): string {
  return createHash('sha256').update(token).digest('base64url');
}
