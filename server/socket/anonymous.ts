/**
 * The anonymous socket: no token, no cookie, nothing that says who it is. Each request is authorised by the recipient's delivery key;
 * a wrong key, an unknown account and an absent profile are one answer.
 */
import { WireError } from '@tacet/protocol/errors';
import type { FetchBundles, FetchProfile, Send } from '@tacet/protocol/frames/client';
import { idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { speaks, TRANSPORT_VERSION } from '@tacet/protocol/version';
import type { Recipient } from '../store/recipients.ts';
import { answerSend } from './answer.ts';
import type { Channel, Protocol } from './channel.ts';
import { parseAnonymousFrame, type FrameOf } from './checks.ts';
import type { SocketDeps } from './deps.ts';

export class AnonymousSocket implements Protocol {
  readonly #channel: Channel;
  readonly #deps: SocketDeps;
  readonly #helloTimer: NodeJS.Timeout;
  #greeted = false;

  constructor(channel: Channel, deps: SocketDeps) {
    this.#channel = channel;
    this.#deps = deps;
    this.#helloTimer = setTimeout(() => channel.refuse('authentication-timeout'), deps.times.helloTimeoutMs);
  }

  receive(bytes: Uint8Array): void | Promise<void> {
    const frame = parseAnonymousFrame(bytes);
    if (!this.#greeted) {
      if (frame.kind !== 'hello') throw new WireError('unexpected-frame', 'hello comes first');
      this.#hello(frame.version);
      return undefined;
    }
    switch (frame.kind) {
      case 'hello':
        throw new WireError('unexpected-frame', 'a second hello');
      case 'send':
        return this.#send(frame);
      case 'fetch-bundles':
        return this.#fetch(frame.re, () => this.#bundles(frame));
      case 'fetch-profile':
        return this.#fetch(frame.re, () => this.#profile(frame));
      case 'ping':
        return this.#fetch(frame.re, () => this.#pong(frame.re));
    }
  }

  ended(): void {
    clearTimeout(this.#helloTimer);
  }

  #hello(version: number): void {
    clearTimeout(this.#helloTimer);
    if (!speaks(version)) throw new WireError('unsupported-version', 'transport version');
    this.#greeted = true;
    this.#channel.send({
      kind: 'welcome-anonymous',
      version: Math.min(version, TRANSPORT_VERSION),
      serverTime: this.#deps.clock.now(),
    });
  }

  #send(frame: FrameOf<typeof Send>): Promise<void> {
    const account = idOf<AccountId>(frame.account);
    return answerSend(this.#channel, this.#deps, account, frame.re, () =>
      this.#deps.delivery.send(account, frame.deliveryKey, frame),
    );
  }

  async #fetch(re: number, answer: () => Promise<void>): Promise<void> {
    const verdict = this.#channel.takeSend();
    if (verdict.kind === 'refused') {
      this.#channel.refuseRequest(re, 'rate-limited', verdict.retryAfterMs);
      return;
    }
    try {
      await answer();
    } catch (error) {
      this.#channel.failed(error, 'fetch', re);
    }
  }

  async #bundles(frame: FrameOf<typeof FetchBundles>): Promise<void> {
    const { account, devices } = await this.#authorise(frame);
    const directory = await this.#deps.reads.directory(account);
    if (directory === undefined) throw new WireError('delivery-refused', 'gone');
    const asked = new Set(frame.devices.map((device) => idOf<DeviceId>(device)));
    const present = devices.filter(({ device, state }) => state === 'present' && asked.has(device));
    const bundles = await this.#deps.reads.bundles(present.map(({ device }) => device));
    this.#channel.send({ kind: 'bundles', re: frame.re, directory, bundles: [...bundles] });
  }

  async #profile(frame: FrameOf<typeof FetchProfile>): Promise<void> {
    const { account } = await this.#authorise(frame);
    const profile = await this.#deps.reads.profile(account);
    if (profile === undefined) throw new WireError('delivery-refused', 'gone');
    this.#channel.send({ kind: 'profile', re: frame.re, profile });
  }

  #pong(re: number): Promise<void> {
    this.#channel.send({ kind: 'pong', re, serverTime: this.#deps.clock.now() });
    return Promise.resolve();
  }

  async #authorise(frame: {
    readonly account: Uint8Array;
    readonly deliveryKey: Uint8Array;
  }): Promise<Recipient> {
    const account = idOf<AccountId>(frame.account);
    const recipient = await this.#deps.delivery.authorise(account, frame.deliveryKey);
    if (recipient === undefined) throw new WireError('delivery-refused', 'delivery key');
    return recipient;
  }
}
