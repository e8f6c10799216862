/**
 * Core's ports in Node: a database in memory that keeps IndexedDB's rules (atomic writes, transactions that end when they wait for
 * anything else, keys in order), sockets by `ws`, requests by `fetch`, and a device that can lose its power at any step and start again
 * from what was on its disk.
 */
import {
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import WebSocket from 'ws';
import type {
  Clock,
  Database,
  DbKey,
  DbTransaction,
  DeviceKeyring,
  HttpRequest,
  HttpReply,
  Notice,
  Ports,
  Socket,
  SocketEvents,
} from '@tacet/client/core/ports';
import { Power } from './power.ts';

interface Row {
  readonly key: DbKey;
  readonly value: unknown;
}
type Store = ReadonlyMap<string, Row>;

/** What survives a crash: databases and the keyring of one browser profile. */
export class Disk {
  readonly databases = new Map<string, Map<string, Store>>();
  /** The version of each database; the first that opens one says it. */
  readonly versions = new Map<string, number>();
  wrapKey: Buffer | undefined;
  sessionKey: KeyObject | undefined;

  /** A copy of everything as it now is, as a restored backup of the profile would be. */
  copy(): Disk {
    const copy = new Disk();
    for (const [name, stores] of this.databases) copy.databases.set(name, new Map(stores));
    for (const [name, version] of this.versions) copy.versions.set(name, version);
    copy.wrapKey = this.wrapKey;
    copy.sessionKey = this.sessionKey;
    return copy;
  }
}

/** Rows of a store of core's on a disk. */
export function rowsOf({ databases }: Disk, store: string): number {
  return databases.get('tacet')?.get(store)?.size ?? 0;
}

/** The order of keys in IndexedDB: numbers, strings, bytes, arrays. */
export function compareKeys(a: DbKey, b: DbKey): number {
  const rank = (key: DbKey): number =>
    typeof key === 'number' ? 0 : typeof key === 'string' ? 1 : key instanceof Uint8Array ? 2 : 3;
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  const [left, right] = [a as readonly DbKey[], b as readonly DbKey[]];
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const order = compareKeys(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function textOf(key: DbKey): string {
  if (typeof key === 'number') return `n${key}`;
  if (typeof key === 'string') return `s${JSON.stringify(key)}`;
  if (key instanceof Uint8Array) return `b${Buffer.from(key).toString('hex')}`;
  return `[${key.map(textOf).join(',')}]`;
}

/** A store with these rows. */
export function storeOf(rows: readonly Row[]): Store {
  return new Map(rows.map((row) => [textOf(row.key), row]));
}

/** A promise that the lost power never settles. */
function never<Value>(): Promise<Value> {
  return new Promise(() => undefined);
}

function openMemoryDatabase(disk: Disk, power: Power, name: string, names: readonly string[]): Database {
  let stores = disk.databases.get(name);
  if (stores === undefined) {
    stores = new Map();
    disk.databases.set(name, stores);
  }
  const all = stores;
  for (const store of names) if (!all.has(store)) all.set(store, new Map());
  let lastWrite: Promise<unknown> = Promise.resolve();
  let closed = false;

  async function transact<Value>(
    scope: readonly string[],
    mode: 'read' | 'write',
    work: (tx: DbTransaction) => Promise<Value>,
  ): Promise<Value> {
    if (closed) throw new DOMException('the database is closed', 'InvalidStateError');
    if (!power.step(mode)) return never();
    const turn = mode === 'write' ? lastWrite : Promise.resolve();
    const run = turn.then(() => runTransaction(scope, mode, work));
    if (mode === 'write') lastWrite = run.catch(() => undefined);
    return run;
  }

  async function runTransaction<Value>(
    scope: readonly string[],
    mode: 'read' | 'write',
    work: (tx: DbTransaction) => Promise<Value>,
  ): Promise<Value> {
    const view = new Map<string, Map<string, Row> | Store>();
    for (const store of scope) {
      const held = all.get(store);
      if (held === undefined) throw new DOMException(`no store ${store}`, 'NotFoundError');
      view.set(store, held);
    }
    let active = true;
    let watch: NodeJS.Immediate | undefined;
    const rest = (): void => {
      clearImmediate(watch);
      watch = setImmediate(() => {
        active = false;
      });
    };
    const storeOf = (store: string, writes: boolean): Map<string, Row> => {
      if (!active) throw new DOMException('the transaction has ended', 'TransactionInactiveError');
      const held = view.get(store);
      if (held === undefined) throw new DOMException(`store ${store} is out of scope`, 'NotFoundError');
      if (writes && mode === 'read') throw new DOMException('a reading transaction', 'ReadOnlyError');
      if (!writes || held !== all.get(store)) return held as Map<string, Row>;
      const copy = new Map(held);
      view.set(store, copy);
      return copy;
    };
    const tx: DbTransaction = {
      async get(store, key) {
        const row = storeOf(store, false).get(textOf(key));
        rest();
        return structuredClone(row?.value);
      },
      put(store, key, value) {
        storeOf(store, true).set(textOf(key), { key: structuredClone(key), value: structuredClone(value) });
      },
      delete(store, key) {
        storeOf(store, true).delete(textOf(key));
      },
      async range(store, { from, to, limit, descending }) {
        const rows = [...storeOf(store, false).values()]
          .filter(({ key }) => from === undefined || compareKeys(key, from) >= 0)
          .filter(({ key }) => to === undefined || compareKeys(key, to) <= 0)
          .toSorted((a, b) => (descending === true ? compareKeys(b.key, a.key) : compareKeys(a.key, b.key)));
        rest();
        return structuredClone(rows.slice(0, limit));
      },
    };
    rest();
    try {
      const value = await work(tx);
      if (!active) throw new DOMException('the transaction has ended', 'TransactionInactiveError');
      if (mode === 'read') return power.isOff ? await never<Value>() : value;
      if (power.isOff) return await never<Value>();
      for (const [store, held] of view) all.set(store, held);
      // Power may go after the commit and before anybody hears of it.
      return power.step('commit') ? value : await never<Value>();
    } finally {
      clearImmediate(watch);
    }
  }

  return {
    transact,
    close() {
      closed = true;
    },
    async destroy() {
      closed = true;
      if (!power.step('write')) return never();
      disk.databases.delete(name);
      disk.versions.delete(name);
      return undefined;
    },
  };
}

function openNodeKeyring(disk: Disk): DeviceKeyring {
  const key = (): Buffer => (disk.wrapKey ??= randomBytes(32));
  return {
    async wrap(plain) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key(), nonce);
      return new Uint8Array(
        Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]),
      );
    },
    async unwrap(sealed) {
      const bytes = Buffer.from(sealed);
      const decipher = createDecipheriv('aes-256-gcm', key(), bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(-16));
      return new Uint8Array(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]));
    },
    async createSessionKey() {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      disk.sessionKey = privateKey;
      return new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
    },
    async signWithSessionKey(bytes) {
      if (disk.sessionKey === undefined) throw new Error('no session key');
      return new Uint8Array(sign(undefined, bytes, disk.sessionKey));
    },
    async destroy() {
      disk.wrapKey = undefined;
      disk.sessionKey = undefined;
    },
  };
}

/** An answer, with the headers that a proxy saw and may change. */
export interface WireReply extends HttpReply {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** An open socket in the hands of whoever stands between: both ends can be spoken to at any time. */
export interface Line {
  readonly path: string;
  toClient(bytes: Uint8Array): void;
  toServer(bytes: Uint8Array): void;
  /** Ends it at both ends, towards the client with this code. */
  close(code?: number): void;
}

/** What stands between a client and its server: a test may look at everything and change it. */
export interface Wire {
  /** Changes or drops (`undefined`) a request's answer. */
  reply?(request: HttpRequest, reply: WireReply): WireReply | undefined | Promise<WireReply | undefined>;
  /** Sees a request before it goes. Throwing loses it. */
  request?(request: HttpRequest): void;
  /** Gives what the server is asked instead; `undefined` loses the request. */
  ask?(request: HttpRequest): HttpRequest | undefined | Promise<HttpRequest | undefined>;
  /** Changes a frame on its way to the server, into several in order; `undefined` drops it. */
  toServer?(path: string, bytes: Uint8Array): Uint8Array | readonly Uint8Array[] | undefined;
  /** Changes a frame on its way to the client; several are sent in order. */
  toClient?(path: string, bytes: Uint8Array): readonly Uint8Array[];
  /** A socket is open. */
  opened?(line: Line): void;
  /** A socket is over. */
  closed?(line: Line): void;
}

/** The frames that go to the server in place of one. */
export function framesToServer(wire: Wire, path: string, bytes: Uint8Array): readonly Uint8Array[] {
  const given = wire.toServer === undefined ? bytes : wire.toServer(path, bytes);
  if (given === undefined) return [];
  return given instanceof Uint8Array ? [given] : given;
}

/** What node ports are made of. */
export interface NodePortsOptions {
  /** The server's origin, which clients sign. */
  readonly url: string;
  /** The address to connect to in place of the server's: a proxy, `http://host:port`. */
  readonly via?: string;
  readonly disk?: Disk;
  readonly power?: Power;
  readonly wire?: Wire;
  /** Added to the machine's clock. */
  readonly skewMs?: () => number;
  /** How long a timer takes that is to take `delayMs`. */
  readonly timerMs?: (delayMs: number) => number;
  /** The window that calls are held in; without one none is. */
  readonly callWindow?: Ports['callWindow'];
  /** Opens a socket in place of the server's; `undefined`: the server's. */
  readonly openSocket?: (path: string, events: SocketEvents) => Socket | undefined;
}

/** Ports with the handles that a test needs. */
export interface NodePorts extends Ports {
  readonly disk: Disk;
  readonly power: Power;
  /** What was to be notified of, and what was taken back, in order. */
  readonly shownNotices: readonly (Notice | { readonly withdrawn: string })[];
  /** Takes the network away and gives it back. */
  setNetwork(up: boolean): void;
  /** Breaks every open socket, as a lost radio link does. */
  dropSockets(): void;
}

/** Opens ports onto the server at `url`. */
export function openNodePorts(options: NodePortsOptions): NodePorts {
  const { url, disk = new Disk(), power = new Power(), wire = {} } = options;
  const address = options.via ?? url;
  const skew = options.skewMs ?? (() => 0);
  const takes = options.timerMs ?? ((delayMs: number) => delayMs);
  const timers = new Set<NodeJS.Timeout>();
  const sockets = new Set<WebSocket>();
  const listeners = new Set<(online: boolean) => void>();
  const notices: (Notice | { readonly withdrawn: string })[] = [];
  let isUp = true;

  const clock: Clock = {
    now: () => Date.now() + skew(),
    after(delayMs, run) {
      if (!power.step('timer')) return () => undefined;
      const timer = setTimeout(() => {
        timers.delete(timer);
        run();
      }, takes(delayMs));
      timers.add(timer);
      timer.unref();
      return () => {
        timers.delete(timer);
        clearTimeout(timer);
      };
    },
  };

  async function http(request: HttpRequest): Promise<HttpReply> {
    if (!power.step('request')) return never();
    if (!isUp) throw new Error('no network');
    wire.request?.(request);
    const asked = wire.ask === undefined ? request : await wire.ask(request);
    if (asked === undefined) throw new Error('no answer');
    const response = await fetch(address + asked.path, {
      method: asked.method,
      headers: { ...asked.headers },
      ...(asked.body === undefined ? {} : { body: asked.body }),
      redirect: 'error',
      signal: AbortSignal.timeout(request.timeoutMs),
    });
    const reply = { status: response.status, body: await response.text() };
    const given = wire.reply === undefined ? reply : await wire.reply(request, reply);
    if (!power.step('answer')) return never();
    if (given === undefined) throw new Error('no answer');
    return given;
  }

  function openSocket(path: string, events: SocketEvents): Socket {
    const socket = new WebSocket(address.replace(/^http/, 'ws') + path, { perMessageDeflate: false });
    sockets.add(socket);
    let over = !power.step('socket') || !isUp;
    const end = (code: number): void => {
      sockets.delete(socket);
      if (over || power.isOff) return;
      over = true;
      wire.closed?.(line);
      events.closed(code);
    };
    const line: Line = {
      path,
      toClient(bytes) {
        if (!over && !power.isOff) events.message(bytes);
      },
      toServer(bytes) {
        if (!over && socket.readyState === WebSocket.OPEN) socket.send(bytes);
      },
      close(code) {
        socket.terminate();
        end(code ?? 1006);
      },
    };
    if (over) {
      socket.on('error', () => undefined);
      socket.terminate();
      if (!power.isOff) queueMicrotask(() => events.closed(1006));
    }
    socket.on('open', () => {
      if (over || power.isOff) return;
      wire.opened?.(line);
      events.opened();
    });
    socket.on('message', (data: Buffer) => {
      if (over || power.isOff) return;
      for (const bytes of wire.toClient?.(path, new Uint8Array(data)) ?? [new Uint8Array(data)]) {
        if (!over && !power.isOff) events.message(bytes);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', (code) => end(code === 1005 ? 1006 : code));
    return {
      send(bytes) {
        if (over || !power.step('frame')) return;
        for (const changed of framesToServer(wire, path, bytes)) {
          if (socket.readyState === WebSocket.OPEN) socket.send(changed);
        }
      },
      bufferedBytes: () => socket.bufferedAmount,
      close(code) {
        if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
        else socket.close(code);
        queueMicrotask(() => end(code ?? 1006));
      },
    };
  }

  power.onLoss(() => {
    for (const timer of timers) clearTimeout(timer);
    for (const socket of sockets) socket.terminate();
  });

  return {
    origin: url,
    clock,
    random: (length) => new Uint8Array(randomBytes(length)),
    openDatabase: async (name, version, stores) => {
      if (version < (disk.versions.get(name) ?? 0)) throw new DOMException('a newer one', 'VersionError');
      disk.versions.set(name, version);
      return openMemoryDatabase(disk, power, name, stores);
    },
    deleteDatabase: async (name) => {
      disk.databases.delete(name);
      disk.versions.delete(name);
    },
    keyring: openNodeKeyring(disk),
    http,
    openSocket: (path, events) => options.openSocket?.(path, events) ?? openSocket(path, events),
    deviceName: 'Node',
    ...(options.callWindow === undefined ? {} : { callWindow: options.callWindow }),
    notices: {
      show: (notice) => notices.push(notice),
      withdraw: (token) => notices.push({ withdrawn: token }),
    },
    persistStorage: async () => true,
    onNetworkChange(run) {
      listeners.add(run);
      return () => listeners.delete(run);
    },
    disk,
    power,
    shownNotices: notices,
    setNetwork(up) {
      isUp = up;
      if (!up) for (const socket of sockets) socket.terminate();
      for (const run of listeners) run(up);
    },
    dropSockets() {
      for (const socket of sockets) socket.terminate();
    },
  };
}
