/**
 * The socket for calls: no token, no cookie, and a connection of its own, so that nothing links a participant to who sends messages. It
 * carries requests to the media server and its answers and events back. A room is protected by its key, which tells this server nothing;
 * what costs others something is limited by address.
 */
import type { CallEvent } from '@tacet/protocol/calls/answers';
import { WireError } from '@tacet/protocol/errors';
import {
  encodeCallsReply,
  parseCallsRequest,
  parseCallsRequestFrame,
  type CallsAnswer,
  type CallsReplyFrame,
  type CallsRequest,
} from '@tacet/protocol/frames/calls';
import type { CallChannel } from '../calls/port.ts';
import type { Channel, Protocol } from './channel.ts';
import type { SocketDeps } from './deps.ts';

export class CallsSocket implements Protocol {
  readonly #channel: Channel;
  readonly #deps: Pick<SocketDeps, 'calls'>;
  readonly #firstTimer: NodeJS.Timeout;
  #media: CallChannel | undefined;

  constructor(channel: Channel, deps: Pick<SocketDeps, 'calls' | 'times'>) {
    this.#channel = channel;
    this.#deps = deps;
    this.#firstTimer = setTimeout(() => channel.refuse('authentication-timeout'), deps.times.helloTimeoutMs);
  }

  receive(bytes: Uint8Array): Promise<void> {
    const { re, request } = parseCallsRequestFrame(bytes);
    clearTimeout(this.#firstTimer);
    return this.#answer(re, request);
  }

  ended(): void {
    clearTimeout(this.#firstTimer);
    this.#media?.close();
  }

  /** Never rejects: what goes wrong refuses the request. */
  async #answer(re: number, value: unknown): Promise<void> {
    const verdict = this.#channel.takeSend();
    if (verdict.kind === 'refused') {
      this.#channel.refuseRequest(re, 'rate-limited', verdict.retryAfterMs);
      return;
    }
    try {
      this.#send({ kind: 'answer', re, answer: await this.#ask(parseCallsRequest(value)) });
    } catch (error) {
      this.#channel.failed(error, 'call', re);
    }
  }

  async #ask(request: CallsRequest): Promise<CallsAnswer> {
    if (request.kind === 'call-servers') return this.#deps.calls.servers();
    if (request.kind === 'admit') {
      const verdict = this.#channel.takeAdmission();
      if (verdict.kind === 'refused') {
        throw new WireError('rate-limited', 'too many admissions', { retryAfterMs: verdict.retryAfterMs });
      }
    }
    this.#media ??= this.#deps.calls.relay.open({
      onEvent: (event) => this.#tell(event),
      onLost: () => this.#channel.refuse('calls-unavailable'),
    });
    if (this.#media === undefined) throw new WireError('calls-unavailable', 'no media server');
    return this.#media.request(request);
  }

  #tell(event: CallEvent): void {
    this.#send({ kind: 'event', event });
  }

  #send(frame: CallsReplyFrame): void {
    this.#channel.sendBytes(encodeCallsReply(frame));
  }
}
