/**
 * A device's queue on its way to the device's socket: back-fill from the store, cut over, live. Envelopes leave in the order of their
 * sequence, each once per connection, at most `deliveryWindow` of them unacknowledged and no more bytes than the client takes. Live
 * means that the newest delivered envelope is the newest queued; then a committed envelope is passed on without reading it again.
 */
import type { DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { FreshEnvelope, OnlineEnvelope, QueuedEnvelope } from '../bus/port.ts';
import type { EnvelopeStore } from '../store/envelope-port.ts';
import type { Channel } from './channel.ts';
import { encodeDeliver } from './encode.ts';

/** Bytes read from the store at a time, and bytes left with the client's connection before deliveries wait. */
const PAGE_BYTES = 256 * 1024;
const BUFFER_BYTES = 256 * 1024;
/** Envelopes read at a time. */
const PAGE_MOST = 64;
/** Ids remembered of what was passed on without being queued: what may arrive for an account at once, with room. */
const ONLINE_MOST = 2_048;

export class Outbox {
  readonly #device: DeviceId;
  readonly #channel: Channel;
  readonly #store: EnvelopeStore;
  readonly #onDelivered: () => void;
  /** Ids delivered and not acknowledged. */
  readonly #window = new Set<string>();
  /** Ids of what was passed on without being queued, oldest first: the client acknowledges them too. */
  readonly #online = new Set<string>();
  /** Sequence of the newest delivered envelope. */
  #cursor = 0;
  /** Back-fill is over when the cursor has reached this sequence; `undefined` once that was told. Infinite before it begins. */
  #drainTo: number | undefined = Number.POSITIVE_INFINITY;
  /** The store may hold more than was delivered. */
  #behind = true;
  #reading = false;
  #waitsForFlush = false;

  constructor(device: DeviceId, channel: Channel, store: EnvelopeStore, onDelivered: () => void) {
    this.#device = device;
    this.#channel = channel;
    this.#store = store;
    this.#onDelivered = onDelivered;
  }

  /** Begins the back-fill. `newest`: the sequence of the newest envelope at the time of the welcome. */
  start(newest: number): void {
    this.#drainTo = newest;
    this.#pump();
  }

  /** Something has been queued for the device. */
  queued(envelope: FreshEnvelope | undefined): void {
    if (this.#drainTo !== undefined || this.#reading) {
      this.#behind = true;
      return;
    }
    if (!this.#behind && envelope !== undefined && this.#hasRoom()) {
      if (envelope.sequence <= this.#cursor) return;
      if (envelope.previous === this.#cursor) {
        this.#deliver(envelope);
        return;
      }
    }
    this.#behind = true;
    this.#pump();
  }

  /** Something to deliver now or never. */
  online(envelope: OnlineEnvelope): void {
    if (this.#channel.bufferedBytes > BUFFER_BYTES) return;
    this.#online.add(keyOf(envelope.id));
    if (this.#online.size > ONLINE_MOST) {
      for (const oldest of this.#online) {
        this.#online.delete(oldest);
        break;
      }
    }
    this.#channel.sendBytes(encodeDeliver(envelope.id, envelope.receivedAt, envelope.body));
    this.#onDelivered();
  }

  /**
   * Takes these out of the window. Gives those that the store has to delete (not what was never queued), and how many of these were not
   * delivered here.
   */
  acknowledged(ids: readonly Uint8Array[]): {
    readonly queued: readonly Uint8Array[];
    readonly unknown: number;
  } {
    const queued: Uint8Array[] = [];
    let unknown = 0;
    for (const id of ids) {
      const key = keyOf(id);
      if (!this.#window.delete(key)) {
        if (this.#online.delete(key)) continue;
        unknown += 1;
      }
      queued.push(id);
    }
    if (this.#behind) this.#pump();
    return { queued, unknown };
  }

  #hasRoom(): boolean {
    return this.#window.size < LIMITS.deliveryWindow && !this.#waitsForFlush;
  }

  #deliver(envelope: QueuedEnvelope): void {
    this.#cursor = envelope.sequence;
    this.#window.add(keyOf(envelope.id));
    const bytes = encodeDeliver(envelope.id, envelope.receivedAt, envelope.body);
    if (this.#channel.bufferedBytes + bytes.length > BUFFER_BYTES) {
      this.#waitsForFlush = true;
      this.#channel.setStalled(true);
      this.#channel.sendBytes(bytes, () => this.#flushed());
    } else {
      this.#channel.sendBytes(bytes);
    }
    this.#onDelivered();
  }

  #flushed(): void {
    this.#waitsForFlush = false;
    this.#channel.setStalled(false);
    if (this.#behind) this.#pump();
  }

  #pump(): void {
    if (this.#reading || !this.#channel.isOpen || !this.#hasRoom()) return;
    this.#reading = true;
    this.#fill().then(
      () => {
        this.#reading = false;
        if (this.#behind) this.#pump();
      },
      (error: unknown) => {
        this.#reading = false;
        this.#channel.failed(error, 'deliver');
      },
    );
  }

  /** Delivers from the store until it has no more or there is no room. */
  async #fill(): Promise<void> {
    while (this.#channel.isOpen && this.#hasRoom()) {
      // Cleared before the read: what is queued during it sets it again.
      this.#behind = false;
      const most = Math.min(PAGE_MOST, LIMITS.deliveryWindow - this.#window.size);
      const page = await this.#store.page(this.#device, this.#cursor, most, PAGE_BYTES);
      for (const envelope of page) {
        if (!this.#hasRoom()) break;
        this.#deliver(envelope);
      }
      this.#tellDrained(page.length === 0);
      if (page.length === 0) return;
      this.#behind = true;
    }
  }

  #tellDrained(empty: boolean): void {
    if (this.#drainTo === undefined || (!empty && this.#cursor < this.#drainTo)) return;
    this.#cursor = Math.max(this.#cursor, this.#drainTo);
    this.#drainTo = undefined;
    this.#channel.send({ kind: 'drained' });
  }
}

/** A map key for an id's bytes. */
function keyOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1');
}
