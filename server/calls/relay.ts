/**
 * The relay that the settings choose: none, the media server in this process, or one in another. Whatever is wrong with it, the messenger
 * runs on: the state says so to clients, and one line of the log says what would change it.
 */
import type { MediaConfig } from '../config/calls.ts';
import type { Logger } from '../logger.ts';
import { openEmbeddedRelay } from './embedded.ts';
import type { Relay } from './port.ts';
import { openRemoteRelay } from './remote.ts';

export interface RelayOptions {
  readonly media: MediaConfig;
  readonly secret: string | undefined;
  readonly logger: Logger;
  /** Told of failures that are the server's own. */
  readonly onError: (error: unknown) => void;
  /** The user's folder for caches, where his environment names one. */
  readonly cacheHome: string | undefined;
}

/** Opens it. Never waits for the media server, which may take minutes to come. */
export function openRelay({ media, secret, logger, onError, cacheHome }: RelayOptions): Relay {
  switch (media.kind) {
    case 'none':
      return { state: 'off', open: () => undefined, close: async () => undefined };
    case 'remote':
      return openRemoteRelay({ url: media.url, secret: secret ?? '', logger });
    case 'embedded':
      return openEmbeddedRelay({ media, logger, onError, cacheHome });
  }
}
