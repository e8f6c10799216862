/**
 * The anonymous connection: no credential, no account, opened when it is first needed and shared by everything that needs it. Each
 * request is authorised by the recipient's delivery key. Nothing of the signed-in connection reaches this file.
 */
import { ANONYMOUS_PATH } from '@tacet/protocol/frames/client';
import { TRANSPORT_VERSION } from '@tacet/protocol/version';
import { CoreError } from '../failure.ts';
import type { Clock, OpenSocket } from '../ports.ts';
import { Channel, type AnswerFrame } from './channel.ts';

/** The anonymous socket, opened on demand. */
export class AnonymousConnection {
  readonly #openSocket: OpenSocket;
  readonly #clock: Clock;
  #channel: Channel | undefined;
  #opening: Promise<Channel> | undefined;
  #stopped = false;

  constructor(openSocket: OpenSocket, clock: Clock) {
    this.#openSocket = openSocket;
    this.#clock = clock;
  }

  /** One request. Throws `WireError` when refused, `CoreError` `offline` without a connection. */
  async request(frame: { readonly kind: string } & Record<string, unknown>): Promise<AnswerFrame> {
    const channel = await this.open();
    return channel.request(frame);
  }

  /** The open channel, opened now if there is none. */
  async open(): Promise<Channel> {
    if (this.#stopped) throw new CoreError('offline', 'stopped');
    if (this.#channel !== undefined && !this.#channel.closed) return this.#channel;
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<Channel> {
    const { channel } = await Channel.open(
      this.#openSocket,
      ANONYMOUS_PATH,
      { kind: 'hello', version: TRANSPORT_VERSION },
      this.#clock,
      {
        pushed: () => this.#channel?.close(),
        closed: () => {
          this.#channel = undefined;
        },
      },
    );
    if (this.#stopped) {
      channel.close();
      throw new CoreError('offline', 'stopped');
    }
    this.#channel = channel;
    return channel;
  }

  /** Drops the socket; a later request opens another. */
  drop(): void {
    this.#channel?.close();
  }

  stop(): void {
    this.#stopped = true;
    this.#channel?.close();
  }
}
