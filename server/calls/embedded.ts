/**
 * The media server in this process. Its worker is found, downloaded or built in the background, while the messenger serves; until then no
 * call is relayed, and where there can be none the log says in one line what would change that.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EmbeddedSfu } from '@tacet/sfu';
import type { SfuLine } from '@tacet/sfu/settings';
import type { MediaConfig } from '../config/calls.ts';
import type { Logger } from '../logger.ts';
import type { CallListener, Relay, RelayState } from './port.ts';
import { speakingWire } from './refusal.ts';

const root = join(import.meta.dirname, '..', '..');
/** How long it is until ports that are taken are tried again: as a server needs that is being replaced by this one. */
const AGAIN_MS = 10_000;

export interface EmbeddedRelayOptions {
  readonly media: MediaConfig & { readonly kind: 'embedded' };
  readonly logger: Logger;
  readonly onError: (error: unknown) => void;
  readonly cacheHome: string | undefined;
}

/** Begins to make it ready. */
export function openEmbeddedRelay(options: EmbeddedRelayOptions): Relay {
  return new EmbeddedRelay(options);
}

class EmbeddedRelay implements Relay {
  readonly #options: EmbeddedRelayOptions;
  readonly #stop = new AbortController();
  readonly #preparing: Promise<void>;
  #state: RelayState = 'preparing';
  #sfu: EmbeddedSfu | undefined;

  constructor(options: EmbeddedRelayOptions) {
    this.#options = options;
    this.#preparing = this.#prepare().catch((error: unknown) => {
      if (this.#stop.signal.aborted) return;
      this.#state = 'none';
      options.onError(error);
      options.logger.warn(
        'the media server did not start: group calls, and calls without a direct way, are off',
      );
    });
  }

  get state(): RelayState {
    return this.#state;
  }

  open(listener: CallListener) {
    // A room that can no longer be told of anything is told by its own channel; nothing else ends here but the process.
    return this.#sfu === undefined
      ? undefined
      : speakingWire(this.#sfu.open((event) => listener.onEvent(event)));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#preparing;
    await this.#sfu?.close();
  }

  async #prepare(): Promise<void> {
    const { media, logger, cacheHome: folder } = this.#options;
    const { signal } = this.#stop;
    const [{ cacheHome, obtainWorker }, { progressTeller }] = await Promise.all([
      import('@tacet/sfu/worker'),
      import('@tacet/sfu/worker-progress'),
    ]);
    const obtained = await obtainWorker({
      setting: media.ownWorker,
      cacheDir: cacheHome(folder),
      packageDir: join(root, 'node_modules', 'mediasoup'),
      overlayDir: join(root, 'deploy', 'mediasoup-worker'),
      signal,
      onProgress: progressTeller((line) => logger.info(line)),
    });
    if (signal.aborted) return;
    if (obtained.kind === 'missing') {
      this.#state = 'none';
      const { why, remedy, tail } = obtained;
      logger.warn(
        { why, ...(tail === undefined || tail.length === 0 ? {} : { tail }) },
        `there is no media worker, so group calls, and calls without a direct way, are off; to turn them on, ${remedy}`,
      );
      return;
    }
    await this.#open(obtained.path);
  }

  /** Starts the workers, again and again while their ports are somebody else's. */
  async #open(workerPath: string): Promise<void> {
    const { media, logger } = this.#options;
    const { signal } = this.#stop;
    const { openSfu } = await import('@tacet/sfu');
    const { workers, port, listenIp, announcedAddress } = media;
    const settings = {
      workerPath,
      workers,
      port,
      listenIp,
      ...(announcedAddress === undefined ? {} : { announcedAddress }),
    };
    for (let isTold = false; !signal.aborted; isTold = true) {
      try {
        const sfu = await openSfu({ settings, log: (line) => this.#tell(line) });
        if (signal.aborted) {
          await sfu.close();
          return;
        }
        this.#sfu = sfu;
        this.#state = 'ready';
        logger.info({ workers }, 'the media server is there: calls are relayed');
        return;
      } catch (error) {
        this.#state = 'none';
        if (!isTold) {
          logger.warn(
            { err: error },
            `the media server cannot use its ports (TACET_SFU_PORT, UDP and TCP, ${workers} from ${port}): group calls, and calls without ` +
              'a direct way, are off until it can',
          );
        }
        await delay(AGAIN_MS, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  #tell(line: SfuLine): void {
    const { logger, onError } = this.#options;
    switch (line.kind) {
      case 'worker-lost':
        logger.warn('a media worker has died: its calls are told, and may go on as soon as it is replaced');
        return;
      case 'worker-replaced':
        logger.warn('a media worker was replaced');
        return;
      case 'worker-not-started':
        onError(line.error);
    }
  }
}
