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
import type { ToldRestore } from './restores.ts';

/** A token is renewed when it has less than this left. */
const RENEW_BEFORE_MS = 60_000;

/** A fresh challenge of the server, 32 bytes. */
export async function takeChallenge(rest: Rest): Promise<Uint8Array<ArrayBuffer>> {
  return (await askChallenge(rest)).challenge;
}

/** A fresh challenge, and the restore that the server tells of with it. */
export async function askChallenge(
  rest: Rest,
): Promise<{ readonly challenge: Uint8Array<ArrayBuffer>; readonly restore: ToldRestore | undefined }> {
  const { challenge, restore } = await rest.call(newChallenge);
  const told =
    restore === undefined ? undefined : { epoch: bytesOf(restore.epoch), backedUpAt: restore.backedUpAt };
  return { challenge: bytesOf(challenge), restore: told };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeB64u(text);
  if (bytes === undefined) throw new CoreError('server-dishonest', 'a challenge that is no base64url');
  return bytes;
}

/** Comes back to a server that says it was restored; gives the session if it was wanted and taken. */
type ComeBack = (restore: ToldRestore, challenge: Uint8Array) => Promise<SessionReply | undefined>;

/** The session of one device. */
export class Session {
  readonly #ports: Ports;
  readonly #rest: Rest;
  readonly #device: DeviceId;
  #token: string | undefined;
  #goodUntil = 0;
  #renewing: Promise<string> | undefined;
  /** Asked before a renewal where the server says that it was restored from a backup. */
  onRestore: ComeBack | undefined;

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
    const { challenge, restore } = await askChallenge(this.#rest);
    const back = restore === undefined ? undefined : await this.onRestore?.(restore, challenge);
    if (back !== undefined) {
      this.#take(back);
      return back.accessToken;
    }
    const bytes = signedRenewal.encode({ origin, challenge, device: idBytes(this.#device) });
    const signature = await keyring.signWithSessionKey(bytes);
    const reply = await this.#rest.call(renewSession, {
      body: { bytes: encodeB64u(bytes), signature: encodeB64u(signature) },
      credentials: true,
    });
    if (reply.device !== this.#device) throw new CoreError('server-dishonest', 'a session of another device');
    this.#take(reply);
    return reply.accessToken;
  }

  #take(reply: SessionReply): void {
    this.#token = reply.accessToken;
    // The server's clock may be wrong: a token is used for at least a minute, and a refusal brings a new one.
    this.#goodUntil = Math.max(reply.expiresAt, this.#ports.clock.now() + 2 * RENEW_BEFORE_MS);
  }
}
