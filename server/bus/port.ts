/**
 * Delivery between nodes: what a commit on one node tells sockets on all. Services publish after commit, sockets subscribe. An event is a
 * hint and may be lost between nodes; whoever gets one reads the store, which is the truth. Nothing here names a sender.
 */
import type { AccountId, DeviceId } from '@tacet/protocol/ids';

/** An envelope as it waits in a device's queue. */
export interface QueuedEnvelope {
  /** Its place in the order of the device's queue: growing, with gaps. */
  readonly sequence: number;
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly receivedAt: number;
  readonly body: Uint8Array;
}

/** An envelope just queued, with the sequence of the one queued before it for the same device (0: it is the first). */
export interface FreshEnvelope extends QueuedEnvelope {
  readonly previous: number;
}

/** An envelope that is delivered now or not at all. */
export type OnlineEnvelope = Omit<QueuedEnvelope, 'sequence'>;

/** What a socket's client is told to read again over REST. */
export type NoticeKind = 'record' | 'list' | 'credentials' | 'reset' | 'prekeys-low';

/** Events addressed to one device's socket. */
export type DeviceEvent =
  /** Something has been queued. `queued` is there when the commit was made on this node, so that nobody reads it again. */
  | { readonly kind: 'envelope'; readonly device: DeviceId; readonly queued?: FreshEnvelope }
  /** Deliver now or drop. */
  | { readonly kind: 'online'; readonly device: DeviceId; readonly envelope: OnlineEnvelope }
  /** The device's session has ended (signed out, removed, deleted, token reuse): its socket closes at once. */
  | { readonly kind: 'session-ended'; readonly device: DeviceId }
  /** Something of the account has changed: each device that should read it is told in an event of its own. */
  | { readonly kind: 'notice'; readonly device: DeviceId; readonly what: NoticeKind }
  /** A socket of this device has opened on some node; every other socket of the device closes. `socket`: a random number of the new one. */
  | { readonly kind: 'opened'; readonly device: DeviceId; readonly socket: string };

/** Events that concern an account as senders see it. */
export type AccountEvent =
  /**
   * The account's list, devices, departures, delivery key or existence has changed, and the change is committed: caches forget it.
   * Published before the answer that tells the owner.
   */
  { readonly kind: 'list-changed'; readonly account: AccountId };

export type BusEvent = DeviceEvent | AccountEvent;

/** Ends a subscription. */
export type Unsubscribe = () => void;

export interface Bus {
  /** Tells everybody concerned, on every node. Never throws; a subscriber's failure stays its own. */
  publish(event: BusEvent): void;
  /** Events for one device. Several subscribers may share a device. */
  onDevice(device: DeviceId, listener: (event: DeviceEvent) => void): Unsubscribe;
  /** Events about accounts. */
  onAccount(listener: (event: AccountEvent) => void): Unsubscribe;
  close(): Promise<void>;
}
