/** Row types of migration 0003: what waits for devices. */
import type { Generated } from 'kysely';

export interface QueueRow {
  readonly number: Generated<number>;
  readonly device: Uint8Array;
}

export interface EnvelopeRow {
  /** Grows with every envelope of the server; never given twice. */
  readonly number: Generated<number>;
  readonly queue: number;
  readonly id: Uint8Array;
  readonly received_at: number;
  readonly stranger: number;
  readonly body: Uint8Array;
}

export interface EnvelopeTables {
  readonly queues: QueueRow;
  readonly envelopes: EnvelopeRow;
}
