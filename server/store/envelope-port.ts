/** The store of queues as the delivery service and the sockets see it. Each method is one transaction. */
import type { AccountId, DeviceId } from '@tacet/protocol/ids';
import type { FreshEnvelope, QueuedEnvelope } from '../bus/port.ts';

/** One device's envelope of a send. */
export interface Addressee {
  readonly device: DeviceId;
  /** The 16 bytes of the device's id. */
  readonly key: Uint8Array;
  /** 16 bytes, unique per recipient device while queued. */
  readonly id: Uint8Array;
  readonly body: Uint8Array;
}

/** An envelope that has been queued. */
export interface Queued {
  readonly device: DeviceId;
  readonly envelope: FreshEnvelope;
}

/** What came of a send. All or nothing: unless `stored`, nothing was. */
export type StoreSendOutcome =
  /** On disk. `queued` leaves out envelopes that waited already: a repeat of a send is stored once. */
  | { readonly kind: 'stored'; readonly queued: readonly Queued[] }
  /** A device is not, or no longer, one that envelopes can be queued for. */
  | { readonly kind: 'no-device' }
  /** A queue has no room left, or none for strangers. */
  | { readonly kind: 'queue-full' };

/** What a device must know when it connects. */
export interface ConnectState {
  /** The highest start counter that the device told before this one. */
  readonly counter: number;
  readonly queued: number;
  /** Sequence of the newest envelope in the queue at this moment; 0 when nothing was ever queued. */
  readonly newest: number;
  readonly listCounter: number;
  readonly recordVersion: number;
}

export interface EnvelopeStore {
  /** Queues a send, in the order of calls. `stranger`: it is an introduction and counts against the strangers' share. */
  send(to: readonly Addressee[], receivedAt: number, from: 'contact' | 'stranger'): Promise<StoreSendOutcome>;
  /** The next envelopes of a device after a sequence, oldest first, at most `most` of them and about `mostBytes`. */
  page(device: DeviceId, after: number, most: number, mostBytes: number): Promise<readonly QueuedEnvelope[]>;
  /** Deletes exactly these envelopes of the device's queue; ids that do not wait are ignored. Resolves once that is committed. */
  acknowledge(device: DeviceId, ids: readonly Uint8Array[]): Promise<void>;
  /** Notes the start counter that a device tells; `undefined` when the account has no such device. */
  connect(account: AccountId, device: DeviceId, counter: number): Promise<ConnectState | undefined>;
  /** Deletes envelopes received before an instant, among the next ones after a sequence. One short transaction. */
  expire(before: number, after: number): Promise<ExpireStep>;
  /** When the newest envelope that waits was received; `undefined` when none does. */
  newestAt(): Promise<number | undefined>;
}

/** One step of the expiry job: how many envelopes went, and where the next step begins; `undefined` at the end. */
export interface ExpireStep {
  readonly deleted: number;
  readonly next: number | undefined;
}
