/**
 * One socket that speaks frames: says hello, waits for the welcome, matches answers to requests by `re`, pings when it is quiet and
 * gives up when nothing comes back. Both sockets are made of it; what they say is theirs.
 */
import { ERROR_CODES, ERRORS, isErrorCode, WireError, type ErrorCode } from '@tacet/protocol/errors';
import { encodeFrame, parseFrame } from '@tacet/protocol/frames/frame';
import { ServerFrame } from '@tacet/protocol/frames/server';
import { LIMITS } from '@tacet/protocol/limits';
import { CoreError } from '../failure.ts';
import type { Clock, OpenSocket, Socket } from '../ports.ts';

/** A request is given up, and its socket with it, after this silence. */
const REQUEST_TIMEOUT_MS = 30_000;
/** A look at how quiet it is: two quiet ones in a row are the interval of the heartbeat. */
const LOOK_MS = LIMITS.heartbeatMs / 2;
/** An answer to a ping after the device slept or its clock was set: a socket that died in the sleep says nothing more. */
const WAKE_TIMEOUT_MS = 5_000;
/** The wall clock goes another way than timers do by this much: the device slept, or its clock was set. */
const ODD_MS = 60_000;
/** Opening and welcome together. */
const OPEN_TIMEOUT_MS = 15_000;

/** Frames that answer a request. */
export type AnswerFrame = Extract<ServerFrame, { readonly re?: number }>;
/** Frames that come by themselves. */
export type PushedFrame = Extract<ServerFrame, { readonly kind: 'deliver' | 'drained' | 'notice' }>;
/** The answer to a hello. */
export type WelcomeFrame = Extract<ServerFrame, { readonly kind: 'welcome' | 'welcome-anonymous' }>;

interface Pending {
  /** By the device's clock, ms. */
  readonly askedAt: number;
  readonly resolve: (frame: AnswerFrame) => void;
  readonly reject: (error: Error) => void;
}

/** What the owner of a channel hears. */
export interface ChannelEvents {
  pushed(frame: PushedFrame): void;
  /** The server says its time, ms: in the answer to each ping, and so soon after this device's clock was set. */
  serverTime?(at: number): void;
  /** Once, after the welcome: the channel is over. `code` where the server said why. */
  closed(code: ErrorCode | undefined): void;
}

function codeOfClose(close: number): ErrorCode | undefined {
  if (close < 4000) return undefined;
  return ERROR_CODES.find((code) => ERRORS[code].close === close);
}

/** An open channel. */
export class Channel {
  readonly #clock: Clock;
  readonly #events: ChannelEvents;
  #socket: Socket | undefined;
  #lastRe = 0;
  /** Looks since something was heard. */
  #quietLooks = 0;
  #refusedWith: ErrorCode | undefined;
  #welcomed: { resolve: (frame: WelcomeFrame) => void; reject: (error: Error) => void } | undefined;
  #stopWatch: (() => void) | undefined;
  readonly #pending = new Map<number, Pending>();

  private constructor(clock: Clock, events: ChannelEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Opens a socket, says `hello`, and resolves with the welcome. Throws `WireError` when refused, `CoreError` `offline` without answer. */
  static async open(
    openSocket: OpenSocket,
    path: string,
    hello: unknown,
    clock: Clock,
    events: ChannelEvents,
  ): Promise<{ readonly channel: Channel; readonly welcome: WelcomeFrame }> {
    const channel = new Channel(clock, events);
    const welcome = await new Promise<WelcomeFrame>((resolve, reject) => {
      channel.#welcomed = { resolve, reject };
      const cancel = clock.after(OPEN_TIMEOUT_MS, () => channel.close());
      channel.#stopWatch = cancel;
      channel.#socket = openSocket(path, {
        opened: () => channel.#socket?.send(encodeFrame(hello)),
        message: (bytes) => channel.#receive(bytes),
        closed: (code) => channel.#ended(codeOfClose(code)),
      });
    });
    channel.#stopWatch?.();
    channel.#watch();
    return { channel, welcome };
  }

  get closed(): boolean {
    return this.#socket === undefined;
  }

  /** Sends a frame that has no answer. Throws `CoreError` `offline` when the channel is over. */
  send(frame: unknown): void {
    if (this.#socket === undefined) throw new CoreError('offline', 'the channel is closed');
    this.#socket.send(encodeFrame(frame));
  }

  /** Sends a request and gives its answer; a refusal is thrown as `WireError`, a lost channel as `CoreError` `offline`. */
  async request(
    frame: { readonly kind: string } & Record<string, unknown>,
    timeoutMs = REQUEST_TIMEOUT_MS,
  ): Promise<AnswerFrame> {
    const re = (this.#lastRe = (this.#lastRe + 1) >>> 0);
    const answer = await new Promise<AnswerFrame>((resolve, reject) => {
      const cancel = this.#clock.after(timeoutMs, () => this.close());
      this.#pending.set(re, {
        askedAt: this.#clock.now(),
        resolve: (value) => {
          cancel();
          resolve(value);
        },
        reject: (error) => {
          cancel();
          reject(error);
        },
      });
      try {
        this.send({ ...frame, re });
      } catch (error) {
        cancel();
        this.#pending.delete(re);
        reject(error instanceof Error ? error : new CoreError('unexpected', 'unknown'));
      }
    });
    if (answer.kind === 'refused') {
      if (!isErrorCode(answer.code)) throw new CoreError('server-dishonest', 'an unknown refusal');
      const after = answer.retryAfterMs;
      throw new WireError(answer.code, 'refused', after === undefined ? {} : { retryAfterMs: after });
    }
    return answer;
  }

  /** Ends the channel; what waits is refused as `offline`. */
  close(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#ended(undefined);
    socket.close(1000);
  }

  #receive(bytes: Uint8Array): void {
    if (this.#socket === undefined) return;
    this.#quietLooks = 0;
    let frame: ServerFrame;
    try {
      frame = parseFrame(ServerFrame, bytes);
    } catch {
      this.close();
      return;
    }
    switch (frame.kind) {
      case 'welcome':
      case 'welcome-anonymous':
        this.#welcomed?.resolve(frame);
        this.#welcomed = undefined;
        return;
      case 'deliver':
      case 'drained':
      case 'notice':
        this.#events.pushed(frame);
        return;
      case 'refused':
        if (frame.re === undefined) {
          if (isErrorCode(frame.code)) this.#refusedWith = frame.code;
          return;
        }
        this.#answer(frame.re, frame);
        return;
      case 'sent':
      case 'mismatch':
      case 'bundles':
      case 'profile':
        this.#answer(frame.re, frame);
        return;
      case 'pong':
        if (this.#isFresh(frame.re)) this.#events.serverTime?.(frame.serverTime);
        this.#answer(frame.re, frame);
    }
  }

  /** Whether an answer comes as soon after its request as answers do: one that lay here while the device slept tells an old time. */
  #isFresh(re: number): boolean {
    const pending = this.#pending.get(re);
    if (pending === undefined) return false;
    return Math.abs(this.#clock.now() - pending.askedAt) < REQUEST_TIMEOUT_MS;
  }

  #answer(re: number, frame: AnswerFrame): void {
    const pending = this.#pending.get(re);
    this.#pending.delete(re);
    pending?.resolve(frame);
  }

  #ended(closeCode: ErrorCode | undefined): void {
    if (this.#socket === undefined && this.#welcomed === undefined) return;
    this.#socket = undefined;
    this.#stopWatch?.();
    const code = this.#refusedWith ?? closeCode;
    const lost = new CoreError('offline', 'the channel was lost');
    for (const { reject } of this.#pending.values()) reject(lost);
    this.#pending.clear();
    if (this.#welcomed === undefined) {
      this.#events.closed(code);
      return;
    }
    this.#welcomed.reject(code === undefined ? lost : new WireError(code, 'refused at hello'));
    this.#welcomed = undefined;
  }

  /**
   * Asks after a quiet interval, and ends the channel where no answer comes. How long it was quiet is counted in timers: a clock that was
   * set neither hides a silence nor makes one.
   */
  #watch(): void {
    const before = this.#clock.now();
    this.#stopWatch = this.#clock.after(LOOK_MS, () => {
      if (this.#socket === undefined) return;
      const oddMs = this.#clock.now() - before - LOOK_MS;
      this.#quietLooks += 1;
      if (Math.abs(oddMs) > ODD_MS) this.#ping(WAKE_TIMEOUT_MS);
      else if (this.#quietLooks === 2) this.#ping(REQUEST_TIMEOUT_MS);
      this.#watch();
    });
  }

  #ping(timeoutMs: number): void {
    this.request({ kind: 'ping' }, timeoutMs).catch(() => {
      // A lost channel is told by `closed`.
    });
  }
}
