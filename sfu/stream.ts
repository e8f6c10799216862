/** What one participant sends, who watches it, and the pipes that carry it to other workers. */
import type { types } from 'mediasoup';
import type { CallEvent } from '@tacet/protocol/calls/answers';
import { idBytes, type ConsumerId, type ProducerId } from '@tacet/protocol/ids';
import type { Branch } from './branch.ts';

/** Who sends it. */
export interface StreamOwner {
  readonly branch: Branch;
  tell(event: CallEvent): void;
}

/** A stream as one participant gets it. */
export interface Watch {
  readonly id: ConsumerId;
  readonly stream: Stream;
  readonly consumer: types.Consumer;
  /** The highest spatial layer asked for; `undefined`: all. */
  spatial: number | undefined;
}

export interface StreamParts {
  readonly id: ProducerId;
  readonly producer: types.Producer;
  readonly label: Uint8Array;
  /** Layers that can be left out one by one. */
  readonly layers: number;
}

export class Stream {
  readonly id: ProducerId;
  readonly owner: StreamOwner;
  readonly producer: types.Producer;
  readonly label: Uint8Array;
  readonly #layers: number;
  readonly #watches = new Set<Watch>();
  readonly #pipes = new Map<Branch, Promise<unknown>>();
  #told = 0;

  constructor(owner: StreamOwner, { id, producer, label, layers }: StreamParts) {
    this.id = id;
    this.owner = owner;
    this.producer = producer;
    this.label = label;
    this.#layers = layers;
  }

  /** As others are told of it. */
  get shown() {
    const { kind: media, paused } = this.producer;
    return { producer: idBytes(this.id), media, label: this.label, paused };
  }

  /** Brings it to another worker, once. */
  async reach(branch: Branch): Promise<void> {
    if (branch === this.owner.branch) return;
    let pipe = this.#pipes.get(branch);
    if (pipe === undefined) {
      pipe = this.owner.branch.router.pipeToRouter({ producerId: this.producer.id, router: branch.router });
      this.#pipes.set(branch, pipe);
    }
    try {
      await pipe;
    } catch (error) {
      this.#pipes.delete(branch);
      throw error;
    }
  }

  watched(watch: Watch): void {
    this.#watches.add(watch);
  }

  unwatched(watch: Watch): void {
    this.#watches.delete(watch);
    this.retell();
  }

  /** Tells the sender how many layers are wanted, where that has changed. */
  retell(): void {
    if (this.producer.closed) return;
    const wanted = [...this.#watches].map(({ consumer, spatial = this.#layers }) =>
      consumer.paused ? 0 : Math.min(spatial + 1, this.#layers),
    );
    const layers = Math.max(0, ...wanted);
    if (layers === this.#told) return;
    this.#told = layers;
    this.owner.tell({ kind: 'layers-wanted', producer: idBytes(this.id), layers });
  }
}
