/**
 * The worker processes. Each has one port for all of its transports, UDP and TCP. One that dies is replaced, after a pause that grows while
 * the replacements die too; what it carried is told to have lost it.
 */
import { createWorker, type types } from 'mediasoup';
import { announcedFor } from './announced.ts';
import type { SfuDeps } from './settings.ts';

const PAUSE_MS = 100;
const PAUSE_MOST_MS = 10_000;

/** How the worker ends its message about a port that another socket has (libuv's text of EADDRINUSE). */
const TAKEN = 'address already in use';

/** A port that the media server is to have is another program's. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

/** Something that lives in a worker. */
export interface Tenant {
  /** Consumers that it has or may come to have. */
  readonly load: number;
  /** The worker has died, and everything of it. */
  lost(): void;
}

/** One live worker. */
export class MediaWorker {
  readonly worker: types.Worker;
  readonly server: types.WebRtcServer;
  readonly tenants = new Set<Tenant>();

  constructor(worker: types.Worker, server: types.WebRtcServer) {
    this.worker = worker;
    this.server = server;
  }

  get isAlive(): boolean {
    return !this.worker.closed;
  }

  /** Consumers that it has or may come to have. */
  get load(): number {
    let load = 0;
    for (const tenant of this.tenants) load += tenant.load;
    return load;
  }
}

export class WorkerPool {
  readonly #deps: SfuDeps;
  readonly #live = new Map<number, MediaWorker>();
  readonly #cancels = new Set<() => void>();
  #closed = false;

  private constructor(deps: SfuDeps) {
    this.#deps = deps;
  }

  /** Starts all workers. Rejects if one does not start, with none left running; with `PortTakenError`: it may at another time. */
  static async open(deps: SfuDeps): Promise<WorkerPool> {
    const pool = new WorkerPool(deps);
    const slots = Array.from({ length: deps.settings.workers }, (_, slot) => slot);
    const started = await Promise.allSettled(slots.map((slot) => pool.#start(slot)));
    const failed = started.find((result) => result.status === 'rejected');
    if (failed === undefined) return pool;
    pool.close();
    throw failed.reason;
  }

  /** The live workers, the least loaded first. */
  byLoad(): readonly MediaWorker[] {
    return [...this.#live.values()].toSorted((a, b) => a.load - b.load);
  }

  /** Ends all workers. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#cancels) cancel();
    for (const { worker } of this.#live.values()) worker.close();
    this.#live.clear();
  }

  async #start(slot: number): Promise<void> {
    const { workerPath, listenIp, port, announcedAddress } = this.#deps.settings;
    const worker = await createWorker({ workerBin: workerPath, logLevel: 'none' });
    try {
      const place = {
        ip: listenIp,
        port: port === 0 ? 0 : port + slot,
        announcedAddress: announcedFor(listenIp, announcedAddress),
      };
      const server = await worker.createWebRtcServer({
        listenInfos: [
          { protocol: 'udp', ...place },
          { protocol: 'tcp', ...place },
        ],
      });
      if (this.#closed) throw new Error('closed meanwhile');
      const live = new MediaWorker(worker, server);
      this.#live.set(slot, live);
      worker.on('died', () => this.#died(slot, live));
    } catch (error) {
      worker.close();
      if (!(error instanceof Error) || !error.message.endsWith(TAKEN)) throw error;
      throw new PortTakenError(error.message, { cause: error });
    }
  }

  #died(slot: number, lost: MediaWorker): void {
    this.#live.delete(slot);
    this.#deps.log({ kind: 'worker-lost' });
    for (const tenant of lost.tenants) tenant.lost();
    this.#replace(slot, PAUSE_MS);
  }

  #replace(slot: number, pauseMs: number): void {
    if (this.#closed) return;
    const cancel = this.#deps.clock.after(pauseMs, () => {
      this.#cancels.delete(cancel);
      this.#start(slot).then(
        () => this.#deps.log({ kind: 'worker-replaced' }),
        (error: unknown) => {
          if (this.#closed) return;
          this.#deps.log({ kind: 'worker-not-started', error });
          this.#replace(slot, Math.min(2 * pauseMs, PAUSE_MOST_MS));
        },
      );
    });
    this.#cancels.add(cancel);
  }
}
