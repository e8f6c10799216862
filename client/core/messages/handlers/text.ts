/** A text message: shown once, acknowledged to accepted people; from a stranger it opens a request and nothing goes back. */
import type { Text } from '@tacet/protocol/content/text';
import { newContact } from '../../people/contact-entry.ts';
import type { Handling } from './handling.ts';

/** Handles a text. */
export async function handleText(handling: Handling, body: Text): Promise<void> {
  const { tx, account, standing, frame, id, clock, amending, record, directory, receipts } = handling;
  if (standing === 'own') return;
  const person = directory.get(account);
  if (record.contact(account) === undefined && person !== undefined) {
    record.changeContact(tx, account, () => newContact(person, 'request', 'unverified', clock.now()));
  }
  const message = {
    id,
    author: account,
    mine: false,
    text: body.text,
    sentAt: frame.sentAt,
    receivedAt: clock.now(),
    delivery: { kind: 'delivered', at: clock.now() },
    late: handling.isLate,
    marks: handling.marks,
  } as const;
  const { reply, timer } = body;
  const isNew = await amending.addMessage(tx, account, message, { reply, timer, own: false });
  if (standing === 'accepted' && isNew) receipts.add(tx, 'delivered', account, id);
}
