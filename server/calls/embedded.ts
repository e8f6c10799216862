/**
 * The media server in this process. Its worker is found, downloaded or built in the background, while the messenger serves; until then no
 * call is relayed, and where there can be none the log says in one line what would change that.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EmbeddedSfu } from '@tacet/sfu';
import type { SfuLine } from '@tacet/sfu/settings';
import type { RelayState } from '@tacet/protocol/rest/people';
import type { MediaConfig } from '../config/calls.ts';
import type { Logger } from '../logger.ts';
import type { CallListener, Relay } from './port.ts';
import { speakingWire } from './refusal.ts';

const root = join(import.meta.dirname, '..', '..');
/** How long it is until a start is tried again: as a server needs that is being replaced by this one. */
const AGAIN_MS = 10_000;
/** The most that the pause grows to where it is not for ports. */
const AGAIN_MOST_MS = 10 * 60_000;

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
  /** Where the worker is, once it is there. */
  #workerPath: string | undefined;
  #toldOf: string | undefined;
  #sfu: EmbeddedSfu | undefined;

  constructor(options: EmbeddedRelayOptions) {
    this.#options = options;
    this.#preparing = this.#prepare();
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

  /** Again and again until it has started, or cannot. What keeps it from starting is told when it is another thing than before. */
  async #prepare(): Promise<void> {
    const { signal } = this.#stop;
    for (let pauseMs = AGAIN_MS; !signal.aborted;) {
      try {
        this.#workerPath ??= await this.#obtain();
        if (this.#workerPath === undefined || signal.aborted || (await this.#open(this.#workerPath))) return;
        pauseMs = AGAIN_MS;
      } catch (error) {
        if (signal.aborted) return;
        this.#fail(error);
      }
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (this.#state === 'failed') pauseMs = Math.min(2 * pauseMs, AGAIN_MOST_MS);
    }
  }

  /** Where the worker is; `undefined`: there can be none, which is told. */
  async #obtain(): Promise<string | undefined> {
    const { media, logger, cacheHome: folder } = this.#options;
    const [{ cacheHome, obtainWorker }, { progressTeller }] = await Promise.all([
      import('@tacet/sfu/worker'),
      import('@tacet/sfu/worker-progress'),
    ]);
    const obtained = await obtainWorker({
      setting: media.ownWorker,
      cacheDir: cacheHome(folder),
      packageDir: join(root, 'node_modules', 'mediasoup'),
      overlayDir: join(root, 'deploy', 'mediasoup-worker'),
      signal: this.#stop.signal,
      onProgress: progressTeller((line) => logger.info(line)),
    });
    if (obtained.kind === 'ready') return obtained.path;
    if (this.#stop.signal.aborted) return undefined;
    this.#state = 'no-worker';
    const { why, remedy, tail } = obtained;
    logger.warn(
      { why, ...(tail === undefined || tail.length === 0 ? {} : { tail }) },
      `there is no media worker, so group calls, and calls without a direct way, are off; to turn them on, ${remedy}`,
    );
    return undefined;
  }

  /** Starts the workers; false: their ports are somebody else's. Rejects where they do not start for another reason. */
  async #open(workerPath: string): Promise<boolean> {
    const { media, logger } = this.#options;
    const { openSfu, PortTakenError } = await import('@tacet/sfu');
    const { workers, port, listenIp, announcedAddress } = media;
    const settings = {
      workerPath,
      workers,
      port,
      listenIp,
      ...(announcedAddress === undefined ? {} : { announcedAddress }),
    };
    try {
      const sfu = await openSfu({ settings, log: (line) => this.#tell(line) });
      if (this.#stop.signal.aborted) {
        await sfu.close();
        return true;
      }
      this.#sfu = sfu;
    } catch (error) {
      if (!(error instanceof PortTakenError)) throw error;
      this.#lackPorts(error);
      return false;
    }
    this.#state = 'ready';
    logger.info({ workers }, 'the media server is there: calls are relayed');
    return true;
  }

  #lackPorts(error: Error): void {
    if (this.#state === 'no-ports') return;
    this.#state = 'no-ports';
    const { media, logger } = this.#options;
    logger.warn(
      { err: error },
      `the media server cannot use its ports (TACET_SFU_PORT, UDP and TCP, ${media.workers} from ${media.port}): group calls, and calls without ` +
        'a direct way, are off until it can',
    );
  }

  #fail(error: unknown): void {
    this.#state = 'failed';
    const why = String(error);
    if (this.#toldOf === why) return;
    this.#toldOf = why;
    const { onError, logger } = this.#options;
    onError(error);
    logger.warn(
      'the media server did not start: group calls, and calls without a direct way, are off until it does; it is tried again by itself',
    );
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
