/**
 * Sessions: sign-in, renewal, sign-out. A session belongs to a device and to the device's session key. The signature of that key
 * decides a renewal, also of an expired session or after an answer that was lost; the refresh token beside it is a tripwire: one that
 * has been replaced and is presented without a valid signature ends the session. Sign-in has one refusal, and does the same work, for
 * names that nobody has and keys that are wrong.
 */
import { generateKeyPairSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { encodeB64u } from '@tacet/protocol/bytes';
import { WireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { signedLogin, signedRenewal } from '@tacet/protocol/signed/requests';
import { signedDeparture } from '@tacet/protocol/signed/statement';
import type { Bus } from '../bus/port.ts';
import type { Clock } from '../clock.ts';
import type { Limits } from '../limits/port.ts';
import type {
  DeviceStore,
  NewSession,
  ResetStore,
  SessionStore,
  AccountStore,
  SignedBytes,
} from '../store/account-ports.ts';
import type { Restore } from '../store/server-state.ts';
import type { AccessTokens, Caller } from './access-tokens.ts';
import type { Challenges } from './challenges.ts';
import { readSigned, sha256, verifyEd25519, type SignedRequests } from './signed-requests.ts';

/** Sessions of an account that wait for a list which names their device. */
const PENDING_MOST = 4;
/** Bytes of a refresh token. */
const REFRESH_BYTES = 32;

/** A session as its device is told of it. */
export interface OpenedSession {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly accessToken: Uint8Array;
  readonly expiresAt: number;
  readonly pending: boolean;
  /** For the cookie. */
  readonly refreshToken: string;
}

/** A session to be stored, and what to call once it is. */
export interface PreparedSession {
  readonly stored: NewSession;
  open(pending: boolean): OpenedSession;
}

interface Needs {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly limits: Limits;
  readonly challenges: Challenges;
  readonly requests: SignedRequests;
  readonly tokens: AccessTokens;
  readonly accounts: AccountStore;
  readonly sessions: SessionStore;
  readonly devices: DeviceStore;
  readonly resets: ResetStore;
  /** The last restore from a backup. */
  readonly restore: Restore | undefined;
}

export class Sessions {
  readonly #needs: Needs;
  /** A login key that nobody holds: checked when the name is unknown. */
  readonly #decoyKey = generateKeyPairSync('ed25519')
    .publicKey.export({ format: 'der', type: 'spki' })
    .subarray(-32);

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** A fresh challenge, the same for everybody, and the last restore from a backup. */
  challenge(): {
    readonly challenge: Uint8Array;
    readonly expiresAt: number;
    readonly restore?: Restore;
  } {
    const { challenges, restore } = this.#needs;
    return { ...challenges.issue(), ...(restore === undefined ? {} : { restore }) };
  }

  /** Whose token this is. Throws `WireError` `unauthorized` or `session-ended`. */
  authenticate(tokenB64u: string): Caller {
    const meaning = this.#needs.tokens.look(tokenB64u);
    switch (meaning.kind) {
      case 'caller':
        return meaning.caller;
      case 'ended':
        throw new WireError('session-ended', 'the session of this token has ended');
      case 'unknown':
        throw new WireError('unauthorized', 'no good access token');
    }
  }

  /**
   * Signs a device in by the login key's signature. Attempts are counted by name and address together, so that strangers elsewhere lock
   * nobody out. Throws `WireError` `login-refused`, `challenge-expired`, `rate-limited`.
   */
  async login(signed: SignedBytes, address: string): Promise<OpenedSession> {
    const { limits, requests, accounts, sessions, clock } = this.#needs;
    const request = readSigned(signedLogin, signed.bytes);
    const verdict = limits.take('login', { kind: 'address', address, name: request.username });
    if (verdict.kind === 'refused') {
      throw new WireError('rate-limited', 'too many sign-ins', { retryAfterMs: verdict.retryAfterMs });
    }
    requests.requireOpen(request);
    const view = await accounts.loginOf(request.username);
    const isGood = verifyEd25519(view?.loginKey ?? this.#decoyKey, signed);
    if (view === undefined || !isGood || !requests.isForUs(request)) throw refused();
    requests.requireOpen(request);
    requests.spend(request);
    const prepared = this.prepare(view.account, request.device, request.sessionKey);
    const outcome = await sessions.open(prepared.stored, PENDING_MOST, clock.now());
    if (outcome.kind === 'taken') throw refused();
    this.ended(outcome.ended.map((device) => idOf<DeviceId>(device)));
    await this.endReset(idOf<AccountId>(view.account));
    return prepared.open(outcome.pending);
  }

  /** Somebody has the passphrase: resets that were announced end, and every device is told. */
  async endReset(account: AccountId): Promise<void> {
    if (!(await this.#needs.resets.cancel(idBytes(account)))) return;
    await this.notify(account, 'reset', undefined);
  }

  /**
   * Renews a session by its session key's signature. `refreshToken`: the cookie's text, if one came. Throws `WireError`
   * `session-ended`, `signature-invalid`, `challenge-expired`.
   */
  async renew(signed: SignedBytes, refreshToken: string | undefined): Promise<OpenedSession> {
    const { requests, sessions } = this.#needs;
    const request = readSigned(signedRenewal, signed.bytes);
    const session = await sessions.get(request.device);
    if (session === undefined) throw sessionEnded();
    if (!verifyEd25519(session.sessionKey, signed)) {
      if (refreshToken === undefined || !isSame(session.previousHash, sha256(Buffer.from(refreshToken)))) {
        throw new WireError('signature-invalid', 'not signed by the session key');
      }
      await sessions.end(request.device);
      this.ended([idOf<DeviceId>(request.device)]);
      throw sessionEnded();
    }
    requests.requireOpen(request);
    if (!requests.isForUs(request)) throw new WireError('signature-invalid', 'signed for another server');
    requests.spend(request);
    const prepared = this.prepare(session.account, request.device, session.sessionKey);
    const { refreshHash, refreshUntil } = prepared.stored;
    const renewed = await sessions.rotate(request.device, session.sessionKey, refreshHash, refreshUntil);
    if (renewed === undefined) throw sessionEnded();
    return prepared.open(renewed.pending);
  }

  /** Ends the caller's session, its queue and prekeys; a listed device's departure is served from now on. Throws `WireError` `malformed-request`. */
  async signOut(caller: Caller, departure: SignedBytes | undefined): Promise<void> {
    const { devices, bus } = this.#needs;
    const account = idBytes(caller.account);
    const device = idBytes(caller.device);
    if (departure !== undefined) {
      const notice = readSigned(signedDeparture, departure.bytes);
      if (!isSame(notice.account, account) || !isSame(notice.device, device)) {
        throw new WireError('malformed-request', 'a departure of another device');
      }
    }
    await devices.depart(account, device, departure);
    this.ended([caller.device]);
    if (caller.pending) return;
    bus.publish({ kind: 'list-changed', account: caller.account });
    await this.notify(caller.account, 'list', caller.device);
  }

  /** A session to be stored with whatever begins it; `open` gives it out after the commit. */
  prepare(account: Uint8Array, device: Uint8Array, sessionKey: Uint8Array): PreparedSession {
    const { clock, tokens } = this.#needs;
    const refreshToken = encodeB64u(randomBytes(REFRESH_BYTES));
    const refreshUntil = clock.now() + LIMITS.refreshTokenAgeMs;
    return {
      stored: { account, device, sessionKey, refreshHash: sha256(Buffer.from(refreshToken)), refreshUntil },
      open: (pending) => {
        const caller = { account: idOf<AccountId>(account), device: idOf<DeviceId>(device), pending };
        const { token, expiresAt } = tokens.issue(caller);
        return { ...caller, accessToken: token, expiresAt, refreshToken };
      },
    };
  }

  /** Makes an end known that is committed: tokens are refused and sockets closed from now on. */
  ended(devices: readonly DeviceId[]): void {
    for (const device of devices) {
      this.#needs.tokens.end(device);
      this.#needs.bus.publish({ kind: 'session-ended', device });
    }
  }

  /**
   * Tells every device of an account but one that something has changed. Never throws: the change is committed, and a notice is a hint
   * that the next connection makes good.
   */
  async notify(
    account: AccountId,
    what: 'record' | 'list' | 'credentials' | 'reset',
    except: DeviceId | undefined,
  ): Promise<void> {
    const devices = await this.#needs.devices.active(idBytes(account)).catch(() => []);
    for (const device of devices) {
      const id = idOf<DeviceId>(device);
      if (id !== except) this.#needs.bus.publish({ kind: 'notice', device: id, what });
    }
  }
}

function refused(): WireError {
  return new WireError('login-refused', 'unknown name or wrong key');
}

function sessionEnded(): WireError {
  return new WireError('session-ended', 'there is no such session any more');
}

function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && timingSafeEqual(a, b);
}
