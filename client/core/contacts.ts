/**
 * People besides invites. A lookup by username shows the server who is looked up and by whom; the person himself learns nothing of it
 * until the first message.
 */
import { idOf, type AccountId } from '@tacet/protocol/ids';
import type { Contact } from '@tacet/protocol/content/record';
import { isBody } from '@tacet/protocol/call';
import { WireError } from '@tacet/protocol/errors';
import { lookup } from '@tacet/protocol/rest/people';
import { normaliseUsername } from '@tacet/crypto/vault';
import { publishProfile, rotateProfileKey } from './account/rotation.ts';
import { T } from './db/stores.ts';
import { decidedAt, newContact } from './people/contact-entry.ts';
import { DIRECTORY_TABLES } from './people/directory.ts';
import { CoreError } from './failure.ts';
import { giveProfile } from './messages/handlers/profile.ts';
import { COMPOSE_TABLES } from './messages/outbox.ts';
import { entryFromJson } from './people.ts';
import type { Services } from './services.ts';
import { untilLater } from './transport/rest.ts';

/** People of this account. */
export class Contacts {
  readonly #s: Services;

  constructor(services: Services) {
    this.#s = services;
  }

  /**
   * Opens a conversation with whoever has this username. Nothing is sent: the first message introduces this account. Whoever
   * was found or invited by the name before is meant, whoever the server says has it now. Throws `WireError` `account-unknown`, `rate-limited`; `CoreError`
   * `username-own`, `key-changed`, `server-dishonest`, `record-full`.
   */
  async startConversation(typed: string): Promise<AccountId> {
    const { db, clock, rest, session, directory, record, conversations } = this.#s;
    const username = normaliseUsername(typed);
    if (username === this.#s.own.value.username) throw new CoreError('username-own', 'the own username');
    if (!isBody(lookup, { username })) throw new WireError('account-unknown', 'not a username');
    const known = record.contacts.find((contact) => contact.username === username);
    if (known !== undefined) {
      const account = idOf<AccountId>(known.account);
      await db.write([T.conversations], async (tx) => void conversations.ensure(tx, account));
      return account;
    }
    const entry = entryFromJson(
      await session.with((token) => rest.call(lookup, { body: { username }, token })),
    );
    const { account } = entry;
    if (account === directory.ownAccount) {
      throw new CoreError('server-dishonest', 'the own account under another name');
    }
    record.requireRoomFor(account);
    const isKnown = await directory.settle(entry, DIRECTORY_TABLES, async (tx, person) => {
      if (person === undefined) return false;
      // Whoever has no name yet gets the one that he was found by; a name that he told himself stays.
      record.changeContact(tx, account, (held) => {
        const contact = held ?? newContact(person, 'request', 'unverified', clock.now());
        return contact.username === undefined ? { ...contact, username } : contact;
      });
      conversations.ensure(tx, account);
      return true;
    });
    // Thrown after the commit: what it tells the person stays.
    if (!isKnown) throw new CoreError('key-changed', 'the key of a verified contact has changed');
    return account;
  }

  /**
   * Blocks somebody: what has not left for him is taken back, what comes from him is dropped unseen, a ring too, and the profile key with the delivery
   * key is rotated, so that what he knows of this account opens and reaches nothing newer. He is not told.
   */
  async block(account: AccountId): Promise<void> {
    const { db, clock, record, outbox, background } = this.#s;
    requireContact(record.contact(account));
    await db.write([...new Set([...COMPOSE_TABLES, T.record, T.own, T.ring])], async (tx) => {
      const held = record.contact(account);
      if (held === undefined || held.state === 'blocked') return;
      record.changeContact(tx, account, (contact) => ({
        ...(contact ?? held),
        state: 'blocked',
        changedAt: decidedAt(clock.now(), held),
      }));
      await outbox.withdraw(tx, account);
      if ((await tx.get(T.ring, 'ring'))?.account === account) tx.delete(T.ring, 'ring');
      rotateProfileKey(this.#s, tx);
    });
    background.run(publishProfile(this.#s).catch(untilLater), 'publish the profile');
  }

  /** Takes a block back; he gets the keys that he lacks. */
  async unblock(account: AccountId): Promise<void> {
    const { db, clock, record } = this.#s;
    await db.write([...COMPOSE_TABLES, T.record], async (tx) => {
      const held = record.contact(account);
      if (held?.state !== 'blocked') return;
      record.changeContact(tx, account, (contact) => ({
        ...(contact ?? held),
        state: 'accepted',
        changedAt: decidedAt(clock.now(), held),
      }));
      giveProfile(this.#s, tx, account);
    });
    this.#s.readProfile(account);
  }
}

function requireContact(contact: Contact | undefined): void {
  if (contact === undefined) throw new CoreError('conversation-unknown', 'nobody of this id is known');
}
