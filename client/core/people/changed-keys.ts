/**
 * What becomes of an account key that has changed: a permanent line in the conversation; for a contact who was not verified the new key
 * is believed, for a verified one it waits beside the key from before until the person decides, here or on another own device.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { Contact } from '@tacet/protocol/content/record';
import { idOf, type AccountId } from '@tacet/protocol/ids';
import type { RecordKeeper } from '../account/record.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { WriteTx } from '../db/sealed.ts';
import { verifyList } from '../device-lists.ts';
import type { Clock } from '../ports.ts';
import { nextWordAt } from './contact-entry.ts';
import type { HeldPeople } from './held-people.ts';
import { personFrom, type Person } from './person.ts';

/** Every transaction here holds `DIRECTORY_TABLES`. */
export class ChangedKeys {
  readonly #people: HeldPeople;
  readonly #clock: Clock;
  readonly #record: RecordKeeper;
  readonly #conversations: Conversations;
  /** Told after a change and after a decision about one: what waits to be sent is looked at again. */
  onChange: ((account: AccountId) => void) | undefined;

  constructor(people: HeldPeople, clock: Clock, record: RecordKeeper, conversations: Conversations) {
    this.#people = people;
    this.#clock = clock;
    this.#record = record;
    this.#conversations = conversations;
  }

  /** Whether a verified contact's key has changed and the person has not decided. */
  isWaiting(account: AccountId): boolean {
    return this.#conversations.get(account)?.changedKey !== undefined;
  }

  /** Somebody is shown under another key. Gives him if that key is believed; `blocks`: it waits for the person. */
  meet(tx: WriteTx, person: Person, blocks: boolean): Person | undefined {
    const { account, accountKey } = person.stored;
    if (blocks) {
      const shown = this.#conversations.get(account)?.changedKey;
      if (shown === undefined || !equalBytes(shown.accountKey, accountKey)) {
        this.#conversations.addEvent(tx, account, { what: 'key-changed' });
        this.#conversations.setChangedKey(tx, account, { accountKey, list: person.list.signed });
        tx.after(() => this.onChange?.(account));
      }
      return undefined;
    }
    this.#conversations.addEvent(tx, account, { what: 'key-changed' });
    this.#put(tx, person, 'unverified', 'device');
    return person;
  }

  /** The person has decided about a changed key: it is put into force, verified or not. Does nothing where none has changed. */
  believe(tx: WriteTx, account: AccountId, trust: 'verified' | 'unverified'): void {
    const changed = this.#conversations.get(account)?.changedKey;
    if (changed === undefined) return;
    const list = verifyList(account, changed.accountKey, changed.list);
    const entry = { account, ...changed };
    const person = personFrom(entry, list, this.#people.get(account), undefined);
    this.#put(tx, person, trust, 'person');
  }

  /** The person has found that the key from before is the right one: the changed one is forgotten, its line stays. */
  disbelieve(tx: WriteTx, account: AccountId): void {
    if (!this.isWaiting(account)) return;
    const contact = this.#record.contact(account);
    if (contact !== undefined) {
      // A word about the key from before, later than what another device was told about the changed one.
      const at = nextWordAt(this.#clock.now(), contact);
      this.#record.changeContact(tx, account, (held) => ({
        ...(held ?? contact),
        believedAt: at,
        judgedAt: at,
      }));
    }
    this.#conversations.setChangedKey(tx, account, undefined);
    tx.after(() => this.onChange?.(account));
  }

  /**
   * Follows the record, in which another own device may have decided about somebody's key: what is held under another key goes, and
   * the conversation tells it.
   */
  followRecord(tx: WriteTx): void {
    for (const contact of this.#record.contacts) {
      const account = idOf<AccountId>(contact.account);
      const held = this.#people.get(account);
      const isOther = held !== undefined && !equalBytes(held.stored.accountKey, contact.accountKey);
      const changed = this.#conversations.get(account)?.changedKey;
      const isKeyOfRecord = changed !== undefined && equalBytes(changed.accountKey, contact.accountKey);
      // A key that waits beside a third one that was decided for is asked about again where it is shown again.
      const isDecided = changed !== undefined && (isOther || contact.trust !== 'verified' || isKeyOfRecord);
      if (!isOther && !isDecided) continue;
      if (isOther) this.#people.drop(tx, account);
      if (isOther && !isKeyOfRecord) this.#conversations.addEvent(tx, account, { what: 'key-changed' });
      if (isDecided) this.#conversations.setChangedKey(tx, account, undefined);
      tx.after(() => this.onChange?.(account));
    }
  }

  /** Whether `followRecord` would do anything. */
  get lagsBehind(): boolean {
    return this.#record.contacts.some((contact) => {
      const account = idOf<AccountId>(contact.account);
      const held = this.#people.get(account)?.stored;
      if (held !== undefined && !equalBytes(held.accountKey, contact.accountKey)) return true;
      const changed = this.#conversations.get(account)?.changedKey;
      return (
        changed !== undefined &&
        (contact.trust !== 'verified' || equalBytes(changed.accountKey, contact.accountKey))
      );
    });
  }

  /** Puts another account key into force, by the person's word or by this device's own rules. */
  #put(tx: WriteTx, person: Person, trust: Contact['trust'], by: 'person' | 'device'): void {
    const { account, accountKey } = person.stored;
    this.#people.keep(tx, { ...person, stored: { ...person.stored, proven: [] } });
    const list = { counter: person.list.counter, hash: person.list.hash };
    const contact = this.#record.contact(account);
    if (contact !== undefined) {
      const at = nextWordAt(this.#clock.now(), contact);
      this.#record.changeContact(tx, account, (held) => {
        const { hearsay: _before, ...rest } = held ?? contact;
        const judged = by === 'person' ? { judgedAt: at } : {};
        return { ...rest, accountKey, list, trust, believedAt: at, ...judged };
      });
    }
    if (this.isWaiting(account)) this.#conversations.setChangedKey(tx, account, undefined);
    tx.after(() => this.onChange?.(account));
  }
}
