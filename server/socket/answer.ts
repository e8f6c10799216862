/** The answer to a send, the same on both sockets: sent, the directory entry in force, or why not. */
import type { AccountId } from '@tacet/protocol/ids';
import type { SendOutcome } from '../services/delivery.ts';
import type { Channel } from './channel.ts';
import type { SocketDeps } from './deps.ts';
import { encodeSent } from './encode.ts';

/** Counts, runs and answers a send to `account`. Never throws: what goes wrong refuses the request. */
export async function answerSend(
  channel: Channel,
  deps: SocketDeps,
  account: AccountId,
  re: number,
  send: () => Promise<SendOutcome>,
): Promise<void> {
  const verdict = channel.takeSend();
  if (verdict.kind === 'refused') {
    channel.refuseRequest(re, 'rate-limited', verdict.retryAfterMs);
    return;
  }
  try {
    const outcome = await send();
    deps.metrics.answered(outcome.kind);
    switch (outcome.kind) {
      case 'sent':
        channel.sendBytes(encodeSent(re));
        return;
      case 'mismatch': {
        const directory = await deps.reads.directory(account);
        if (directory === undefined) channel.refuseRequest(re, 'delivery-refused');
        else channel.send({ kind: 'mismatch', re, directory });
        return;
      }
      case 'refused':
        channel.refuseRequest(re, outcome.code, outcome.retryAfterMs);
        return;
    }
  } catch (error) {
    channel.failed(error, 'send', re);
  }
}
