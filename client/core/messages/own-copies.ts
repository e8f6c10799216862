/** A content for somebody together with its copy for the other own devices, so that all of them show the same. */
import { encodeBody, type Content } from '@tacet/protocol/content/index';
import { idBytes, idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import type { WriteTx } from '../db/sealed.ts';
import { hasOtherDevices, type Services } from '../services.ts';
import type { Outgoing } from './outgoing.ts';

/** What copies need. */
export type CopyServices = Pick<Services, 'own' | 'directory' | 'outbox' | 'random'>;

/** Adds both to the outbox. */
export function sendWithCopy(services: CopyServices, tx: WriteTx, outgoing: Outgoing): void {
  services.outbox.add(tx, outgoing);
  const { to, content, id, sentAt, about, line } = outgoing;
  sendCopy(services, tx, to, { content, id, sentAt, about: about ?? (line === true ? id : undefined) });
}

/** Adds the copy alone. `about`: the message whose words it holds. */
export function sendCopy(
  services: CopyServices,
  tx: WriteTx,
  account: AccountId,
  sent: {
    readonly content: Content;
    readonly id: MessageId;
    readonly sentAt: number;
    readonly about: MessageId | undefined;
  },
): void {
  if (!hasOtherDevices(services)) return;
  const { content, id, sentAt, about } = sent;
  services.outbox.add(tx, {
    to: services.own.value.account,
    content: {
      kind: 'sync',
      body: {
        what: 'sent',
        account: idBytes(account),
        id: idBytes(id),
        sentAt,
        kind: content.kind,
        body: encodeBody(content),
      },
    },
    id: idOf<MessageId>(services.random(16)),
    sentAt,
    ...(about === undefined ? {} : { about }),
  });
}
