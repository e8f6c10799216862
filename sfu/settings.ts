/** What an operator sets, and what the parts of the media server are given. */
import { LIMITS } from '@tacet/protocol/limits';
import type { Clock } from './clock.ts';

export interface SfuSettings {
  /** The worker, as `obtainWorker` found it. */
  readonly workerPath: string;
  /** Worker processes: one for each core that calls may use. */
  readonly workers: number;
  /** Where media arrives, UDP and TCP: the first worker at `port`, each further one at the next; 0: anywhere. */
  readonly listenIp: string;
  readonly port: number;
  /** The address that clients are told, where it is another: behind a router or in a container. By default as `announcedFor` says. */
  readonly announcedAddress?: string;
  /** Streams that a worker sends before a room gets a second one. */
  readonly consumersPerWorker?: number;
}

/** What the log is told: no id, no address. */
export type SfuLine =
  | { readonly kind: 'worker-lost' }
  | { readonly kind: 'worker-replaced' }
  | { readonly kind: 'worker-not-started'; readonly error: unknown };

export interface SfuDeps {
  readonly settings: SfuSettings;
  readonly clock: Clock;
  readonly log: (line: SfuLine) => void;
}

/** Streams that a worker sends before a room gets a second one. */
export function consumersMost({ consumersPerWorker }: SfuSettings): number {
  return consumersPerWorker ?? LIMITS.callConsumersPerWorker;
}
