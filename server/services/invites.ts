/** Invites: made, listed and withdrawn by their owner, read by whoever has the code. Reading never consumes one; a sign-up does. */
import { randomBytes } from 'node:crypto';
import { encodeB64u } from '@tacet/protocol/bytes';
import { WireError } from '@tacet/protocol/errors';
import { ID_BYTES, idBytes } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { Clock } from '../clock.ts';
import type { AccountStore, InviteStore } from '../store/account-ports.ts';
import type { Caller } from './access-tokens.ts';

/** An invite as its owner sees it. */
export interface OwnInvite {
  readonly code: Uint8Array;
  readonly usesLeft: number;
  readonly expiresAt: number;
}

/** An invite as a guest sees it. */
export interface InviteView {
  /** Absent in the first invite of a server. */
  readonly inviter: { readonly account: Uint8Array; readonly username: string } | undefined;
  readonly expiresAt: number | undefined;
}

interface Needs {
  readonly clock: Clock;
  readonly accounts: AccountStore;
  readonly invites: InviteStore;
}

export class Invites {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Throws `WireError` `invite-invalid`. */
  async read(code: Uint8Array): Promise<InviteView> {
    const { clock, accounts, invites } = this.#needs;
    const invite = await invites.get(code, clock.now());
    if (invite === undefined) throw invalid();
    if (invite.account === undefined) return { inviter: undefined, expiresAt: invite.expiresAt };
    const username = await accounts.usernameOf(invite.account);
    if (username === undefined) throw invalid();
    return { inviter: { account: invite.account, username }, expiresAt: invite.expiresAt };
  }

  /** Throws `WireError` `queue-full` when the account has as many open invites as it may. */
  async make(caller: Caller, uses: number, ageMs: number): Promise<OwnInvite> {
    const { clock, invites } = this.#needs;
    const now = clock.now();
    const invite = {
      code: randomBytes(ID_BYTES),
      account: idBytes(caller.account),
      usesLeft: uses,
      expiresAt: now + ageMs,
    };
    if (!(await invites.add(invite, LIMITS.invitesPerAccount, now))) {
      throw new WireError('queue-full', 'as many open invites as an account may have');
    }
    return invite;
  }

  async list(caller: Caller): Promise<readonly OwnInvite[]> {
    const invites = await this.#needs.invites.list(idBytes(caller.account), this.#needs.clock.now());
    return invites.map(({ code, usesLeft, expiresAt = 0 }) => ({ code, usesLeft, expiresAt }));
  }

  /** Throws `WireError` `invite-invalid` unless the caller has this invite. */
  async withdraw(caller: Caller, code: Uint8Array): Promise<void> {
    if (!(await this.#needs.invites.withdraw(idBytes(caller.account), code))) throw invalid();
  }

  /** The code that makes the administrator, for the operator to see; `undefined` once there is one. */
  async first(): Promise<string | undefined> {
    const code = await this.#needs.invites.first(randomBytes(ID_BYTES));
    return code === undefined ? undefined : encodeB64u(code);
  }
}

function invalid(): WireError {
  return new WireError('invite-invalid', 'no such invite, or no longer good');
}
