/** The media server in this process: its worker processes are its own, everything else of it is here. */
import { Channel } from './channel.ts';
import { systemClock, type Clock } from './clock.ts';
import type { Sfu } from './control.ts';
import { WorkerPool } from './pool.ts';
import { Rooms } from './rooms.ts';
import type { SfuLine, SfuSettings } from './settings.ts';
import { openWebRtcTransport, type OpenTransport } from './transport.ts';

export type { CallChannel, Sfu } from './control.ts';
export { CallError, isCallError, type CallErrorCode } from './errors.ts';
export { PortTakenError } from './pool.ts';
export type { SfuLine, SfuSettings } from './settings.ts';

export interface SfuOptions {
  readonly settings: SfuSettings;
  readonly log: (line: SfuLine) => void;
  /** For tests. */
  readonly clock?: Clock;
  readonly openTransport?: OpenTransport;
}

/** How much is registered. */
export type SfuCounts = Rooms['counts'] & { readonly workers: readonly number[] };

export interface EmbeddedSfu extends Sfu {
  /** Rooms, participants and tokens, and the process ids of the workers. */
  readonly counts: SfuCounts;
}

/** Starts the workers. Rejects if one does not start, with `PortTakenError` if that is for a port that another program has. */
export async function openSfu(options: SfuOptions): Promise<EmbeddedSfu> {
  const { settings, log, clock = systemClock, openTransport = openWebRtcTransport } = options;
  const deps = { settings, log, clock };
  const pool = await WorkerPool.open(deps);
  const rooms = new Rooms({ ...deps, pool, openTransport });
  return {
    open: (onEvent) => new Channel(rooms, clock, onEvent),
    get counts() {
      return { ...rooms.counts, workers: pool.byLoad().map(({ worker }) => worker.pid) };
    },
    async close() {
      rooms.close();
      pool.close();
    },
  };
}
