/** What one socket may ask for: its own sends, those of its address or device, and how often it is told that it asks too much. */
import type { DeviceId } from '@tacet/protocol/ids';
import { LIMITS, RATES, type RateClass } from '@tacet/protocol/limits';
import { LeakyBucket } from '../limits/memory.ts';
import type { Verdict } from '../limits/port.ts';
import type { SocketDeps, SocketKind } from './deps.ts';

/** What a socket counts against: a bucket of its own, and one that it shares with others of its address. */
const BUCKETS = {
  'signed-in': { own: 'send', address: 'sendAddress' },
  anonymous: { own: 'send', address: 'sendAddress' },
  calls: { own: 'callRequest', address: 'callAddress' },
} as const satisfies Record<SocketKind, unknown>;
/** Requests that a socket without credentials takes from its address's limit at a time, so that the address is hashed once for all of them. */
const ADDRESS_LOT = 8;
/** How many opened sockets one counts for that had to be closed, so that opening the next costs an abuser more than it costs the server. */
const ABUSED_COUNTS = 20;
/** The same for what is no frame, which may be the fault of one program among many behind an address. */
const VIOLATED_COUNTS = 5;

/** What `count` requests in a message of `bytes` count for. */
export function costOf(count: number, bytes: number): number {
  return count + Math.floor(bytes / LIMITS.countedFrameBytes);
}

export class Allowance {
  readonly #deps: Pick<SocketDeps, 'clock' | 'limits' | 'rateFactor'>;
  readonly #sends: LeakyBucket;
  readonly #controls: LeakyBucket;
  readonly #address: string;
  readonly #addressRate: 'sendAddress' | 'callAddress';
  /** Whose socket it is, once it has signed in: another socket of its gives it no more. */
  #device: DeviceId | undefined;
  /** Requests taken from the address's limit and not yet used. */
  #lot = 0;

  /** `address`: as it is counted. */
  constructor(kind: SocketKind, address: string, deps: Pick<SocketDeps, 'clock' | 'limits' | 'rateFactor'>) {
    const { own, address: addressRate } = BUCKETS[kind];
    this.#deps = deps;
    this.#addressRate = addressRate;
    this.#sends = new LeakyBucket(RATES[own], deps.rateFactor);
    this.#controls = new LeakyBucket(RATES.control, deps.rateFactor);
    this.#address = address;
  }

  /** Counts a device from now on, and no longer the address that it shares with others. */
  signedIn(device: DeviceId): void {
    this.#device = device;
  }

  /** Takes `count` requests that came in a message of `bytes`. `cut`: refused so often that it is not to be told any more. */
  take(count: number, bytes: number): Verdict & { readonly cut?: boolean } {
    const cost = costOf(count, bytes);
    const shared = this.#takeShared(cost);
    const verdict = shared.kind === 'refused' ? shared : this.#sends.take(this.#deps.clock.now(), cost);
    if (verdict.kind === 'allowed') return verdict;
    return { ...verdict, cut: this.#takeOf('refusal', cost).kind === 'refused' };
  }

  /** Takes one ping or pong of the WebSocket itself. */
  takeControl(): Verdict {
    return this.#controls.take(this.#deps.clock.now());
  }

  /** Takes the admission to one room. */
  takeAdmission(): Verdict {
    return this.#takeOf('callAdmit', 1);
  }

  /** The socket is cut for asking too often. */
  abused(): void {
    this.#takeSockets(ABUSED_COUNTS);
  }

  /** The socket is closed for what is no frame, or none in its place. */
  violated(): void {
    this.#takeSockets(VIOLATED_COUNTS);
  }

  #takeSockets(count: number): void {
    // One by one, since what does not fit is not taken at all.
    for (let i = 0; i < count; i++) this.#takeOf('socket', 1);
  }

  #takeShared(cost: number): Verdict {
    if (this.#device !== undefined) {
      return this.#deps.limits.take('send', { kind: 'id', id: this.#device }, cost);
    }
    if (this.#lot < cost) {
      const lot = Math.max(ADDRESS_LOT, cost);
      const verdict = this.#takeOf(this.#addressRate, lot);
      if (verdict.kind === 'refused') return verdict;
      this.#lot += lot;
    }
    this.#lot -= cost;
    return { kind: 'allowed' };
  }

  #takeOf(rate: RateClass, cost: number): Verdict {
    return this.#deps.limits.take(rate, { kind: 'address', address: this.#address }, cost);
  }
}
