/** What routes, sockets and plugins are given: made by the composition root, never looked up. */
import type { Bus } from './bus/port.ts';
import type { CallServices } from './calls/port.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { Origins } from './config/origins.ts';
import type { Secrets } from './config/secrets.ts';
import type { Limits } from './limits/port.ts';
import type { FaultLog } from './fault-log.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { ClientFiles } from './plugins/static-client.ts';
import type { Accounts } from './services/accounts.ts';
import type { Delivery } from './services/delivery.ts';
import type { Devices } from './services/devices.ts';
import type { Invites } from './services/invites.ts';
import type { People } from './services/people.ts';
import type { Prekeys } from './services/prekeys.ts';
import type { Receipts } from './services/receipts.ts';
import type { Resets } from './services/resets.ts';
import type { Returns } from './services/returns.ts';
import type { Sessions } from './services/sessions.ts';
import type { AccountStore } from './store/account-ports.ts';
import type { StoreEngine } from './store/writer.ts';

/** Everything that answers requests. */
export interface Deps {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly origins: Origins;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly faults: FaultLog;
  readonly metrics: Metrics;
  readonly limits: Limits;
  readonly bus: Bus;
  readonly accountStore: AccountStore;
  /** Tells whether the database takes writes. */
  readonly storage: Pick<StoreEngine, 'check'>;
  readonly sessions: Sessions;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly resets: Resets;
  readonly prekeys: Prekeys;
  readonly people: People;
  readonly invites: Invites;
  readonly delivery: Delivery;
  readonly receipts: Receipts;
  readonly calls: CallServices;
  readonly returns: Returns;
  readonly clientFiles: ClientFiles;
  /** Whether the server is draining: new requests are refused. */
  readonly lifecycle: Lifecycle;
}

/** Where the server stands in its life. */
export interface Lifecycle {
  readonly state: 'running' | 'draining';
}
