/** What the media server refuses, in the server's own words. */
import { isCallError } from '@tacet/sfu/errors';
import { WireError } from '@tacet/protocol/errors';
import type { CallChannel as MediaChannel } from '@tacet/sfu/control';
import type { CallChannel } from './port.ts';

/** A channel whose refusals are those of the wire. A fault of the media server is thrown as it is. */
export function speakingWire(channel: MediaChannel): CallChannel {
  return {
    async request(request) {
      try {
        return await channel.request(request);
      } catch (error) {
        if (!isCallError(error) || error.code === 'internal') throw error;
        const { code, message, retryAfterMs } = error;
        throw new WireError(code, message, {
          cause: error,
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        });
      }
    },
    close: () => channel.close(),
  };
}
