/** What another own device tells: contents that it sent, messages that were read or removed there, a newer account record. From own devices only. */
import { parseContent, type Content, type UnknownContent } from '@tacet/protocol/content/index';
import { CONTENT_VERSION } from '@tacet/protocol/content/frame';
import type { Sync } from '@tacet/protocol/content/sync';
import { equalBytes } from '@tacet/protocol/bytes';
import { idOf, type AccountId, type CallId, type MessageId } from '@tacet/protocol/ids';
import { hashRecordKey, keyFrom, type RecordKey } from '@tacet/crypto/vault';
import { giveRecordKey, hasCurrentRecordKey } from '../../account/record-key.ts';
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
  const { tx, own, amending } = handling;
  const content = contentOf(copy);
  const account = idOf<AccountId>(copy.account);
  const me = own.value.account;
  const at = copy.sentAt;
  switch (content?.kind) {
    case 'text': {
      const { text, reply, timer } = content.body;
      const message = {
        id: idOf<MessageId>(copy.id),
        author: me,
        mine: true,
        text,
        sentAt: at,
        receivedAt: at,
        delivery: { kind: 'sent' },
        late: handling.isLate,
      } as const;
      await amending.addMessage(tx, account, message, { reply, timer, own: true });
      return;
    }
    case 'reaction': {
      const { emoji, revision } = content.body;
      const reacted = { by: me, revision, ...(emoji === undefined ? {} : { emoji }) };
      const author = idOf<AccountId>(content.body.author);
      const message = idOf<MessageId>(content.body.message);
      await amending.apply(tx, account, author, message, { kind: 'reaction', ...reacted });
      return;
    }
    case 'edit': {
      const { message, revision, text } = content.body;
      const next = { kind: 'edit', revision, text, at } as const;
      await amending.apply(tx, account, me, idOf<MessageId>(message), next);
      return;
    }
    case 'delete': {
      const message = idOf<MessageId>(content.body.message);
      await amending.apply(tx, account, me, message, { kind: 'delete', at });
      return;
    }
    case 'timer':
      amending.hearTimer(tx, account, content.body, true);
      return;
    case 'profile':
    case 'encounter':
    case 'delivered':
    case 'read':
    case 'typing':
    case 'sync':
    case 'retry':
    case 'call':
    case 'unknown':
    case undefined:
      return;
  }
}

async function handleRemovedHere(
  handling: Handling,
  removed: Extract<Sync, { readonly what: 'removed' }>,
): Promise<void> {
  const { tx, own, amending } = handling;
  const account = idOf<AccountId>(removed.account);
  for (const { author, message } of removed.messages) {
    const mine = idOf<AccountId>(author) === own.value.account;
    const found = await amending.find(tx, account, { id: idOf<MessageId>(message), mine });
    if (found !== undefined) await amending.remove(tx, account, found.line.order);
  }
}

async function handleReadHere(
  handling: Handling,
  read: Extract<Sync, { readonly what: 'read' }>,
): Promise<void> {
  const { tx, conversations } = handling;
  const account = idOf<AccountId>(read.account);
  const { lines } = conversations;
  let highest = 0;
  for (const message of read.messages) {
    const place = await lines.placeOf(tx, account, idOf<MessageId>(message));
    if (place?.account === account) highest = Math.max(highest, place.order);
  }
  for (const call of read.calls ?? []) {
    const place = await lines.callPlaceOf(tx, account, idOf<CallId>(call));
    highest = Math.max(highest, place?.order ?? 0);
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
    case 'removed':
      await handleRemovedHere(handling, body);
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
      return;
    case 'passphrase':
      handling.care.renewedBy(handling.tx, handling.device, handling.frame.sentAt);
  }
}
