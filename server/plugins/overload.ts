/**
 * Refuses new requests while the event loop falls behind, so that those already accepted are finished. The delay of a coarse timer is
 * enough to see it, and costs an idle server next to nothing.
 */
import type { FastifyInstance } from 'fastify';
import { WireError } from '@tacet/protocol/errors';

/** How often the delay is measured. */
const SAMPLE_MS = 500;
/** A delay that no batch of commits and no start of the process reaches. */
const OVERLOADED_MS = 2_000;

/** Measures the event loop's delay. */
export class LoadMeter {
  #delayMs = 0;
  #due: number;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#due = performance.now() + SAMPLE_MS;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS).unref();
  }

  /** How late the last sample came. */
  get delayMs(): number {
    return this.#delayMs;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const now = performance.now();
    this.#delayMs = Math.max(0, now - this.#due);
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
