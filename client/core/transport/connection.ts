/**
 * The signed-in connection: keeps one socket open, says hello with a raised start counter, hands on what is pushed, and comes back after
 * a loss with exponential back-off, half of it at random, so that a restarted server is not met by everybody at once.
 */
import type { ErrorCode } from '@tacet/protocol/errors';
import { isWireError } from '@tacet/protocol/errors';
import { SOCKET_PATH } from '@tacet/protocol/frames/client';
import { TRANSPORT_VERSION } from '@tacet/protocol/version';
import { CoreError } from '../failure.ts';
import type { Ports } from '../ports.ts';
import type { ConnectionState } from '../view.ts';
import { Channel, type AnswerFrame, type PushedFrame, type WelcomeFrame } from './channel.ts';

const FIRST_DELAY_MS = 400;
const MOST_DELAY_MS = 60_000;
/** While a call goes on, which is given up half a minute after both ways to the other side are lost. */
const HURRIED_DELAY_MS = 2_000;
/** A connection that lasted this long was a good one: the waits begin anew after it. One that is lost at once is tried ever more slowly. */
const STEADY_MS = 10_000;
/** Another socket of this device took over: not soon again, or two would throw each other out for ever. */
const REPLACED_DELAY_MS = 30_000;

export type Welcome = Extract<WelcomeFrame, { readonly kind: 'welcome' }>;

/** What the connection needs from the signed-in device, and what it tells it. */
export interface ConnectionOwner {
  /** A valid access token. Throws `WireError` `session-ended` when there will be none. */
  token(): Promise<string>;
  /** The token was refused: the next one must be new. */
  tokenRefused(): void;
  /** Raises the start counter, saves it, gives it. */
  raiseCounter(): Promise<number>;
  /** Whether somebody waits for it to come back: a call rings or goes on. */
  hurries(): boolean;
  /** A socket is about to open: what an earlier one delivered and was not acknowledged comes again. */
  opening(): void;
  welcomed(welcome: Welcome): Promise<void>;
  pushed(frame: PushedFrame): void;
  /** The server says its time again, ms. */
  serverTime(at: number): void;
  state(state: ConnectionState): void;
  /** The server will not have this device or this version any more. */
  ended(code: 'session-ended' | 'unsupported-version'): void;
}

/** The signed-in socket over all its lives. */
export class Connection {
  readonly #ports: Ports;
  readonly #owner: ConnectionOwner;
  #channel: Channel | undefined;
  #attempt = 0;
  #onlineAt = 0;
  #running = false;
  #connecting = false;
  #cancelRetry: (() => void) | undefined;
  #forgetNetwork: (() => void) | undefined;

  constructor(ports: Ports, owner: ConnectionOwner) {
    this.#ports = ports;
    this.#owner = owner;
  }

  get online(): boolean {
    return this.#channel !== undefined;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#forgetNetwork = this.#ports.onNetworkChange((online) => {
      if (online) this.connectNow();
    });
    this.#connect();
  }

  stop(): void {
    this.#running = false;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#forgetNetwork?.();
    this.#channel?.close();
    this.#channel = undefined;
    this.#owner.state({ kind: 'idle' });
  }

  /** Tries at once instead of waiting for the back-off. */
  connectNow(): void {
    if (!this.#running || this.#channel !== undefined || this.#connecting) return;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#attempt = 0;
    this.#connect();
  }

  /** Closes the socket after a local fault; what was not acknowledged comes again. */
  restart(): void {
    this.#channel?.close();
  }

  /** A frame without an answer. False when there is no connection: it was not sent. */
  tell(frame: unknown): boolean {
    if (this.#channel === undefined || this.#channel.closed) return false;
    this.#channel.send(frame);
    return true;
  }

  /** A request. Throws `WireError` when refused, `CoreError` `offline` without a connection. */
  async request(frame: { readonly kind: string } & Record<string, unknown>): Promise<AnswerFrame> {
    if (this.#channel === undefined) throw new CoreError('offline', 'not connected');
    return this.#channel.request(frame);
  }

  #connect(): void {
    this.#connecting = true;
    this.#owner.state({ kind: 'connecting' });
    this.#open().then(
      () => {
        this.#connecting = false;
        // Lost while the owner was still at the welcome, and the time for the next one has passed meanwhile.
        if (this.#running && !this.online && this.#cancelRetry === undefined) this.#retry(undefined);
      },
      (error: unknown) => {
        this.#connecting = false;
        this.#failed(error);
      },
    );
  }

  async #open(): Promise<void> {
    const token = await this.#owner.token();
    const counter = await this.#owner.raiseCounter();
    if (!this.#running) return;
    this.#owner.opening();
    let lost: { readonly code: ErrorCode | undefined } | undefined;
    const { channel, welcome } = await Channel.open(
      this.#ports.openSocket,
      SOCKET_PATH,
      { kind: 'hello', version: TRANSPORT_VERSION, token, counter },
      this.#ports.clock,
      {
        pushed: (frame) => this.#owner.pushed(frame),
        serverTime: (at) => this.#owner.serverTime(at),
        closed: (code) => {
          lost = { code };
          this.#lost(code);
        },
      },
    );
    if (!this.#running || lost !== undefined) {
      channel.close();
      throw new CoreError('offline', 'lost at once');
    }
    if (welcome.kind !== 'welcome') {
      channel.close();
      throw new CoreError('server-dishonest', 'the wrong welcome');
    }
    this.#channel = channel;
    this.#onlineAt = this.#ports.clock.now();
    await this.#owner.welcomed(welcome);
    if (channel.closed) return;
    this.#owner.state({ kind: 'online' });
  }

  #failed(error: unknown): void {
    if (!this.#running) return;
    this.#channel?.close();
    if (isWireError(error, 'session-ended') || isWireError(error, 'unsupported-version')) {
      this.#over(error.code);
      return;
    }
    if (isWireError(error, 'unauthorized')) this.#owner.tokenRefused();
    this.#retry(undefined);
  }

  #lost(code: ErrorCode | undefined): void {
    const wasOnline = this.#channel !== undefined;
    this.#channel = undefined;
    if (wasOnline && Math.abs(this.#ports.clock.now() - this.#onlineAt) >= STEADY_MS) this.#attempt = 0;
    if (!this.#running) return;
    if (code === 'session-ended' || code === 'unauthorized') {
      // The renewal decides: only its refusal ends the session.
      this.#owner.tokenRefused();
    }
    if (code === 'unsupported-version') {
      this.#over(code);
      return;
    }
    if (wasOnline || !this.#connecting) this.#retry(code);
  }

  #over(code: string): void {
    this.stop();
    this.#owner.ended(code === 'session-ended' ? 'session-ended' : 'unsupported-version');
  }

  #retry(code: ErrorCode | undefined): void {
    const { clock, random } = this.#ports;
    const longest = this.#owner.hurries() ? HURRIED_DELAY_MS : MOST_DELAY_MS;
    const most = Math.min(longest, FIRST_DELAY_MS * 2 ** Math.min(this.#attempt, 10));
    this.#attempt += 1;
    const share = (random(1)[0] ?? 0) / 255;
    const delayMs = code === 'replaced' ? REPLACED_DELAY_MS : most / 2 + (most / 2) * share;
    this.#owner.state({ kind: 'offline', retryAt: clock.now() + delayMs });
    this.#cancelRetry?.();
    this.#cancelRetry = clock.after(delayMs, () => {
      this.#cancelRetry = undefined;
      if (this.#running && this.#channel === undefined && !this.#connecting) this.#connect();
    });
  }
}
