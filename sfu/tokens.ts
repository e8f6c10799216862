/** Join and resume tokens: 32 random bytes, of which only the SHA-256 is kept; used once. */
import { createHash, randomBytes } from 'node:crypto';
import { CALL_SECRET_BYTES } from '@tacet/protocol/calls/requests';

/** SHA-256. */
export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** What is looked up is a hash, so that the time of a look-up tells nothing about tokens that are held. */
export class Tokens<Holder> {
  readonly #holders = new Map<string, Holder>();

  get size(): number {
    return this.#holders.size;
  }

  /** A new token. `name` takes it back. */
  issue(holder: Holder): { readonly token: Uint8Array; readonly name: string } {
    const token = new Uint8Array(randomBytes(CALL_SECRET_BYTES));
    const name = nameOf(token);
    this.#holders.set(name, holder);
    return { token, name };
  }

  /** Whose token it is; from then on nobody's. */
  use(token: Uint8Array): Holder | undefined {
    const name = nameOf(token);
    const holder = this.#holders.get(name);
    this.#holders.delete(name);
    return holder;
  }

  revoke(name: string): void {
    this.#holders.delete(name);
  }
}

function nameOf(token: Uint8Array): string {
  return sha256(token).toString('base64url');
}
