/**
 * The signed-in socket, one device: hello with an access token first, then deliveries and their acknowledgements, copies to the own
 * devices, notices. A second socket of the device replaces this one; the end of its session closes it at once.
 */
import { randomUUID } from 'node:crypto';
import { WireError } from '@tacet/protocol/errors';
import type { Acknowledge, Hello, SendOwn } from '@tacet/protocol/frames/client';
import type { DeviceId } from '@tacet/protocol/ids';
import { speaks, TRANSPORT_VERSION } from '@tacet/protocol/version';
import type { DeviceEvent, Unsubscribe } from '../bus/port.ts';
import type { Channel, Protocol } from './channel.ts';
import { parseSignedInFrame, type FrameOf } from './checks.ts';
import type { SocketCaller, SocketDeps } from './deps.ts';
import { Outbox } from './outbox.ts';
import { answerSend } from './answer.ts';

type State =
  | { readonly kind: 'before-hello' }
  | { readonly kind: 'greeting' }
  | { readonly kind: 'open'; readonly caller: SocketCaller; readonly outbox: Outbox };

export class SignedInSocket implements Protocol {
  readonly #channel: Channel;
  readonly #deps: SocketDeps;
  /** Tells this socket from others of its device. */
  readonly #name = randomUUID();
  readonly #helloTimer: NodeJS.Timeout;
  #state: State = { kind: 'before-hello' };
  #unsubscribe: Unsubscribe | undefined;
  /** The newest acknowledgement that is not committed yet. */
  #acknowledging: Promise<void> | undefined;

  constructor(channel: Channel, deps: SocketDeps) {
    this.#channel = channel;
    this.#deps = deps;
    this.#helloTimer = setTimeout(() => channel.refuse('authentication-timeout'), deps.times.helloTimeoutMs);
  }

  receive(bytes: Uint8Array): void | Promise<void> {
    const frame = parseSignedInFrame(bytes);
    if (this.#state.kind === 'before-hello') {
      if (frame.kind !== 'hello') throw new WireError('unexpected-frame', 'hello comes first');
      return this.#hello(frame);
    }
    if (this.#state.kind === 'greeting') throw new WireError('unexpected-frame', 'before the welcome');
    const { caller, outbox } = this.#state;
    switch (frame.kind) {
      case 'hello':
        throw new WireError('unexpected-frame', 'a second hello');
      case 'acknowledge':
        this.#acknowledge(caller.device, outbox, frame);
        return undefined;
      case 'send-own':
        return this.#sendOwn(caller, frame);
      case 'ping':
        return this.#ping(frame.re);
    }
  }

  ended(): void {
    clearTimeout(this.#helloTimer);
    this.#unsubscribe?.();
  }

  async #hello(frame: FrameOf<typeof Hello>): Promise<void> {
    clearTimeout(this.#helloTimer);
    if (!speaks(frame.version)) throw new WireError('unsupported-version', 'transport version');
    const caller = this.#deps.authenticate(frame.token);
    if (caller.pending) throw new WireError('device-pending', 'the list does not name this device yet');
    this.#state = { kind: 'greeting' };
    const { account, device } = caller;
    this.#channel.signedIn(device);
    const { bus, envelopes, clock } = this.#deps;
    const outbox = new Outbox(device, this.#channel, envelopes, () => this.#deps.metrics.delivered());
    // Subscribed before anything is read, so that no change falls between.
    this.#unsubscribe = bus.onDevice(device, (event) => this.#event(outbox, event));
    bus.publish({ kind: 'opened', device, socket: this.#name });
    const state = await envelopes.connect(account, device, frame.counter);
    if (state === undefined) throw new WireError('session-ended', 'the device has gone');
    if (!this.#channel.isOpen) return;
    this.#channel.send({
      kind: 'welcome',
      version: Math.min(frame.version, TRANSPORT_VERSION),
      serverTime: clock.now(),
      counter: state.counter,
      queued: state.queued,
      listCounter: state.listCounter,
      recordVersion: state.recordVersion,
    });
    this.#state = { kind: 'open', caller, outbox };
    outbox.start(state.newest);
  }

  #event(outbox: Outbox, event: DeviceEvent): void {
    switch (event.kind) {
      case 'envelope':
        outbox.queued(event.queued);
        return;
      case 'online':
        if (this.#state.kind === 'open') outbox.online(event.envelope);
        return;
      case 'session-ended':
        this.#channel.refuse('session-ended');
        return;
      case 'notice':
        if (this.#state.kind === 'open') this.#channel.send({ kind: 'notice', what: event.what });
        return;
      case 'opened':
        if (event.socket !== this.#name) this.#channel.refuse('replaced');
        return;
    }
  }

  #acknowledge(device: DeviceId, outbox: Outbox, frame: FrameOf<typeof Acknowledge>): void {
    const { queued, unknown } = outbox.acknowledged(frame.envelopes);
    if (unknown > 0) {
      // Ids that were not delivered here cost a lookup each: an honest client has few, after a reconnect.
      const verdict = this.#channel.takeSend(unknown);
      if (verdict.kind === 'refused') throw new WireError('rate-limited', 'unknown ids', verdict);
    }
    if (queued.length === 0) return;
    const acknowledging = this.#deps.envelopes.acknowledge(device, queued);
    this.#acknowledging = acknowledging;
    acknowledging.then(
      () => {
        if (this.#acknowledging === acknowledging) this.#acknowledging = undefined;
      },
      (error: unknown) => this.#channel.failed(error, 'acknowledge'),
    );
  }

  async #sendOwn(caller: SocketCaller, frame: FrameOf<typeof SendOwn>): Promise<void> {
    const { account, device } = caller;
    await answerSend(this.#channel, this.#deps, account, frame.re, () =>
      this.#deps.delivery.sendOwn(account, device, frame),
    );
  }

  /** The answer comes after the acknowledgements before the ping are on disk, so that a client can leave knowing it. */
  #ping(re: number): void | Promise<void> {
    const verdict = this.#channel.takeSend();
    if (verdict.kind === 'refused') throw new WireError('rate-limited', 'pings', verdict);
    const answer = (): void => this.#channel.send({ kind: 'pong', re, serverTime: this.#deps.clock.now() });
    return this.#acknowledging === undefined ? answer() : this.#acknowledging.then(answer);
  }
}
