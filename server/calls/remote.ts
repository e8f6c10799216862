/**
 * A media server in a process of its own. The link to it is made again and again, with a growing pause; while there is none, no relay is
 * there, and clients whose calls it carried are told that their connection is lost.
 */
import type { Sfu } from '@tacet/sfu/control';
import type { RelayState } from '@tacet/protocol/rest/people';
import type { Logger } from '../logger.ts';
import type { CallListener, Relay } from './port.ts';
import { speakingWire } from './refusal.ts';

const PAUSE_MS = 250;
const PAUSE_MOST_MS = 30_000;
/** Calls wait half a minute for one that was lost: for twice as long it is looked for so often, ms. */
const [LOST_MS, PAUSE_WHILE_LOST_MS] = [60_000, 2_000];

export interface RemoteRelayOptions {
  readonly url: string;
  readonly secret: string;
  readonly logger: Logger;
}

/** Begins to make the link. */
export function openRemoteRelay(options: RemoteRelayOptions): Relay {
  return new RemoteRelay(options);
}

class RemoteRelay implements Relay {
  readonly #options: RemoteRelayOptions;
  readonly #listeners = new Set<CallListener>();
  #sfu: Sfu | undefined;
  #pauseMs = PAUSE_MS;
  /** When it was last lost, by the process's clock, ms. */
  #lostAt = -LOST_MS;
  #timer: NodeJS.Timeout | undefined;
  #linking: Promise<void>;
  /** It has not answered, or no longer does. */
  #isOut = false;
  /** The log has it that it does not answer. */
  #isTold = false;
  #closed = false;

  constructor(options: RemoteRelayOptions) {
    this.#options = options;
    this.#linking = this.#link();
  }

  get state(): RelayState {
    if (this.#sfu !== undefined) return 'ready';
    return this.#isOut ? 'unreachable' : 'preparing';
  }

  open(listener: CallListener) {
    if (this.#sfu === undefined) return undefined;
    const channel = speakingWire(this.#sfu.open((event) => listener.onEvent(event)));
    this.#listeners.add(listener);
    return {
      ...channel,
      close: () => {
        this.#listeners.delete(listener);
        channel.close();
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#linking;
    await this.#sfu?.close();
  }

  async #link(): Promise<void> {
    const { url: origin, secret, logger } = this.#options;
    // Only now: who has no such process needs none of it.
    const { openRemoteSfu } = await import('@tacet/sfu/remote');
    try {
      const sfu = await openRemoteSfu({ origin, secret, onLost: () => this.#lost() });
      if (this.#closed) {
        await sfu.close();
        return;
      }
      this.#sfu = sfu;
      this.#pauseMs = PAUSE_MS;
      this.#isOut = false;
      this.#isTold = false;
      logger.info('the media server at TACET_SFU_URL is there: calls are relayed');
    } catch (error) {
      this.#miss(error);
    }
  }

  /** Says it once, and tries again. */
  #miss(error: unknown): void {
    if (!this.#isTold) {
      this.#options.logger.warn(
        { err: error },
        'no media server answers at TACET_SFU_URL with this TACET_SFU_SECRET: group calls, and calls without a direct way, are off ' +
          'until one does (npm run sfu starts it)',
      );
    }
    this.#isOut = true;
    this.#isTold = true;
    this.#again();
  }

  #lost(): void {
    if (this.#sfu === undefined) return;
    this.#sfu = undefined;
    this.#lostAt = performance.now();
    this.#isOut = true;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.onLost();
    if (this.#closed) return;
    this.#options.logger.warn('the media server at TACET_SFU_URL is lost: its calls pause until it is back');
    this.#again();
  }

  #again(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#linking = this.#link();
    }, this.#pauseMs).unref();
    const isWaitedFor = performance.now() - this.#lostAt < LOST_MS;
    this.#pauseMs = Math.min(2 * this.#pauseMs, isWaitedFor ? PAUSE_WHILE_LOST_MS : PAUSE_MOST_MS);
  }
}
