/** Everything that this server does for calls: tells callers their addresses, names what else may help them, relays for those who need it. */
import type { CallServers } from '@tacet/protocol/frames/calls';
import type { RelayState } from '@tacet/protocol/rest/people';
import type { Clock } from '../clock.ts';
import type { CallsConfig } from '../config/calls.ts';
import type { Secrets } from '../config/secrets.ts';
import type { Limits } from '../limits/port.ts';
import type { Logger } from '../logger.ts';
import { openOwnStun, type OwnStun } from './own-stun.ts';
import type { CallListener, CallServices, Relay } from './port.ts';
import { openRelay } from './relay.ts';
import { buildTurnServer } from './turn.ts';

export interface CallsDeps {
  readonly config: CallsConfig;
  readonly secrets: Pick<Secrets, 'turnSecret' | 'sfuSecret'>;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Told of failures that are the server's own. */
  readonly onError: (error: unknown) => void;
  /** The user's folder for caches, where his environment names one. */
  readonly cacheHome: string | undefined;
}

export class Calls implements CallServices {
  readonly #deps: CallsDeps;
  #stun: OwnStun | undefined;
  #relay: Relay | undefined;

  constructor(deps: CallsDeps) {
    this.#deps = deps;
  }

  /** Begins. What cannot be had is told to the log, and never stops the server. */
  async open(): Promise<void> {
    const { config, secrets, limits, logger, onError, cacheHome } = this.#deps;
    this.#relay = openRelay({ media: config.media, secret: secrets.sfuSecret, logger, onError, cacheHome });
    const { stunAddresses: addresses, stunPort: port } = config;
    this.#stun = await openOwnStun({ addresses, port, limits, logger });
  }

  /** Before `open` it is being made ready. */
  get relay() {
    return {
      state: this.#relay?.state ?? 'preparing',
      open: (listener: CallListener) => this.#relay?.open(listener),
    } as const;
  }

  servers(): CallServers {
    const { config, secrets, clock } = this.#deps;
    const port = this.#stun?.port;
    const turn =
      config.turnUrls.length === 0 || secrets.turnSecret === undefined
        ? []
        : [buildTurnServer(config.turnUrls, secrets.turnSecret, clock.now())];
    return {
      kind: 'call-servers',
      ...(port === undefined ? {} : { stun: { port } }),
      turn,
      relay: carries(this.relay.state),
    };
  }

  /** Ends all calls that are relayed. Idempotent. */
  async close(): Promise<void> {
    this.#stun?.close();
    await this.#relay?.close();
  }
}

/** What a call has to know of it: to go through it now, in a moment, or not at all. */
function carries(state: RelayState): CallServers['relay'] {
  switch (state) {
    case 'ready':
      return 'ready';
    case 'preparing':
    case 'unreachable':
      // A process of its own is asked for again and again.
      return 'preparing';
    case 'off':
    case 'no-worker':
    case 'no-ports':
    case 'failed':
      return 'none';
  }
}
