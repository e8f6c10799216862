/** Row types of migration 0003: what waits for devices. */
import type { Generated } from 'kysely';

export interface QueueRow {
  readonly number: Generated<number>;
  readonly device: Uint8Array;
  /** The sequence of the newest envelope ever queued; never given again. */
  readonly last_sequence: number;
  /** Envelopes waiting, their bytes, and how many of them are introductions. */
  readonly envelopes: number;
  readonly bytes: number;
  readonly strangers: number;
}

export interface EnvelopeRow {
  readonly queue: number;
  readonly sequence: number;
  readonly id: Uint8Array;
  readonly received_at: number;
  readonly stranger: number;
  readonly body: Uint8Array;
}

export interface EnvelopeTables {
  readonly queues: QueueRow;
  readonly envelopes: EnvelopeRow;
}
