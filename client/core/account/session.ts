/**
 * The device's session with the server: an access token in memory, renewed shortly before its end by a signature of the session key,
 * whose private half never leaves the platform's keyring.
 */
import { decodeB64u, encodeB64u } from '@tacet/protocol/bytes';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, type DeviceId } from '@tacet/protocol/ids';
import { newChallenge, renewSession, type SessionReply } from '@tacet/protocol/rest/sessions';
import { signedRenewal } from '@tacet/protocol/signed/requests';
import { CoreError } from '../failure.ts';
import type { Ports } from '../ports.ts';
import type { Rest } from '../transport/rest.ts';

/** A token is renewed when it has less than this left. */
const RENEW_BEFORE_MS = 60_000;

/** A fresh challenge of the server, 32 bytes. */
export async function takeChallenge(rest: Rest): Promise<Uint8Array<ArrayBuffer>> {
  const { challenge } = await rest.call(newChallenge);
  const bytes = decodeB64u(challenge);
  if (bytes === undefined) throw new CoreError('server-dishonest', 'a challenge that is no base64url');
  return bytes;
}

/** The session of one device. */
export class Session {
  readonly #ports: Ports;
  readonly #rest: Rest;
  readonly #device: DeviceId;
  #token: string | undefined;
  #goodUntil = 0;
  #renewing: Promise<string> | undefined;

  /** `opened`: the session that sign-up or sign-in has just opened. */
  constructor(ports: Ports, rest: Rest, device: DeviceId, opened?: SessionReply) {
    this.#ports = ports;
    this.#rest = rest;
    this.#device = device;
    if (opened !== undefined) this.#take(opened);
  }

  /** A good access token. Throws `WireError` `session-ended` when there will never be one again. */
  async token(): Promise<string> {
    if (this.#token !== undefined && this.#ports.clock.now() < this.#goodUntil - RENEW_BEFORE_MS) {
      return this.#token;
    }
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** Forgets a token that was refused. */
  refused(): void {
    this.#token = undefined;
  }

  /** Runs a call with a token, once more with a new one if the first was refused. */
  async with<Value>(call: (token: string) => Promise<Value>): Promise<Value> {
    try {
      return await call(await this.token());
    } catch (error) {
      if (!isWireError(error, 'unauthorized') && !isWireError(error, 'session-ended')) throw error;
      this.refused();
      return call(await this.token());
    }
  }

  async #renew(): Promise<string> {
    const { origin, keyring } = this.#ports;
    const challenge = await takeChallenge(this.#rest);
    const bytes = signedRenewal.encode({ origin, challenge, device: idBytes(this.#device) });
    const signature = await keyring.signWithSessionKey(bytes);
    const reply = await this.#rest.call(renewSession, {
      body: { bytes: encodeB64u(bytes), signature: encodeB64u(signature) },
      credentials: true,
    });
    this.#take(reply);
    return reply.accessToken;
  }

  #take(reply: SessionReply): void {
    this.#token = reply.accessToken;
    // The server's clock may be wrong: a token is used for at least a minute, and a refusal brings a new one.
    this.#goodUntil = Math.max(reply.expiresAt, this.#ports.clock.now() + 2 * RENEW_BEFORE_MS);
  }
}
