/**
 * What core asks of the world. Browser adapters are in `client/platform`, Node's in tests and later the command line. Core itself has no
 * clock, no network, no storage and no DOM.
 */

import type { CallWindowPort } from './calls/call-window.ts';

/** Time. Timers keep nothing alive. */
export interface Clock {
  /** Milliseconds since 1970 UTC. */
  now(): number;
  /** Calls back once after `delayMs`; the returned function cancels. */
  after(delayMs: number, run: () => void): () => void;
}

/** Random bytes fit for keys. */
export type RandomBytes = (length: number) => Uint8Array<ArrayBuffer>;

/** A key of a store: strings, numbers, bytes, or arrays of these, in IndexedDB's order. */
export type DbKey = string | number | Uint8Array | readonly DbKey[];

/** One strict transaction over the whole local database. Reads see its own writes. */
export interface DbTransaction {
  get(store: string, key: DbKey): Promise<unknown>;
  put(store: string, key: DbKey, value: unknown): void;
  delete(store: string, key: DbKey): void;
  /** Entries with `from` ≤ key ≤ `to`, at most `limit`, ascending or descending. */
  range(
    store: string,
    options: {
      readonly from?: DbKey;
      readonly to?: DbKey;
      readonly limit?: number;
      readonly descending?: boolean;
    },
  ): Promise<readonly { readonly key: DbKey; readonly value: unknown }[]>;
}

/** The local database. Values are sealed by core before they come here (`client/core/db`), keys are opaque to the adapter. */
export interface Database {
  /** Runs `work` in one transaction; commits on return with strict durability, rolls back on throw. */
  transact<Value>(
    stores: readonly string[],
    mode: 'read' | 'write',
    work: (tx: DbTransaction) => Promise<Value>,
  ): Promise<Value>;
  close(): void;
  /** Deletes the whole database. */
  destroy(): Promise<void>;
}

/**
 * Opens the database `name` with the stores given; `version` grows when stores are added. Rejects with an error of the name
 * `VersionError` where a higher one is there.
 */
export type OpenDatabase = (name: string, version: number, stores: readonly string[]) => Promise<Database>;

/** A key that the platform keeps: non-extractable where it can. Wraps the local storage key. */
export interface DeviceKeyring {
  /** Makes or loads the key that wraps local data. */
  wrap(plain: Uint8Array): Promise<Uint8Array>;
  unwrap(sealed: Uint8Array): Promise<Uint8Array>;
  /** Ed25519 session key of the device; the private half never leaves the keyring. */
  createSessionKey(): Promise<Uint8Array>;
  signWithSessionKey(bytes: Uint8Array): Promise<Uint8Array>;
  destroy(): Promise<void>;
}

export interface HttpRequest {
  readonly method: string;
  /** Path below the origin. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Whether cookies may travel: only for session renewal, sign-up, sign-in and adding a device. */
  readonly credentials: boolean;
  readonly timeoutMs: number;
}
export interface HttpReply {
  readonly status: number;
  readonly body: string;
}
/** One request. Rejects when there was no answer. */
export type Http = (request: HttpRequest) => Promise<HttpReply>;

/** A WebSocket with binary messages. */
export interface Socket {
  send(bytes: Uint8Array): void;
  /** Bytes accepted by `send` and not yet on the network. */
  bufferedBytes(): number;
  close(code?: number): void;
}
export interface SocketEvents {
  opened(): void;
  message(bytes: Uint8Array): void;
  /** Called exactly once, also when opening failed. */
  closed(code: number): void;
}
/** Opens a socket to a path below the origin. */
export type OpenSocket = (path: string, events: SocketEvents) => Socket;

/** A new message to be told of outside the page; only what the person wants to be shown there is in it. */
export interface Notice {
  /** Names the conversation to this device alone: a keyed hash. A later notice of the same token replaces the one before. */
  readonly token: string;
  readonly count: number;
  /** The newest of what is unread is a call that nobody took. */
  readonly missedCall?: true;
  readonly name?: string;
  readonly text?: string;
}
export interface NoticePort {
  show(notice: Notice): void;
  withdraw(token: string): void;
}

/** Everything that core needs, gathered. */
export interface Ports {
  /** Web origin of the server, as signed in requests. */
  readonly origin: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly openDatabase: OpenDatabase;
  /** Deletes the database `name`, of whatever version, also one that does not open. */
  readonly deleteDatabase: (name: string) => Promise<void>;
  readonly keyring: DeviceKeyring;
  readonly http: Http;
  readonly openSocket: OpenSocket;
  /** What a device is called until its person names it: browser and system as far as they tell, 1 to 64 characters. */
  readonly deviceName: string;
  readonly notices: NoticePort;
  /** Microphones, cameras and peer connections. Absent where there is no window: no call is made or taken here. */
  readonly callWindow?: CallWindowPort;
  /** Asks for storage that the browser will not evict; `undefined` where it cannot say. */
  persistStorage(): Promise<boolean | undefined>;
  /** Calls back when the device says that the network came or went. */
  onNetworkChange(run: (online: boolean) => void): () => void;
}

/** Which tab owns the account, over all tabs of one browser profile. */
export interface OwnerLock {
  /**
   * Waits in line, or with `steal` takes the lock from whoever has it. Resolves when this tab owns the account; `lost` is called once if
   * another takes it away. A new call replaces one that still waits.
   */
  acquire(options: { readonly steal: boolean; readonly lost: () => void }): Promise<void>;
  /** Whether this tab has the lock, by the word of the browser. */
  holds(): Promise<boolean>;
  release(): void;
}

/** Signs of life between tabs: the browser notices the end of a tab, a crash included, at once. */
export interface Lifelines {
  /** Resolves when the line is held; it breaks with the end of this worker, or with the returned function. */
  hold(name: string): Promise<() => void>;
  /** Calls back once nobody holds the line. The returned function ends the waiting. */
  onBreak(name: string, run: () => void): () => void;
}

/** A channel to the same name in the other tabs of this origin. */
export interface TabChannel {
  post(message: unknown): void;
  close(): void;
}

/** What a tab needs to find the others. */
export interface TabPorts {
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Names the build of this worker: tabs of different builds do not speak to each other. */
  readonly build: string;
  readonly lock: OwnerLock;
  readonly lifelines: Lifelines;
  readonly openChannel: (name: string, receive: (message: unknown) => void) => TabChannel;
}
