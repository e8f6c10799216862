/** This server's STUN responders, one for each address, all at one port. A port that is taken is said in one line, and the server runs on. */
import type { Limits } from '../limits/port.ts';
import type { Logger } from '../logger.ts';
import { openStunResponder, type StunResponder } from '../stun/responder.ts';

export interface OwnStunOptions {
  readonly addresses: readonly string[];
  /** `undefined`: none is wanted; 0: any free one. */
  readonly port: number | undefined;
  readonly limits: Limits;
  readonly logger: Logger;
}

export interface OwnStun {
  /** `undefined`: nobody is answered. */
  readonly port: number | undefined;
  close(): void;
}

/** Opens them. An address that this machine does not have is left out. */
export async function openOwnStun({ addresses, port, limits, logger }: OwnStunOptions): Promise<OwnStun> {
  const open: StunResponder[] = [];
  let failure: unknown;
  for (const address of port === undefined ? [] : addresses) {
    try {
      open.push(await openStunResponder(address, open[0]?.port ?? port ?? 0, limits));
    } catch (error) {
      // Of both loopbacks, or both kinds of addresses, one may not be there.
      if (open.length === 0) failure ??= error;
    }
  }
  if (open.length === 0 && failure !== undefined) {
    logger.warn(
      { err: failure },
      'TACET_STUN_PORT cannot be used (UDP): callers do not learn their own addresses, and more calls go through the media server',
    );
  }
  return {
    port: open[0]?.port,
    close() {
      for (const responder of open) responder.close();
    },
  };
}
