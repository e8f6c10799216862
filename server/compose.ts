/**
 * The composition root: the only place that chooses adapters. It opens the store, builds services and application, listens, and closes
 * everything in the order in which it was built, backwards.
 */
import { mkdir } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { idBytes } from '@tacet/protocol/ids';
import { buildApp } from './app.ts';
import { MemoryBus } from './bus/memory.ts';
import { systemClock, type Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import { Origins } from './config/origins.ts';
import type { Secrets } from './config/secrets.ts';
import type { Deps, Lifecycle } from './deps.ts';
import { MemoryLimits } from './limits/memory.ts';
import type { Limits } from './limits/port.ts';
import { buildLogger, errorFields, type Logger } from './logger.ts';
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
import { RecipientCache } from './services/recipient-cache.ts';
import { Sessions } from './services/sessions.ts';
import { SignedRequests } from './services/signed-requests.ts';
import { SOCKET_TIMES, type SocketDeps, type SocketTimes } from './socket/deps.ts';
import { socketGateway } from './socket/gateway.ts';
import { buildAccountStore } from './store/accounts.ts';
import { buildDeviceStore } from './store/devices.ts';
import { buildEnvelopeStore } from './store/envelopes.ts';
import { buildInviteStore } from './store/invites.ts';
import { migrateSqlite } from './store/migrate.ts';
import { buildPrekeyStore } from './store/prekeys.ts';
import { buildProfileStore } from './store/profiles.ts';
import { buildRecipientStore } from './store/recipients.ts';
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

/** The file of the database in a data folder. */
export const DATABASE_FILE = 'tacet.sqlite';

/** Opens everything and listens. Throws `StoreError`, or what the operating system says of the port. */
export async function openServer(
  config: Config,
  secrets: Secrets,
  overrides: Overrides = {},
): Promise<RunningServer> {
  const clock = overrides.clock ?? systemClock;
  const logger = overrides.logger ?? buildLogger(config.logLevel);
  const onError = (error: unknown) => logger.error({ error: errorFields(error) }, 'failure');
  const origins = new Origins(config.origins, config.port);
  const limits = overrides.limits ?? new MemoryLimits(clock, config.rateFactor);
  const metrics = new Metrics();
  const bus = new MemoryBus(onError);

  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const path = join(config.dataDir, DATABASE_FILE);
  await migrateSqlite(path);
  const engine = openSqliteEngine(path);
  const accountStore = buildAccountStore(engine);
  const deviceStore = buildDeviceStore(engine);
  const envelopes = buildEnvelopeStore(engine);
  const inviteStore = buildInviteStore(engine);
  const prekeyStore = buildPrekeyStore(engine);
  const profiles = buildProfileStore(engine);
  const sessionStore = buildSessionStore(engine);

  const challenges = new Challenges(clock);
  const requests = new SignedRequests(origins, challenges);
  const sessions = new Sessions({
    clock,
    bus,
    limits,
    challenges,
    requests,
    tokens: new AccessTokens(clock),
    accounts: accountStore,
    sessions: sessionStore,
    devices: deviceStore,
  });
  const accounts = new Accounts({
    clock,
    bus,
    requests,
    accounts: accountStore,
    profiles,
    sessions,
    openSignUp: config.openSignUp,
  });
  const devices = new Devices({ bus, accountStore, deviceStore, sessionStore, accounts, sessions });
  const prekeys = new Prekeys({ prekeys: prekeyStore, limits, bus });
  const people = new People({ accounts: accountStore, devices: deviceStore, prekeys });
  const invites = new Invites({ clock, accounts: accountStore, invites: inviteStore });
  const recipients = new RecipientCache(buildRecipientStore(engine), bus);
  const delivery = new Delivery({ envelopes, recipients, bus, limits, clock });

  const lifecycle: { -readonly [Key in keyof Lifecycle]: Lifecycle[Key] } = { state: 'running' };
  const deps: Deps = {
    config,
    secrets,
    origins,
    clock,
    logger,
    metrics,
    limits,
    bus,
    accountStore,
    sessions,
    accounts,
    devices,
    prekeys,
    people,
    invites,
    delivery,
    clientFiles: await readClient(config.clientDir),
    lifecycle,
  };
  const socketDeps: SocketDeps = {
    authenticate: (token) => sessions.authenticate(token),
    delivery,
    envelopes,
    reads: {
      directory: (account) => accountStore.directory(idBytes(account)),
      bundles: (wanted) => prekeys.handOut(wanted),
      profile: (account) => profiles.get(idBytes(account)),
    },
    bus,
    limits,
    clock,
    rateFactor: config.rateFactor,
    metrics: metrics.sockets,
    onError,
    times: overrides.socketTimes ?? SOCKET_TIMES,
  };

  const meter = new LoadMeter();
  const app = await buildApp(deps, meter, packageVersion());
  await app.register(socketGateway, socketDeps);
  await app.listen({ host: config.host, port: config.port });
  const port = portOf(app.server.address());
  origins.usePort(port);
  const first = await invites.first();
  const [origin] = origins.all;

  let closing: Promise<void> | undefined;
  return {
    origin,
    port,
    firstInviteLink: first === undefined ? undefined : `${origin}/i/${first}`,
    close: () => (closing ??= close()),
  };

  async function close(): Promise<void> {
    lifecycle.state = 'draining';
    await app.close();
    meter.close();
    await engine.close();
    await bus.close();
  }
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The version of the package, for the OpenAPI document. */
function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
