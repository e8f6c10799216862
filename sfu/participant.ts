/**
 * Somebody in a room: a random id, one transport in each direction, what he sends and what he gets. Every id that a client names is looked
 * up among his own, or among the streams of his room; there is no other way to anything.
 */
import { randomBytes } from 'node:crypto';
import type { CallAnswer, CallEvent } from '@tacet/protocol/calls/answers';
import type { CallRequestOf, Direction } from '@tacet/protocol/calls/requests';
import {
  ID_BYTES,
  idBytes,
  idOf,
  type ConsumerId,
  type ParticipantId,
  type ProducerId,
} from '@tacet/protocol/ids';
import { LIMITS, RATES } from '@tacet/protocol/limits';
import type { Branch } from './branch.ts';
import { Bucket } from './bucket.ts';
import type { Clock } from './clock.ts';
import { clientStream, engineCapabilities, engineStream, layersOf } from './codecs.ts';
import { CallError } from './errors.ts';
import { Inbox } from './inbox.ts';
import { Stream, type Watch } from './stream.ts';
import type { MediaTransport, OpenTransport } from './transport.ts';

/** What a participant asks of its room. */
export interface Surroundings {
  readonly clock: Clock;
  readonly openTransport: OpenTransport;
  others(of: Participant): readonly Participant[];
  remove(participant: Participant): void;
}

type Held = { readonly media: MediaTransport; isConnected: boolean };

const DONE: CallAnswer = { kind: 'done' };

/** A random id of 16 bytes. */
function makeId<Id extends ParticipantId | ProducerId | ConsumerId>(): Id {
  return idOf<Id>(randomBytes(ID_BYTES));
}

export class Participant {
  readonly id: ParticipantId = makeId();
  readonly join: Uint8Array;
  readonly branch: Branch;
  readonly inbox: Inbox;
  /** The connection that speaks for it; none while that is lost. */
  spokesman: object | undefined;
  /** Set while the connection is lost: waits no longer for another one. */
  cancelAbsence: (() => void) | undefined;
  readonly streams = new Map<ProducerId, Stream>();
  readonly #room: Surroundings;
  readonly #watches = new Map<ConsumerId, Watch>();
  readonly #transports = new Map<Direction, Held>();
  readonly #messages = new Bucket(RATES.callMessage);
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(room: Surroundings, branch: Branch, join: Uint8Array) {
    this.#room = room;
    this.branch = branch;
    this.join = join;
    this.inbox = new Inbox(() => room.remove(this));
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** As others are told of it. */
  get shown() {
    const producers = [...this.streams.values()].map((stream) => stream.shown);
    return { participant: idBytes(this.id), join: this.join, producers };
  }

  /** What is left of its own. */
  get own() {
    return {
      producers: [...this.streams.keys()].map((id) => idBytes(id)),
      consumers: [...this.#watches.keys()].map((id) => idBytes(id)),
    };
  }

  tell(event: CallEvent): void {
    this.inbox.tell(event);
  }

  /** Does one thing after the other, also where an old connection and a new one ask for it. */
  async inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = this.#turn.then(async () => {
      if (this.#closed) throw new CallError('calls-unavailable', 'out of the room');
      return work();
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async openTransport({ direction }: CallRequestOf<'open-transport'>): Promise<CallAnswer> {
    if (this.#transports.has(direction)) throw new CallError('call-limit', 'has this transport');
    const { router, media: worker } = this.branch;
    const media = await this.#engine(async () => this.#room.openTransport(router, worker.server));
    if (this.#closed || media.transport.closed) {
      media.transport.close();
      throw new CallError('calls-unavailable', 'ended meanwhile');
    }
    this.#transports.set(direction, { media, isConnected: false });
    media.transport.observer.once('close', () => this.#transports.delete(direction));
    const { ice, candidates, dtls } = media;
    return { kind: 'transport', ice, candidates, dtls };
  }

  async connectTransport({ direction, dtls }: CallRequestOf<'connect-transport'>): Promise<CallAnswer> {
    const held = this.#transport(direction);
    if (held.isConnected) throw new CallError('unexpected-frame', 'connected before');
    await this.#engine(async () => held.media.connect(dtls));
    held.isConnected = true;
    return DONE;
  }

  async restartIce({ direction }: CallRequestOf<'restart-ice'>): Promise<CallAnswer> {
    const { media } = this.#transport(direction);
    return { kind: 'ice', ice: await this.#engine(async () => media.restartIce()) };
  }

  async produce({ media: kind, stream: told, label }: CallRequestOf<'produce'>): Promise<CallAnswer> {
    const { transport } = this.#transport('send').media;
    if (this.streams.size >= LIMITS.callProducers) throw new CallError('call-limit', 'too many producers');
    if (!told.codecs.every(({ mimeType }) => mimeType.startsWith(`${kind}/`))) {
      throw new CallError('call-media-refused', 'a codec of another kind');
    }
    const producer = await this.#engine(async () =>
      transport.produce({ kind, rtpParameters: engineStream(told) }),
    );
    if (this.#closed || producer.closed) {
      producer.close();
      throw new CallError('calls-unavailable', 'ended meanwhile');
    }
    const parts = {
      id: makeId<ProducerId>(),
      producer,
      label: Uint8Array.from(label),
      layers: layersOf(told),
    };
    const stream = new Stream(this, parts);
    this.streams.set(stream.id, stream);
    producer.observer.once('close', () => this.#streamClosed(stream));
    this.#announce({ kind: 'producer-opened', participant: idBytes(this.id), ...stream.shown });
    return { kind: 'produced', producer: idBytes(stream.id) };
  }

  #streamClosed(stream: Stream): void {
    this.streams.delete(stream.id);
    if (!this.#closed) this.#announce({ kind: 'producer-closed', producer: idBytes(stream.id) });
  }

  async setProducer({ producer, paused }: CallRequestOf<'set-producer'>): Promise<CallAnswer> {
    const stream = this.#stream(producer);
    if (stream.producer.paused === paused) return DONE;
    await this.#engine(async () => (paused ? stream.producer.pause() : stream.producer.resume()));
    this.#announce({ kind: 'producer-paused', producer: idBytes(stream.id), paused });
    return DONE;
  }

  closeProducer({ producer }: CallRequestOf<'close-producer'>): CallAnswer {
    this.#stream(producer).producer.close();
    return DONE;
  }

  async consume({ producer, capabilities }: CallRequestOf<'consume'>): Promise<CallAnswer> {
    const { transport } = this.#transport('receive').media;
    const id = idOf<ProducerId>(producer);
    const stream = this.#room
      .others(this)
      .find(({ streams }) => streams.has(id))
      ?.streams.get(id);
    if (stream === undefined) throw new CallError('call-unknown', 'no such producer');
    const isWatched = [...this.#watches.values()].some((watch) => watch.stream === stream);
    if (isWatched || this.#watches.size >= LIMITS.callConsumers) {
      throw new CallError('call-limit', 'consumes it, or too much');
    }
    const consumer = await this.#engine(async () => {
      await stream.reach(this.branch);
      return transport.consume({
        producerId: stream.producer.id,
        rtpCapabilities: engineCapabilities(capabilities),
        paused: true,
      });
    });
    if (this.#closed || consumer.closed || stream.producer.closed) {
      consumer.close();
      throw new CallError('call-unknown', 'ended meanwhile');
    }
    const watch: Watch = { id: makeId(), stream, consumer, spatial: undefined };
    this.#watch(watch);
    const { kind: media, type, rtpParameters } = consumer;
    if (type === 'pipe') throw new CallError('internal', 'a pipe for a participant');
    const { paused } = stream.producer;
    return {
      kind: 'consumed',
      consumer: idBytes(watch.id),
      media,
      type,
      paused,
      stream: clientStream(rtpParameters),
    };
  }

  #watch(watch: Watch): void {
    this.#watches.set(watch.id, watch);
    this.branch.consumers += 1;
    watch.stream.watched(watch);
    watch.consumer.observer.once('close', () => {
      this.#watches.delete(watch.id);
      this.branch.consumers -= 1;
      watch.stream.unwatched(watch);
      // The end of a stream is told once, as that.
      const isOver = this.#closed || watch.stream.producer.closed;
      if (!isOver) this.tell({ kind: 'consumer-closed', consumer: idBytes(watch.id) });
    });
  }

  async setConsumer({ consumer: id, paused }: CallRequestOf<'set-consumer'>): Promise<CallAnswer> {
    const { consumer, stream } = this.#watchOf(id);
    if (consumer.paused === paused) return DONE;
    await this.#engine(async () => (paused ? consumer.pause() : consumer.resume()));
    stream.retell();
    return DONE;
  }

  async setLayers({ consumer: id, spatial, temporal }: CallRequestOf<'set-layers'>): Promise<CallAnswer> {
    const watch = this.#watchOf(id);
    const { consumer, stream } = watch;
    if (consumer.type === 'simple') return DONE;
    const layers = { spatialLayer: spatial, ...(temporal === undefined ? {} : { temporalLayer: temporal }) };
    await this.#engine(async () => consumer.setPreferredLayers(layers));
    watch.spatial = spatial;
    stream.retell();
    return DONE;
  }

  closeConsumer({ consumer: id }: CallRequestOf<'close-consumer'>): CallAnswer {
    this.#watchOf(id).consumer.close();
    return DONE;
  }

  /** Passes a message on, to somebody in the same room or to all there. */
  relay({ to, body }: CallRequestOf<'message'>): CallAnswer {
    const others = this.#room.others(this);
    const name = to === undefined ? undefined : idOf<ParticipantId>(to);
    const recipients = name === undefined ? others : others.filter(({ id }) => id === name);
    this.#messages.take(this.#room.clock.now(), Math.max(1, recipients.length));
    if (name !== undefined && recipients.length === 0)
      throw new CallError('call-unknown', 'nobody of this id');
    const event: CallEvent = { kind: 'message', from: idBytes(this.id), body };
    for (const recipient of recipients) recipient.tell(event);
    return DONE;
  }

  /** Closes its transports and all over them, without telling anybody. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const { media } of this.#transports.values()) media.transport.close();
  }

  #announce(event: CallEvent): void {
    for (const other of this.#room.others(this)) other.tell(event);
  }

  #transport(direction: Direction): Held {
    const held = this.#transports.get(direction);
    if (held === undefined) throw new CallError('unexpected-frame', 'no such transport yet');
    return held;
  }

  #stream(producer: Uint8Array): Stream {
    const stream = this.streams.get(idOf<ProducerId>(producer));
    if (stream === undefined) throw new CallError('call-unknown', 'no such producer');
    return stream;
  }

  #watchOf(consumer: Uint8Array): Watch {
    const watch = this.#watches.get(idOf<ConsumerId>(consumer));
    if (watch === undefined) throw new CallError('call-unknown', 'no such consumer');
    return watch;
  }

  /** What the engine refuses was wrong in the request, unless what it was asked about has ended meanwhile. */
  async #engine<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof CallError) throw cause;
      const hasEnded = this.#closed || !this.branch.isAlive;
      throw new CallError(hasEnded ? 'calls-unavailable' : 'call-media-refused', 'refused', { cause });
    }
  }
}
