/**
 * The composition root: the only place that chooses adapters. It opens the store, builds services and application, listens, and closes
 * everything in the order in which it was built, backwards.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { idBytes } from '@tacet/protocol/ids';
import { buildApp } from './app.ts';
import { MemoryBus } from './bus/memory.ts';
import type { Bus } from './bus/port.ts';
import { systemClock, type Clock } from './clock.ts';
import { Calls } from './calls/calls.ts';
import type { Config } from './config/config.ts';
import { readCacheHome } from './config/env.ts';
import { Origins } from './config/origins.ts';
import type { Secrets } from './config/secrets.ts';
import type { Lifecycle } from './deps.ts';
import { ClockWatch } from './jobs/clock-watch.ts';
import { expireEnvelopes } from './jobs/expire-envelopes.ts';
import { pruneExpired } from './jobs/prune-expired.ts';
import { Scheduler } from './jobs/scheduler.ts';
import { listen } from './listen.ts';
import { MemoryLimits } from './limits/memory.ts';
import type { Limits } from './limits/port.ts';
import { FaultLog, type Where } from './fault-log.ts';
import { buildLogger, type Logger } from './logger.ts';
import { Metrics } from './metrics.ts';
import { LoadMeter } from './plugins/overload.ts';
import { readClient } from './plugins/static-client.ts';
import { AccessTokens } from './services/access-tokens.ts';
import { Accounts } from './services/accounts.ts';
import { Challenges } from './services/challenges.ts';
import { Delivery } from './services/delivery.ts';
import { Devices } from './services/devices.ts';
import { Invites } from './services/invites.ts';
import { People } from './services/people.ts';
import { Prekeys } from './services/prekeys.ts';
import { Receipts } from './services/receipts.ts';
import { RecipientCache } from './services/recipient-cache.ts';
import { Resets } from './services/resets.ts';
import { Returns } from './services/returns.ts';
import { Sessions } from './services/sessions.ts';
import { SignedRequests } from './services/signed-requests.ts';
import { SOCKET_TIMES, type SocketTimes } from './socket/deps.ts';
import { socketGateway } from './socket/gateway.ts';
import { buildAccountStore } from './store/accounts.ts';
import { databasePath } from './store/database-file.ts';
import { buildDeviceStore } from './store/devices.ts';
import type { EnvelopeStore } from './store/envelope-port.ts';
import { buildEnvelopeStore } from './store/envelopes.ts';
import { buildInviteStore } from './store/invites.ts';
import { migrateSqlite } from './store/migrate.ts';
import { buildPrekeyStore } from './store/prekeys.ts';
import { buildProfileStore } from './store/profiles.ts';
import { buildReceiptStore } from './store/receipts.ts';
import { buildRecipientStore } from './store/recipients.ts';
import { buildResetStore } from './store/resets.ts';
import { noteClock, openServerState, type ClockNote, type ServerState } from './store/server-state.ts';
import { buildSessionStore } from './store/sessions.ts';
import { openSqliteEngine } from './store/writer.ts';

/** What a test may put in place of what the configuration chooses. */
export interface Overrides {
  readonly clock?: Clock;
  readonly limits?: Limits;
  readonly logger?: Logger;
  readonly socketTimes?: SocketTimes;
}

/** A server that listens. */
export interface RunningServer {
  /** Where people open it: the first origin. */
  readonly origin: string;
  /** The port that is listened on. */
  readonly port: number;
  /** The link that makes the administrator; `undefined` once there is one. */
  readonly firstInviteLink: string | undefined;
  /** Refuses what is new, tells the sockets, finishes what was accepted, closes the store. Idempotent. */
  close(): Promise<void>;
}

/** Opens everything and listens. Throws `StoreError`, or what the operating system says of the port. */
export async function openServer(
  config: Config,
  secrets: Secrets,
  overrides: Overrides = {},
): Promise<RunningServer> {
  const clock = overrides.clock ?? systemClock;
  const logger = overrides.logger ?? buildLogger(config.logLevel);
  const faults = new FaultLog(logger);
  const onError = (error: unknown, where?: Where) => faults.add(error, where);
  const limits = overrides.limits ?? new MemoryLimits(clock, config.rateFactor);
  const origins = new Origins(config.origins, config.port);
  const metrics = new Metrics();
  const bus = new MemoryBus(onError);
  const stores = await openStores(config.dataDir);
  const state = await openServerState(stores.engine, randomBytes(32));
  const base = { config, secrets, origins, clock, logger, faults, metrics, limits, bus, state };
  const services = buildServices(stores, base);
  const lifecycle: { -readonly [Key in keyof Lifecycle]: Lifecycle[Key] } = { state: 'running' };
  const clientFiles = await readClient(config.clientDir);
  const meter = new LoadMeter();
  const calls = new Calls({ ...base, config: config.calls, onError, cacheHome: readCacheHome() });
  const deps = {
    ...base,
    ...services,
    accountStore: stores.accounts,
    storage: stores.engine,
    clientFiles,
    calls,
    lifecycle,
  };
  const app = await buildApp(deps, meter, packageVersion());
  await app.register(socketGateway, {
    authenticate: (token: string) => services.sessions.authenticate(token),
    delivery: services.delivery,
    envelopes: stores.envelopes,
    reads: {
      directory: (account) => stores.accounts.directory(idBytes(account)),
      bundles: (devices) => services.prekeys.handOut(devices),
      profile: (account) => stores.profiles.get(idBytes(account)),
    },
    calls,
    bus,
    limits,
    clock,
    rateFactor: config.rateFactor,
    metrics: metrics.sockets,
    onError,
    times: overrides.socketTimes ?? SOCKET_TIMES,
  });
  const expired = metrics.counter('tacet_envelopes_expired_total', 'Envelopes that waited too long.');
  const watch = new ClockWatch({
    clock,
    before: state.clock ?? (await clockBefore(stores.envelopes)),
    note: (note) => noteClock(stores.engine, note),
    onJump: (byMs) =>
      logger.warn(
        { byMs },
        'the clock was set, or this server was off for long: nothing that waits expires for a week',
      ),
  });
  const jobs = new Scheduler(
    [
      expireEnvelopes(stores.envelopes, watch, config.queueAgeMs, (count) => expired.add(count)),
      pruneExpired(stores, watch),
    ],
    onError,
  );

  let closing: Promise<void> | undefined;
  async function close(hangUp: () => Promise<void>): Promise<void> {
    lifecycle.state = 'draining';
    await hangUp();
    await calls.close();
    await jobs.close();
    meter.close();
    await stores.engine.close();
    await bus.close();
    faults.close();
  }
  try {
    const listening = await listen(app, config.host, config.port);
    const { port } = listening;
    origins.usePort(port);
    meter.start();
    await calls.open();
    const first = await services.invites.first();
    const [origin] = origins.all;
    const firstInviteLink = first === undefined ? undefined : `${origin}/i/${first}`;
    return { origin, port, firstInviteLink, close: () => (closing ??= close(() => listening.close())) };
  } catch (error) {
    await close(() => app.close());
    throw error;
  }
}

/** What the clock said before, by what has come last, in a server that has noted nothing yet. */
async function clockBefore(envelopes: EnvelopeStore): Promise<ClockNote | undefined> {
  const at = await envelopes.newestAt();
  return at === undefined ? undefined : { at, heldMs: undefined };
}

/** The stores on SQLite, the only engine so far. */
async function openStores(dataDir: string) {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = databasePath(dataDir);
  await migrateSqlite(path);
  const engine = openSqliteEngine(path);
  return {
    engine,
    accounts: buildAccountStore(engine),
    devices: buildDeviceStore(engine),
    envelopes: buildEnvelopeStore(engine),
    invites: buildInviteStore(engine),
    prekeys: buildPrekeyStore(engine),
    profiles: buildProfileStore(engine),
    receipts: buildReceiptStore(engine),
    recipients: buildRecipientStore(engine),
    resets: buildResetStore(engine),
    sessions: buildSessionStore(engine),
  };
}

interface ServiceBase {
  readonly config: Config;
  readonly origins: Origins;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly bus: Bus;
  readonly state: ServerState;
}

function buildServices(stores: Awaited<ReturnType<typeof openStores>>, base: ServiceBase) {
  const { config, origins, clock, limits, bus } = base;
  const { receiptKey, restore } = base.state;
  const challenges = new Challenges(clock);
  const requests = new SignedRequests(origins, challenges);
  const tokens = new AccessTokens(clock);
  const sessions = new Sessions({ ...stores, clock, bus, limits, challenges, requests, tokens, restore });
  const receipts = new Receipts(receiptKey, stores.receipts);
  const receiptStore = stores.receipts;
  const returns = new Returns({ clock, bus, requests, sessions, receipts, receiptStore, restore });
  const { openSignUp } = config;
  const own = { clock, bus, requests, sessions, receipts, restore, openSignUp };
  const accounts = new Accounts({ ...stores, ...own });
  const devices = new Devices({
    bus,
    accounts,
    sessions,
    accountStore: stores.accounts,
    deviceStore: stores.devices,
    sessionStore: stores.sessions,
  });
  const resets = new Resets({
    clock,
    requests,
    accounts,
    devices,
    sessions,
    resetStore: stores.resets,
    sessionStore: stores.sessions,
  });
  const prekeys = new Prekeys({ prekeys: stores.prekeys, limits, bus });
  const people = new People({ accounts: stores.accounts, devices: stores.devices, prekeys });
  const invites = new Invites({ clock, accounts: stores.accounts, invites: stores.invites });
  const recipients = new RecipientCache(stores.recipients, bus);
  const delivery = new Delivery({ envelopes: stores.envelopes, recipients, bus, limits, clock });
  return { sessions, accounts, devices, resets, prekeys, people, invites, delivery, receipts, returns };
}

/** The version of the package, for the OpenAPI document. */
function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
