/** What another own device tells: contents that it sent, messages that were read there, a newer account record. From own devices only. */
import { parseContent, type Content, type UnknownContent } from '@tacet/protocol/content/index';
import { CONTENT_VERSION } from '@tacet/protocol/content/frame';
import type { Sync } from '@tacet/protocol/content/sync';
import { equalBytes } from '@tacet/protocol/bytes';
import { idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import { hashRecordKey, keyFrom, type RecordKey } from '@tacet/crypto/vault';
import { giveRecordKey, hasCurrentRecordKey } from '../../account/removal.ts';
import type { Handling } from './handling.ts';

/** A copy's content; nothing is thrown inside a transaction. */
function contentOf({ kind, body }: { kind: string; body: Uint8Array }): Content | UnknownContent | undefined {
  try {
    return parseContent({ v: CONTENT_VERSION, kind, critical: false, body });
  } catch {
    return undefined;
  }
}

async function handleSent(handling: Handling, copy: Extract<Sync, { readonly what: 'sent' }>): Promise<void> {
  const { tx, own, conversations } = handling;
  const content = contentOf(copy);
  if (content?.kind !== 'text') return;
  await conversations.addMessage(tx, idOf<AccountId>(copy.account), {
    id: idOf<MessageId>(copy.id),
    author: own.value.account,
    mine: true,
    text: content.body.text,
    sentAt: copy.sentAt,
    receivedAt: copy.sentAt,
    delivery: { kind: 'sent' },
  });
}

async function handleReadHere(
  handling: Handling,
  read: Extract<Sync, { readonly what: 'read' }>,
): Promise<void> {
  const { tx, conversations } = handling;
  const account = idOf<AccountId>(read.account);
  let highest = 0;
  for (const message of read.messages) {
    const place = await conversations.placeOf(tx, account, idOf<MessageId>(message));
    if (place?.account === account) highest = Math.max(highest, place.order);
  }
  await conversations.markRead(tx, account, highest);
}

/** The record key after a removal elsewhere: believed only if the own list in force, which the account key signed, names it. */
function handleRecordKey(handling: Handling, told: Uint8Array): void {
  const { tx, own, directory, background, record } = handling;
  const key = keyFrom<RecordKey>(told);
  if (!equalBytes(hashRecordKey(key), directory.ownList.recordKeyHash)) return;
  if (equalBytes(key, own.value.recordKey)) return;
  own.change(tx, (held) => ({ ...held, recordKey: key }));
  tx.after(() => background.run(record.refresh(), 'read the record under its new key'));
}

/** Handles a sync content. */
export async function handleSync(handling: Handling, body: Sync): Promise<void> {
  if (handling.standing !== 'own') return;
  switch (body.what) {
    case 'sent':
      await handleSent(handling, body);
      return;
    case 'read':
      await handleReadHere(handling, body);
      return;
    case 'record': {
      const { tx, background, record } = handling;
      tx.after(() => {
        if (body.version > record.version) background.run(record.refresh(body.version), 'read the record');
      });
      return;
    }
    case 'record-key':
      handleRecordKey(handling, body.key);
      return;
    case 'record-key-wanted':
      if (hasCurrentRecordKey(handling)) giveRecordKey(handling, handling.tx);
  }
}
