/**
 * Leaky buckets in this process. A bucket is one number, the time at which it will be empty again (the "virtual scheduling" form of
 * the generic cell rate algorithm, ITU-T I.371), so that an idle subject costs nothing once its time has passed.
 */
import { RATES, type RateClass, type RateRule } from '@tacet/protocol/limits';
import type { Clock } from '../clock.ts';
import { AddressHash } from './address-hash.ts';
import type { Limits, Subject, Verdict } from './port.ts';

const DAY_MS = 86_400_000;
/** Buckets swept in one pass once this many more have been made. */
const SWEEP_AFTER = 10_000;
const ALLOWED: Verdict = { kind: 'allowed' };

/** One subject's bucket, for a connection that counts its own frames. */
export class LeakyBucket {
  readonly #everyMs: number;
  readonly #depthMs: number;
  #emptyAt = 0;
  #askedAt = 0;

  /** `factor` multiplies the burst and divides the interval. */
  constructor(rule: RateRule, factor: number) {
    this.#everyMs = rule.everyMs / factor;
    this.#depthMs = rule.burst * rule.everyMs;
  }

  /** Takes `cost`; refused without taking anything when the bucket would overflow. */
  take(nowMs: number, cost = 1): Verdict {
    // A clock that was set back must not make the bucket drain for all the time that it went back.
    if (nowMs < this.#askedAt) this.#emptyAt -= this.#askedAt - nowMs;
    this.#askedAt = nowMs;
    const from = Math.max(this.#emptyAt, nowMs);
    const after = from + cost * this.#everyMs;
    const over = after - nowMs - this.#depthMs;
    if (over > 0 && from > nowMs) return { kind: 'refused', retryAfterMs: Math.ceil(over) };
    this.#emptyAt = after;
    return ALLOWED;
  }

  /** Whether the bucket is empty, so that nothing is lost by forgetting it. */
  isEmpty(nowMs: number): boolean {
    return this.#emptyAt <= nowMs;
  }
}

/** Limits counted in this process. `factor`: the operator's rate factor, 1 as published. */
export class MemoryLimits implements Limits {
  readonly #clock: Clock;
  readonly #factor: number;
  readonly #buckets = new Map<string, LeakyBucket>();
  #addresses = new AddressHash();
  #keyDay = -1;
  #sweepAt = SWEEP_AFTER;

  constructor(clock: Clock, factor: number) {
    this.#clock = clock;
    this.#factor = factor;
  }

  take(rate: RateClass, subject: Subject, cost = 1): Verdict {
    const now = this.#clock.now();
    const key = `${rate} ${this.#keyOf(subject, now)}`;
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#sweepAt) this.#sweep(now);
      bucket = new LeakyBucket(RATES[rate], this.#factor);
      this.#buckets.set(key, bucket);
    }
    return bucket.take(now, cost);
  }

  /** Subjects that are being counted. */
  get size(): number {
    return this.#buckets.size;
  }

  #keyOf(subject: Subject, now: number): string {
    if (subject.kind === 'id') return subject.id;
    const day = Math.floor(now / DAY_MS);
    if (day !== this.#keyDay) {
      this.#keyDay = day;
      this.#addresses = new AddressHash();
    }
    const name = subject.name === undefined ? '' : ` ${subject.name}`;
    return this.#addresses.of(subject.address + name);
  }

  #sweep(now: number): void {
    for (const [key, bucket] of this.#buckets) if (bucket.isEmpty(now)) this.#buckets.delete(key);
    this.#sweepAt = this.#buckets.size + SWEEP_AFTER;
  }
}
