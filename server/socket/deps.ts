/** What the sockets need from the rest of the server. The composition root gives it; nothing here knows how it is made. */
import type { Static } from 'typebox';
import type { Bytes } from '@tacet/protocol/bytes';
import type { ErrorCode } from '@tacet/protocol/errors';
import type { AccountId, DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { Bundle, Directory } from '@tacet/protocol/shapes';
import type { Bus } from '../bus/port.ts';
import type { CallServices } from '../calls/port.ts';
import type { Clock } from '../clock.ts';
import type { Where } from '../fault-log.ts';
import type { Limits } from '../limits/port.ts';
import type { Delivery } from '../services/delivery.ts';
import type { EnvelopeStore } from '../store/envelope-port.ts';

/** Byte forms, as frames carry them. */
export type DirectoryBytes = Static<ReturnType<typeof Directory<ReturnType<typeof Bytes>>>>;
export type BundleBytes = Static<ReturnType<typeof Bundle<ReturnType<typeof Bytes>>>>;

/** Whose access token a hello carries. */
export interface SocketCaller {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly pending: boolean;
}

/** What an anonymous socket may read once the delivery key was right. `undefined`: the account has gone meanwhile. */
export interface PublicReads {
  /** Account key, signed list, departures. */
  directory(account: AccountId): Promise<DirectoryBytes | undefined>;
  /** One bundle for each of these devices that still exists; counted against the devices. */
  bundles(devices: readonly DeviceId[]): Promise<readonly BundleBytes[]>;
  profile(account: AccountId): Promise<{ readonly version: number; readonly sealed: Uint8Array } | undefined>;
}

/** The kinds of sockets. */
export type SocketKind = 'signed-in' | 'anonymous' | 'calls';

/** One function per event; no ids, no addresses. */
export interface SocketMetrics {
  opened(kind: SocketKind): void;
  /** The connection was told why it will be closed. */
  refused(kind: SocketKind, code: ErrorCode): void;
  /** The connection is over, for whatever reason. */
  closed(kind: SocketKind): void;
  /** A send was answered. */
  answered(outcome: 'sent' | 'mismatch' | 'refused'): void;
  delivered(): void;
}

/** Waiting times; those of limits.ts unless a test shortens them. */
export interface SocketTimes {
  readonly helloTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly heartbeatTimeoutMs: number;
  /** How long deliveries may stand still because the client does not read. */
  readonly stalledMs: number;
}

export const SOCKET_TIMES: SocketTimes = {
  helloTimeoutMs: LIMITS.helloTimeoutMs,
  heartbeatMs: LIMITS.heartbeatMs,
  heartbeatTimeoutMs: LIMITS.heartbeatTimeoutMs,
  stalledMs: LIMITS.heartbeatMs,
};

export interface SocketDeps {
  /** Throws `WireError` `unauthorized` or `session-ended`. */
  authenticate(tokenB64u: string): SocketCaller;
  readonly delivery: Delivery;
  readonly envelopes: EnvelopeStore;
  readonly reads: PublicReads;
  readonly calls: CallServices;
  readonly bus: Bus;
  readonly limits: Limits;
  readonly clock: Clock;
  /** The operator's rate factor. */
  readonly rateFactor: number;
  readonly metrics: SocketMetrics;
  /** Told of failures that are nobody's fault but the server's, and where they were met. */
  readonly onError: (error: unknown, where?: Where) => void;
  readonly times: SocketTimes;
}
