/**
 * Refuses new requests while the event loop falls behind, so that those already accepted are finished. The delay of a coarse timer is
 * enough to see it, and costs an idle server next to nothing.
 */
import type { FastifyInstance } from 'fastify';
import { WireError } from '@tacet/protocol/errors';

/** How often the delay is measured. */
const SAMPLE_MS = 500;
/** A delay that no batch of commits reaches. */
const OVERLOADED_MS = 2_000;

/** Measures the event loop's delay from its start on. */
export class LoadMeter {
  #lastMs = 0;
  #delayMs = 0;
  #due = 0;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#due = performance.now() + SAMPLE_MS;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS).unref();
  }

  /** By how much the last two samples came late, the lesser of both: a single pause is no overload. */
  get delayMs(): number {
    return this.#delayMs;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const now = performance.now();
    const lateMs = Math.max(0, now - this.#due);
    this.#delayMs = Math.min(lateMs, this.#lastMs);
    this.#lastMs = lateMs;
    this.#due = now + SAMPLE_MS;
  }
}

/** Refuses with `overloaded` while the loop is late; health and metrics stay open. */
export function addOverloadProtection(app: FastifyInstance, meter: { readonly delayMs: number }): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (meter.delayMs < OVERLOADED_MS || request.routeOptions.config.isOperational === true) {
      done();
      return;
    }
    done(new WireError('overloaded', 'the event loop is late', { retryAfterMs: 2 * SAMPLE_MS }));
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Health and metrics: answered under load and while draining. */
    isOperational?: boolean;
  }
}
