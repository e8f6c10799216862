/** The delivery half of the server on a free port: real store, services and sockets, without the HTTP routes. */
import { randomBytes } from 'node:crypto';
import Fastify from 'fastify';
import type { Test } from 'tap';
import { idBytes, type AccountId, type DeviceId } from '../../protocol/ids.ts';
import { MemoryBus } from '../../server/bus/memory.ts';
import type { Clock } from '../../server/clock.ts';
import { MemoryLimits } from '../../server/limits/memory.ts';
import { AccessTokens } from '../../server/services/access-tokens.ts';
import { Delivery } from '../../server/services/delivery.ts';
import { Prekeys } from '../../server/services/prekeys.ts';
import { RecipientCache } from '../../server/services/recipient-cache.ts';
import { SOCKET_TIMES, type SocketTimes } from '../../server/socket/deps.ts';
import { socketGateway } from '../../server/socket/gateway.ts';
import { buildAccountStore } from '../../server/store/accounts.ts';
import type { EnvelopeStore } from '../../server/store/envelope-port.ts';
import { buildEnvelopeStore } from '../../server/store/envelopes.ts';
import { buildPrekeyStore } from '../../server/store/prekeys.ts';
import { buildProfileStore } from '../../server/store/profiles.ts';
import { buildRecipientStore } from '../../server/store/recipients.ts';
import type { SqliteEngine } from '../../server/store/writer.ts';
import { WireError } from '../../protocol/errors.ts';
import { openSqliteStore, storeAccount, type StoredAccount } from './open-store.ts';
import { openSignedIn, type SocketClient } from './socket-client.ts';

/** What a test may set. */
export interface GatewayOptions {
  readonly times?: Partial<SocketTimes>;
  readonly rateFactor?: number;
  readonly clock?: Clock;
}

/** What the server's side sees of a connection's end. */
export type SocketEnd = 'refused' | 'closed';

/** A running gateway. */
export interface TestGateway {
  readonly engine: SqliteEngine;
  readonly envelopes: EnvelopeStore;
  readonly delivery: Delivery;
  readonly bus: MemoryBus;
  /** `ws://host:port` */
  readonly origin: string;
  /** What the server failed at; empty unless the test makes it fail. */
  readonly failures: unknown[];
  /** Stops the sockets, then the store. */
  close(): Promise<void>;
  /** Reads the store when the sockets have stopped and before it closes. */
  whenDrained<Result>(read: (envelopes: EnvelopeStore) => Promise<Result>): Promise<Result>;
  /** Resolves when the server has refused the next connection, or sees the next one over. */
  next(end: SocketEnd): Promise<void>;
  makeAccount(devices: number): Promise<StoredAccount>;
  issueToken(account: AccountId, device: DeviceId, pending?: boolean): Uint8Array;
  endTokens(device: DeviceId): void;
  /** A signed-in socket whose welcome has not been taken. */
  connect(account: AccountId, device: DeviceId, counter?: number): Promise<SocketClient>;
}

/** A frame for the anonymous socket that sends `body` to every device of an account. */
export function sendFrame(to: StoredAccount, re: number, body: Uint8Array, online = false) {
  return {
    kind: 'send',
    re,
    account: idBytes(to.account),
    deliveryKey: to.deliveryKey,
    listHash: to.listHash,
    online,
    to: to.devices.map((device) => ({ device: idBytes(device), envelope: { id: randomBytes(16), body } })),
  } as const;
}

/** Opens a gateway that closes with the test. */
export async function openGateway(t: Test, options: GatewayOptions = {}): Promise<TestGateway> {
  const clock = options.clock ?? { now: () => Date.now() };
  const rateFactor = options.rateFactor ?? 1000;
  const engine = await openSqliteStore(t);
  const failures: unknown[] = [];
  const bus = new MemoryBus((error) => failures.push(error));
  const limits = new MemoryLimits(clock, rateFactor);
  const tokens = new AccessTokens(clock);
  const envelopes = buildEnvelopeStore(engine);
  const recipients = new RecipientCache(buildRecipientStore(engine), bus);
  const delivery = new Delivery({ envelopes, recipients, bus, limits, clock });
  const [accounts, profiles] = [buildAccountStore(engine), buildProfileStore(engine)];
  const prekeys = new Prekeys({ prekeys: buildPrekeyStore(engine), limits, bus });
  const waiting = new Map<SocketEnd, () => void>();
  const tell = (end: SocketEnd): void => {
    waiting.get(end)?.();
    waiting.delete(end);
  };
  let lastRead: (() => Promise<void>) | undefined;
  const app = Fastify();
  await app.register(socketGateway, {
    authenticate(token: string) {
      const meaning = tokens.look(token);
      if (meaning.kind === 'caller') return meaning.caller;
      throw new WireError(meaning.kind === 'ended' ? 'session-ended' : 'unauthorized', 'token');
    },
    delivery,
    envelopes,
    reads: {
      directory: (account) => accounts.directory(idBytes(account)),
      bundles: (devices) => prekeys.handOut(devices),
      profile: (account) => profiles.get(idBytes(account)),
    },
    calls: {
      relay: { state: 'off', open: () => undefined },
      servers: () => ({ kind: 'call-servers', turn: [], relay: 'none' }),
    },
    bus,
    limits,
    clock,
    rateFactor,
    metrics: {
      opened() {},
      refused: () => tell('refused'),
      closed: () => tell('closed'),
      answered() {},
      delivered() {},
    },
    onError: (error) => failures.push(error),
    times: { ...SOCKET_TIMES, ...options.times },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const origin = `ws://127.0.0.1:${String(port)}`;
  let closing: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await app.close();
    await lastRead?.();
    await engine.close();
  };
  const close = (): Promise<void> => (closing ??= stop());
  t.teardown(close);
  const issueToken = (account: AccountId, device: DeviceId, pending = false): Uint8Array =>
    tokens.issue({ account, device, pending }).token;
  return {
    engine,
    envelopes,
    delivery,
    bus,
    origin,
    failures,
    close,
    whenDrained: (read) =>
      new Promise((resolve) => {
        lastRead = async () => resolve(await read(envelopes));
      }),
    next: (end) => new Promise((resolve) => waiting.set(end, resolve)),
    makeAccount: (devices) => storeAccount(engine, devices),
    issueToken,
    endTokens: (device) => tokens.end(device),
    connect: (account, device, counter) => openSignedIn(origin, issueToken(account, device), counter),
  };
}
