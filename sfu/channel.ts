/** One client's connection: checks each request, holds it to its rate and its place, and knows which participant it speaks for. */
import type { CallAnswer } from '@tacet/protocol/calls/answers';
import { parseCallRequest, type CallRequest } from '@tacet/protocol/calls/requests';
import { LIMITS, RATES } from '@tacet/protocol/limits';
import { Bucket } from './bucket.ts';
import type { Clock } from './clock.ts';
import type { CallChannel } from './control.ts';
import { CallError, toCallError } from './errors.ts';
import type { Listener } from './inbox.ts';
import type { Participant } from './participant.ts';
import type { Entry, Rooms } from './rooms.ts';

/** Requests that enter or leave nothing. */
type MediaRequest = Exclude<CallRequest, { readonly kind: 'admit' | 'enter' | 'resume' | 'leave' }>;

export class Channel implements CallChannel {
  readonly #rooms: Rooms;
  readonly #clock: Clock;
  readonly #onEvent: Listener;
  readonly #requests = new Bucket(RATES.callRequest);
  #entry: Entry | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #inFlight = 0;
  #closed = false;

  constructor(rooms: Rooms, clock: Clock, onEvent: Listener) {
    this.#rooms = rooms;
    this.#clock = clock;
    this.#onEvent = (event) => {
      try {
        onEvent(event);
      } catch {
        // Whoever cannot be told has lost the connection; the room goes on.
        this.close();
      }
    };
  }

  async request(value: unknown): Promise<CallAnswer> {
    if (this.#closed) throw new CallError('unexpected-frame', 'the channel is closed');
    if (this.#inFlight >= LIMITS.callInFlight) {
      throw new CallError('rate-limited', 'too many requests at a time', {
        retryAfterMs: RATES.callRequest.everyMs,
      });
    }
    this.#inFlight += 1;
    try {
      this.#requests.take(this.#clock.now(), 1);
      const request = parseCallRequest(value);
      const turn = this.#turn.then(async () => this.#answer(request));
      this.#turn = turn.catch(() => undefined);
      return await turn;
    } catch (error) {
      throw toCallError(error);
    } finally {
      this.#inFlight -= 1;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#entry !== undefined) this.#leave(this.#entry);
  }

  /** Whom it speaks for: nobody any more, where he was removed or has come back over another channel. */
  get #current(): Entry | undefined {
    const entry = this.#entry;
    return entry === undefined || entry.participant.isClosed || entry.participant.spokesman !== this
      ? undefined
      : entry;
  }

  async #answer(request: CallRequest): Promise<CallAnswer> {
    const entry = this.#current;
    switch (request.kind) {
      case 'admit':
        return this.#rooms.admit(request);
      case 'enter':
        this.#mustBeFree(entry);
        return this.#speakFor(await this.#rooms.enter(request));
      case 'resume':
        this.#mustBeFree(entry);
        return this.#speakFor(this.#rooms.resume(request));
      case 'leave':
        if (entry === undefined) throw new CallError('unexpected-frame', 'in no room');
        entry.room.remove(entry.participant);
        return { kind: 'done' };
      case 'open-transport':
      case 'connect-transport':
      case 'restart-ice':
      case 'produce':
      case 'consume':
      case 'set-producer':
      case 'set-consumer':
      case 'set-layers':
      case 'close-producer':
      case 'close-consumer':
      case 'message': {
        if (entry === undefined) throw new CallError('unexpected-frame', 'in no room');
        const { participant } = entry;
        return participant.inTurn(async () => mediaAnswer(participant, request));
      }
    }
  }

  #mustBeFree(entry: Entry | undefined): void {
    if (entry !== undefined) throw new CallError('unexpected-frame', 'in a room');
  }

  #speakFor(entry: Entry): CallAnswer {
    const { participant } = entry;
    this.#entry = entry;
    participant.spokesman = this;
    if (this.#closed) this.#leave(entry);
    // After the answer, which whoever asked takes up in this turn of the event loop.
    else {
      setImmediate(() => {
        if (participant.spokesman === this && !participant.inbox.isAway)
          participant.inbox.open(this.#onEvent);
      });
    }
    return entry.answer;
  }

  #leave({ room, participant }: Entry): void {
    if (participant.isClosed || participant.spokesman !== this) return;
    participant.spokesman = undefined;
    participant.inbox.leave();
    participant.cancelAbsence = this.#clock.after(LIMITS.callResumeMs, () => room.remove(participant));
  }
}

async function mediaAnswer(participant: Participant, request: MediaRequest): Promise<CallAnswer> {
  switch (request.kind) {
    case 'open-transport':
      return participant.openTransport(request);
    case 'connect-transport':
      return participant.connectTransport(request);
    case 'restart-ice':
      return participant.restartIce(request);
    case 'produce':
      return participant.produce(request);
    case 'consume':
      return participant.consume(request);
    case 'set-producer':
      return participant.setProducer(request);
    case 'set-consumer':
      return participant.setConsumer(request);
    case 'set-layers':
      return participant.setLayers(request);
    case 'close-producer':
      return participant.closeProducer(request);
    case 'close-consumer':
      return participant.closeConsumer(request);
    case 'message':
      return participant.relay(request);
  }
}
