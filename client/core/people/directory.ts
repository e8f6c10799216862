/**
 * Whose devices are whose: the signed lists of contacts and of the own account. A list counter is never lowered; an equal counter with
 * another hash is a fork and is refused; a changed account key makes a permanent line, and blocks sending to a verified contact.
 * What is highest comes from the account record, so that a second device is never a second first contact.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { ListView } from '@tacet/protocol/content/frame';
import type { AccountId, DeviceId } from '@tacet/protocol/ids';
import { closeInvites } from '../account/kept-invites.ts';
import type { RecordKeeper } from '../account/record.ts';
import { isPatient } from '../account/restores.ts';
import { copyBytes } from '../bytes.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { Row, SealedDb, Table, WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { SignedBytes } from '../db/stored-device.ts';
import type { StoredPerson } from '../db/stored-people.ts';
import { succession, verifyList, type ListedDevice, type VerifiedList } from '../device-lists.ts';
import { CoreError } from '../failure.ts';
import type { OwnKeeper } from '../own.ts';
import type { Clock } from '../ports.ts';
import { ChangedKeys } from './changed-keys.ts';
import { DeviceSigns } from './device-signs.ts';
import { HeldPeople } from './held-people.ts';
import { judgeEntry, knownOf, mayFollow, type Judgement, type Known, type Source } from './judging.ts';
import {
  freshPerson,
  isKeptAlike,
  isSamePerson,
  personFrom,
  personOnto,
  type DirectoryEntry,
  type Person,
} from './person.ts';

/** Tries against what other devices bring into force meanwhile. */
const SETTLE_TRIES = 3;

/** Tables that `commit` writes. */
export const DIRECTORY_TABLES = [T.people, T.record, T.own, T.conversations, T.lines] as const;

/** All people whose lists this device has, the own account among them. */
export class Directory {
  readonly #db: SealedDb;
  readonly #clock: Clock;
  readonly #record: RecordKeeper;
  readonly #people: HeldPeople;
  readonly #own: OwnKeeper;
  readonly signs: DeviceSigns;
  readonly changedKeys: ChangedKeys;
  /** Told when what is kept of the own account has changed, its list perhaps. */
  onOwnList: (() => void) | undefined;

  private constructor(
    db: SealedDb,
    clock: Clock,
    record: RecordKeeper,
    conversations: Conversations,
    own: OwnKeeper,
    people: HeldPeople,
  ) {
    this.#db = db;
    this.#clock = clock;
    this.#record = record;
    this.#own = own;
    this.#people = people;
    people.onKept = (account) => {
      if (account === this.ownAccount) this.onOwnList?.();
    };
    this.signs = new DeviceSigns(people, clock);
    this.changedKeys = new ChangedKeys(people, clock, record, conversations);
  }

  /** Reads what is stored, for `load`: it may be asked for while other things are read. */
  static read(db: SealedDb): Promise<readonly Row<StoredPerson>[]> {
    return db.read([T.people], (tx) => tx.range(T.people, {}));
  }

  /** Verifies again what is stored. */
  static async load(
    db: SealedDb,
    clock: Clock,
    record: RecordKeeper,
    conversations: Conversations,
    own: OwnKeeper,
    people = Directory.read(db),
  ): Promise<Directory> {
    const held = new HeldPeople(db, await people);
    const { account, accountKey, list: signed } = own.value;
    if (held.get(account) === undefined) {
      const list = verifyList(account, accountKey, signed);
      held.add({ stored: freshPerson(account, accountKey, list), list });
    }
    return new Directory(db, clock, record, conversations, own, held);
  }

  get ownAccount(): AccountId {
    return this.#own.value.account;
  }
  get ownDevice(): DeviceId {
    return this.#own.value.device;
  }
  /** The own list in force. */
  get ownList(): VerifiedList {
    const own = this.#people.get(this.#own.value.account);
    if (own === undefined) throw new CoreError('storage-damaged', 'the own list is gone');
    return own.list;
  }
  get ownView(): ListView {
    return { counter: this.ownList.counter, hash: this.ownList.hash };
  }
  /** The own account key and list, to prove this device to others. */
  get proof(): { readonly accountKey: Uint8Array; readonly list: SignedBytes } {
    return { accountKey: this.#own.value.accountKey, list: this.ownList.signed };
  }

  get(account: AccountId): Person | undefined {
    return this.#people.get(account);
  }

  /** The account key that somebody is known by, 33 bytes: the record's where he is in it. */
  keyOf(account: AccountId): Uint8Array | undefined {
    return this.#known(account)?.accountKey;
  }

  /** Whether a verified contact's key has changed and the person has not decided: then nothing is encrypted for him. */
  isBlocked(account: AccountId): boolean {
    return this.changedKeys.isWaiting(account);
  }

  /** Throws `CoreError` `key-changed` while it is so. */
  requireUnblocked(account: AccountId): void {
    if (this.isBlocked(account)) throw new CoreError('key-changed', 'the person decides about the key first');
  }

  /** The device of an account by its list, if the list names it. */
  deviceOf(account: AccountId, device: DeviceId): ListedDevice | undefined {
    return this.#people.get(account)?.list.devices.find((listed) => listed.device === device);
  }

  /** Whether the known list pairs account, device and identity key. */
  pairs(account: AccountId, device: DeviceId, identityKey: Uint8Array): boolean {
    const listed = this.deviceOf(account, device);
    return listed !== undefined && equalBytes(listed.identityKey, identityKey);
  }

  /** The same, under the key that somebody is known by. */
  pairsInForce(account: AccountId, device: DeviceId, identityKey: Uint8Array): boolean {
    const held = this.#people.get(account)?.stored.accountKey;
    const known = this.keyOf(account);
    const isInForce = held !== undefined && known !== undefined && equalBytes(held, known);
    return isInForce && this.pairs(account, device, identityKey);
  }

  /** Somebody whose list is held here as high as it is known: an own device may have seen a higher one. */
  current(account: AccountId): Person | undefined {
    const held = this.#people.get(account);
    const known = this.#known(account);
    if (held === undefined || known === undefined) return undefined;
    const isInForce = equalBytes(held.stored.accountKey, known.accountKey);
    return isInForce && held.list.counter >= known.list.counter ? held : undefined;
  }

  /** Whether the list held here is one that an own device has seen a successor of. */
  isBehind(account: AccountId): boolean {
    return this.#people.get(account) !== undefined && this.current(account) === undefined;
  }

  /**
   * Judges an entry against everything known, without changing anything. Throws `CoreError` `server-dishonest` for a bad signature, a
   * fork, and, where `source` is the server, for a list older than one that was seen.
   */
  judge(entry: DirectoryEntry, source: Source): Judgement {
    return judgeEntry(entry, source, this.#known(entry.account), this.#people.get(entry.account));
  }

  /**
   * Puts a judgement into force and gives the person, or `undefined`: a verified contact's key has changed (`isBlocked`), and nothing is
   * believed until the person at this device decides; or something else has come into force since the judgement was made, which is
   * neither lowered nor lost, and nothing of it is held here yet. The transaction holds `DIRECTORY_TABLES`.
   */
  commit(tx: WriteTx, judgement: Judgement): Person | undefined {
    const { account, accountKey } = judgement.person.stored;
    const held = this.#people.get(account);
    const known = this.#known(account);
    const person = held === undefined ? judgement.person : personOnto(held, judgement.person);
    if (known === undefined) {
      this.#people.keep(tx, person);
      return person;
    }
    const inForce =
      held !== undefined && equalBytes(held.stored.accountKey, known.accountKey) ? held : undefined;
    if (!equalBytes(known.accountKey, accountKey)) {
      // Judged as a change of the key that is still in force, and it still may follow it; else something else has come meanwhile.
      if (
        judgement.kind === 'key-changed' &&
        equalBytes(judgement.over, known.accountKey) &&
        mayFollow(person.list, known, judgement.source)
      ) {
        return this.changedKeys.meet(tx, person, known.trust === 'verified');
      }
      return this.isBlocked(account) ? undefined : inForce;
    }
    if (judgement.person.stored.hearsay !== true) this.#confirm(tx, account);
    switch (succession(person.list, known.list)) {
      case 'fork':
      case 'older':
        return inForce;
      case 'same':
        this.#followRotation(tx, person);
        if (
          inForce === undefined ||
          !isSamePerson(inForce, person) ||
          !isKeptAlike(inForce.stored, person.stored)
        ) {
          this.#people.keep(tx, person);
        }
        return person;
      case 'newer':
        this.#followRotation(tx, person);
        this.#people.keep(tx, person);
        this.#raise(tx, account, person);
        return person;
    }
  }

  /**
   * Judges what the server shows, and puts it into force together with what `work` does, again where something else came between. `work`
   * gets `undefined` where a verified contact's key has changed. The tables hold `DIRECTORY_TABLES`.
   */
  async settle<Value>(
    entry: DirectoryEntry,
    tables: readonly Table<unknown>[],
    work: (tx: WriteTx, person: Person | undefined) => Promise<Value>,
  ): Promise<Value> {
    for (let tries = 0; tries < SETTLE_TRIES; tries += 1) {
      const judgement = this.judge(entry, 'server');
      const done = await this.#db.write(tables, async (tx) => {
        const person = this.commit(tx, judgement);
        if (person === undefined && !this.isBlocked(entry.account)) return undefined;
        return { value: await work(tx, person) };
      });
      if (done !== undefined) return done.value;
    }
    throw new CoreError('server-dishonest', 'what is known of somebody never settles');
  }

  /**
   * Puts an own list in force that this device has signed itself, under the account key that it now has. The transaction holds
   * `DIRECTORY_TABLES`.
   */
  adoptOwn(tx: WriteTx, list: VerifiedList): void {
    if (this.ownList.counter >= list.counter) return;
    const { account, accountKey } = this.#own.value;
    const entry = { account, accountKey, list: list.signed };
    const person = personFrom(entry, list, this.#people.get(account), undefined);
    this.#followRotation(tx, person);
    this.#people.keep(tx, person);
    this.#raise(tx, account, person);
  }

  /** A device has named an own list that it knows. The transaction holds `T.people`. */
  noteKnown(tx: WriteTx, account: AccountId, device: DeviceId, { hash }: ListView): void {
    const proven = this.#people.get(account)?.stored.proven ?? [];
    const isNoted = proven.some((each) => each.device === device && equalBytes(each.hash, this.ownView.hash));
    if (isNoted || !equalBytes(hash, this.ownView.hash)) return;
    this.#people.edit(tx, account, (stored) => ({
      ...stored,
      proven: [...stored.proven.filter((each) => each.device !== device), { device, hash: copyBytes(hash) }],
    }));
  }

  /** Changes what is kept about a person besides the list. The transaction holds `T.people`. */
  edit(tx: WriteTx, account: AccountId, change: (stored: StoredPerson) => StoredPerson): void {
    this.#people.edit(tx, account, change);
  }

  #known(account: AccountId): Known | undefined {
    if (account !== this.#own.value.account) {
      const now = this.#clock.now();
      const isRestored = isPatient(this.#own.value, now);
      return knownOf(this.#record.contact(account), this.#people.get(account), { now, isRestored });
    }
    const inRecord = this.#record.value.list;
    const list = inRecord.counter > this.ownList.counter ? inRecord : this.ownView;
    const { accountKey } = this.#own.value;
    return {
      accountKey,
      list,
      trust: 'verified',
      isAccepted: true,
      isHearsay: false,
      mayGoBack: false,
      isOwn: true,
    };
  }

  /** The directory has shown the key that somebody is known by. */
  #confirm(tx: WriteTx, account: AccountId): void {
    if (this.#record.contact(account)?.hearsay !== true) return;
    this.#record.changeContact(tx, account, (held) => {
      if (held === undefined) throw new CoreError('storage-damaged', 'the contact is gone');
      const { hearsay: _before, ...contact } = held;
      return contact;
    });
  }

  /**
   * An own list that names another record key than the one held until now: a device was removed since. Whatever invites this device has
   * were made before it knew, and the one that is gone may have read them in a record that nobody else has seen. Told before it is held.
   */
  #followRotation(tx: WriteTx, { stored, list }: Person): void {
    if (stored.account !== this.ownAccount) return;
    if (equalBytes(list.recordKeyHash, this.ownList.recordKeyHash)) return;
    this.#record.change(tx, (record) => closeInvites(record, this.#clock.now()));
  }

  #raise(tx: WriteTx, account: AccountId, person: Person): void {
    const list = { counter: person.list.counter, hash: person.list.hash };
    if (account === this.#own.value.account) {
      this.#own.change(tx, (own) => ({ ...own, list: person.list.signed }));
      if (this.#record.value.list.counter < list.counter) {
        this.#record.change(tx, (record) => ({ ...record, list }));
      }
      return;
    }
    const contact = this.#record.contact(account);
    if (contact === undefined || contact.list.counter >= list.counter) return;
    this.#record.changeContact(tx, account, (held) => ({ ...(held ?? contact), list }));
  }
}
