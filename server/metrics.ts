/** Prometheus metrics: one function per event, labels of few values, never an id, a name or an address. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SocketMetrics } from './socket/deps.ts';

/** How often the event loop's delay is sampled. */
const LOOP_SAMPLE_MS = 100;

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new Histogram({
    name: 'tacet_http_request_seconds',
    help: 'Time to answer a request, by route and status class.',
    labelNames: ['route', 'status'],
    buckets: [0.002, 0.01, 0.05, 0.25, 1, 5],
    registers: [this.#registry],
  });
  readonly #refusals = new Counter({
    name: 'tacet_http_refusals_total',
    help: 'Refused requests by code.',
    labelNames: ['code'],
    registers: [this.#registry],
  });
  readonly #open = new Gauge({
    name: 'tacet_sockets_open',
    help: 'Open sockets by kind.',
    labelNames: ['kind'],
    registers: [this.#registry],
  });
  readonly #socketRefusals = new Counter({
    name: 'tacet_socket_refusals_total',
    help: 'Sockets that the server closed, by kind and code.',
    labelNames: ['kind', 'code'],
    registers: [this.#registry],
  });
  readonly #sends = new Counter({
    name: 'tacet_sends_total',
    help: 'Answered sends by outcome.',
    labelNames: ['outcome'],
    registers: [this.#registry],
  });
  readonly #deliveries = new Counter({
    name: 'tacet_deliveries_total',
    help: 'Envelopes given to sockets.',
    registers: [this.#registry],
  });

  /** The events of sockets. */
  readonly sockets: SocketMetrics = {
    opened: (kind) => this.#open.inc({ kind }),
    refused: (kind, code) => this.#socketRefusals.inc({ kind, code }),
    closed: (kind) => this.#open.dec({ kind }),
    answered: (outcome) => this.#sends.inc({ outcome }),
    delivered: () => this.#deliveries.inc(),
  };

  constructor() {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
  }

  /** A request was answered. `route`: the pattern, never the path. */
  answered(route: string, status: number, seconds: number): void {
    this.#requests.observe({ route, status: `${String(Math.floor(status / 100))}xx` }, seconds);
  }

  /** A request was refused with a code of the catalogue. */
  refused(code: string): void {
    this.#refusals.inc({ code });
  }

  /** A number that only grows, counted by its owner. */
  counter(name: `tacet_${string}_total`, help: string): { add(count: number): void } {
    const counter = new Counter({ name, help, registers: [this.#registry] });
    return { add: (count) => counter.inc(count) };
  }

  /** The exposition text and its content type. */
  async text(): Promise<{ readonly body: string; readonly contentType: string }> {
    return { body: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }
}
