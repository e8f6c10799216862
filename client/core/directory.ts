/**
 * Whose devices are whose: the signed lists of contacts and of the own account. A list counter is never lowered; an equal counter with
 * another hash is a fork and is refused; a changed account key makes a permanent line, and blocks sending to a verified contact.
 * What is highest comes from the account record, so that a second device is never a second first contact.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { Contact } from '@tacet/protocol/content/record';
import type { ListView } from '@tacet/protocol/content/frame';
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { RecordKeeper } from './account/record.ts';
import { copyBytes } from './bytes.ts';
import type { Conversations } from './conversations.ts';
import type { Row, SealedDb, Table, WriteTx } from './db/sealed.ts';
import { K, T, type SignedBytes, type SignsOfLife, type StoredPerson } from './db/stores.ts';
import {
  succession,
  verifiedDepartures,
  verifyList,
  type ListedDevice,
  type VerifiedList,
} from './device-lists.ts';
import { CoreError } from './failure.ts';
import type { OwnKeeper } from './own.ts';
import type { Clock } from './ports.ts';

/** An inactive device is asked for its statement at most this often; a device that writes is noted as often. */
const ASK_AGAIN_MS = 24 * 60 * 60_000;
/** Tries against what other devices bring into force meanwhile. */
const SETTLE_TRIES = 3;

/** A directory entry as it came, in bytes. */
export interface DirectoryEntry {
  readonly account: AccountId;
  readonly accountKey: Uint8Array;
  readonly list: SignedBytes;
  /** Absent where the entry came inside a message. */
  readonly departures?: readonly SignedBytes[];
}

/** A person whose list is proved. */
export interface Person {
  readonly stored: StoredPerson;
  readonly list: VerifiedList;
}

/** What an entry means for what is known. */
export type Judgement =
  | { readonly kind: 'first' | 'same' | 'newer'; readonly person: Person }
  /** An older list, honest inside a message that was long on its way. */
  | { readonly kind: 'older'; readonly person: Person }
  | {
      readonly kind: 'key-changed';
      readonly person: Person;
      readonly blocks: boolean;
      /** The key that it changes. */
      readonly over: Uint8Array;
    };

/** What is known of an account before an entry is judged. */
interface Known {
  readonly accountKey: Uint8Array;
  /** The highest list seen under that key. */
  readonly list: ListView;
  readonly trust: Contact['trust'];
  readonly isAccepted: boolean;
  /** The directory has never shown this key: somebody has said so in a message. */
  readonly isHearsay: boolean;
}

/** Tables that `commit` writes. */
export const DIRECTORY_TABLES = [T.people, T.record, T.own, T.conversations, T.lines] as const;

/** All people whose lists this device has, the own account among them. */
export class Directory {
  readonly #db: SealedDb;
  readonly #clock: Clock;
  readonly #record: RecordKeeper;
  readonly #conversations: Conversations;
  readonly #people = new Map<AccountId, Person>();
  readonly #own: OwnKeeper;
  /** Told after a key change: what waits to be sent is looked at again. */
  onKeyChange: ((account: AccountId) => void) | undefined;

  private constructor(
    db: SealedDb,
    clock: Clock,
    record: RecordKeeper,
    conversations: Conversations,
    own: OwnKeeper,
  ) {
    this.#db = db;
    this.#clock = clock;
    this.#record = record;
    this.#conversations = conversations;
    this.#own = own;
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
    const directory = new Directory(db, clock, record, conversations, own);
    const rows = await people;
    for (const { value } of rows) {
      const list = verifyList(value.account, value.accountKey, value.list);
      directory.#people.set(value.account, { stored: value, list });
    }
    const { account, accountKey, list: signed } = own.value;
    if (!directory.#people.has(account)) {
      const list = verifyList(account, accountKey, signed);
      directory.#people.set(account, { stored: personOf(account, accountKey, list), list });
    }
    return directory;
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
    return this.#conversations.get(account)?.changedKey !== undefined;
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
    return this.#people.has(account) && this.current(account) === undefined;
  }

  /** The same, under the key that somebody is known by. */
  pairsInForce(account: AccountId, device: DeviceId, identityKey: Uint8Array): boolean {
    const held = this.#people.get(account)?.stored.accountKey;
    const known = this.keyOf(account);
    const isInForce = held !== undefined && known !== undefined && equalBytes(held, known);
    return isInForce && this.pairs(account, device, identityKey);
  }

  /** Whether a device may be written to: it has not left, and something was heard of it within the age of a statement. */
  isActive(account: AccountId, device: DeviceId): boolean {
    const stored = this.#people.get(account)?.stored;
    if (stored === undefined || stored.departed.includes(device)) return false;
    return this.#aliveAt(account, device) + LIMITS.statementAgeMs > this.#clock.now();
  }

  /** Whether a device that counts as inactive should be asked for its statement again. */
  isDoubtful(account: AccountId, device: DeviceId): boolean {
    if (this.isActive(account, device)) return false;
    return this.#signs(account, device).askedAt + ASK_AGAIN_MS <= this.#clock.now();
  }

  /** A device has written: noted once a day, in a transaction that holds `T.people`. */
  noteHeard(tx: WriteTx, account: AccountId, device: DeviceId): void {
    const now = this.#clock.now();
    if (this.#signs(account, device).heardAt + ASK_AGAIN_MS > now) return;
    this.#noteSigns(tx, account, device, { heardAt: now });
  }

  /** The newest statement seen of a device, ms; 0 for none. */
  statedAt(account: AccountId, device: DeviceId): number {
    return this.#signs(account, device).statedAt;
  }

  /**
   * Judges an entry against everything known, without changing anything. Throws `CoreError` `server-dishonest` for a bad signature, a
   * fork, and, where `source` is the server, for a list older than one that was seen.
   */
  judge(entry: DirectoryEntry, source: 'server' | 'message'): Judgement {
    const { account } = entry;
    const list = verifyList(account, entry.accountKey, entry.list);
    const known = this.#known(account);
    const held = this.#people.get(account);
    const departed =
      entry.departures === undefined ? undefined : verifiedDepartures(account, list, entry.departures);
    const isKnownKey = known !== undefined && equalBytes(known.accountKey, entry.accountKey);
    const isHearsay = source === 'message' && (known === undefined || (isKnownKey && known.isHearsay));
    const person = this.#person(entry, list, held, departed, isHearsay);
    if (known === undefined) return { kind: 'first', person };
    if (!isKnownKey) {
      if (account === this.#own.value.account) {
        throw new CoreError('server-dishonest', 'another account key for the own account');
      }
      if (!mayFollow(list, known)) {
        throw new CoreError('server-dishonest', 'a changed account key whose list does not go on');
      }
      return { kind: 'key-changed', person, blocks: known.trust === 'verified', over: known.accountKey };
    }
    switch (succession(list, known.list)) {
      case 'fork':
        throw new CoreError('server-dishonest', 'a device list that forks the one known');
      case 'older':
        if (source === 'server' || held === undefined) {
          throw new CoreError('server-dishonest', 'an older device list than one seen');
        }
        return { kind: 'older', person: held };
      case 'same': {
        // Another own device may have seen it first: then the record knows the list and this device has yet to get it.
        const isHeld = held !== undefined && isSame(held, person);
        return { kind: isHeld ? 'same' : 'newer', person };
      }
      case 'newer':
        return { kind: 'newer', person };
    }
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
    const person = held === undefined ? judgement.person : onto(held, judgement.person);
    if (known === undefined) {
      this.#keep(tx, person);
      return person;
    }
    const inForce =
      held !== undefined && equalBytes(held.stored.accountKey, known.accountKey) ? held : undefined;
    if (!equalBytes(known.accountKey, accountKey)) {
      // Judged as a change of the key that is still in force, and it still may follow it; else something else has come meanwhile.
      const isOfThisKey = judgement.kind === 'key-changed' && equalBytes(judgement.over, known.accountKey);
      if (isOfThisKey && mayFollow(person.list, known)) {
        return this.#commitKeyChange(tx, person, known.trust === 'verified');
      }
      return this.isBlocked(account) ? undefined : inForce;
    }
    if (judgement.person.stored.hearsay !== true) this.#confirm(tx, account);
    switch (succession(person.list, known.list)) {
      case 'fork':
      case 'older':
        return inForce;
      case 'same':
        if (
          inForce === undefined ||
          !isSame(inForce, person) ||
          !isKeptAlike(inForce.stored, person.stored)
        ) {
          this.#keep(tx, person);
        }
        return person;
      case 'newer':
        this.#keep(tx, person);
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
    const person = this.#person(entry, list, this.#people.get(account), undefined);
    this.#keep(tx, person);
    this.#raise(tx, account, person);
  }

  /**
   * The person has decided about a changed key: it is put into force, verified or not. The transaction holds `DIRECTORY_TABLES`. Does
   * nothing where none has changed.
   */
  believeChanged(tx: WriteTx, account: AccountId, trust: 'verified' | 'unverified'): void {
    const changed = this.#conversations.get(account)?.changedKey;
    if (changed === undefined) return;
    const list = verifyList(account, changed.accountKey, changed.list);
    const entry = { account, ...changed };
    const person = this.#person(entry, list, this.#people.get(account), undefined);
    this.#believe(tx, person, trust, 'person');
  }

  /** The person has found that the key from before is the right one: the changed one is forgotten, its line stays. */
  disbelieveChanged(tx: WriteTx, account: AccountId): void {
    if (!this.isBlocked(account)) return;
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
    tx.after(() => this.onKeyChange?.(account));
  }

  /**
   * Follows the record, in which another own device may have decided about somebody's key: what is held under another key goes, and
   * the conversation tells it. The transaction holds `DIRECTORY_TABLES`.
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
      if (isOther) {
        this.#people.delete(account);
        tx.delete(T.people, K.account(this.#db, account));
      }
      if (isOther && !isKeyOfRecord) this.#conversations.addEvent(tx, account, { what: 'key-changed' });
      if (isDecided) this.#conversations.setChangedKey(tx, account, undefined);
      tx.after(() => this.onKeyChange?.(account));
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

  /** Notes the newest statement of a device, and when it was asked for. */
  noteStatement(tx: WriteTx, account: AccountId, device: DeviceId, at: number): void {
    const statedAt = Math.max(at, this.statedAt(account, device));
    this.#noteSigns(tx, account, device, { statedAt, askedAt: this.#clock.now() });
  }

  /** A device has named an own list that it knows. The transaction holds `T.people`. */
  noteKnown(tx: WriteTx, account: AccountId, device: DeviceId, { hash }: ListView): void {
    const proven = this.#people.get(account)?.stored.proven ?? [];
    const isNoted = proven.some((each) => each.device === device && equalBytes(each.hash, this.ownView.hash));
    if (isNoted || !equalBytes(hash, this.ownView.hash)) return;
    this.edit(tx, account, (stored) => ({
      ...stored,
      proven: [...stored.proven.filter((each) => each.device !== device), { device, hash: copyBytes(hash) }],
    }));
  }

  /** Changes what is kept about a person besides the list. The transaction holds `T.people`. */
  edit(tx: WriteTx, account: AccountId, change: (stored: StoredPerson) => StoredPerson): void {
    const held = this.#people.get(account);
    if (held === undefined) return;
    const stored = change(held.stored);
    if (stored === held.stored) return;
    this.#keep(tx, { ...held, stored });
  }

  #known(account: AccountId): Known | undefined {
    const held = this.#people.get(account);
    if (account === this.#own.value.account) {
      const inRecord = this.#record.value.list;
      const list = inRecord.counter > this.ownList.counter ? inRecord : this.ownView;
      const { accountKey } = this.#own.value;
      return { accountKey, list, trust: 'verified', isAccepted: true, isHearsay: false };
    }
    const contact = this.#record.contact(account);
    const accountKey = contact?.accountKey ?? held?.stored.accountKey;
    if (accountKey === undefined) return undefined;
    const { trust = 'unverified', state } = contact ?? {};
    // Counters under another key say nothing about this one's.
    const under = held !== undefined && equalBytes(held.stored.accountKey, accountKey) ? held : undefined;
    const list =
      contact === undefined || (under !== undefined && under.list.counter > contact.list.counter)
        ? under?.list
        : contact.list;
    if (list === undefined) return undefined;
    return {
      accountKey,
      list: { counter: list.counter, hash: list.hash },
      trust,
      isAccepted: state === 'accepted',
      isHearsay: (contact === undefined ? under?.stored.hearsay : contact.hearsay) === true,
    };
  }

  #person(
    entry: DirectoryEntry,
    list: VerifiedList,
    held: Person | undefined,
    departed: readonly DeviceId[] | undefined,
    isHearsay = false,
  ): Person {
    const { hearsay: _before, ...base } = held?.stored ?? personOf(entry.account, entry.accountKey, list);
    const isListed = (device: DeviceId): boolean => list.devices.some((listed) => listed.device === device);
    // A notice of leaving is final: a device that has gone does not come back under its name.
    const gone = new Set([...base.departed, ...(departed ?? [])].filter(isListed));
    return {
      list,
      stored: {
        ...base,
        accountKey: copyBytes(entry.accountKey),
        list: list.signed,
        departed: [...gone],
        signs: base.signs.filter(({ device }) => isListed(device)),
        proven: base.proven.filter(({ device }) => isListed(device)),
        ...(isHearsay ? { hearsay: true } : {}),
      },
    };
  }

  #commitKeyChange(tx: WriteTx, person: Person, blocks: boolean): Person | undefined {
    const { account, accountKey } = person.stored;
    if (blocks) {
      const shown = this.#conversations.get(account)?.changedKey;
      if (shown === undefined || !equalBytes(shown.accountKey, accountKey)) {
        this.#conversations.addEvent(tx, account, { what: 'key-changed' });
        this.#conversations.setChangedKey(tx, account, { accountKey, list: person.list.signed });
        tx.after(() => this.onKeyChange?.(account));
      }
      return undefined;
    }
    this.#conversations.addEvent(tx, account, { what: 'key-changed' });
    this.#believe(tx, person, 'unverified', 'device');
    return person;
  }

  /** Puts another account key into force, by the person's word or by this device's own rules. */
  #believe(tx: WriteTx, person: Person, trust: Contact['trust'], by: 'person' | 'device'): void {
    const { account, accountKey } = person.stored;
    this.#keep(tx, { ...person, stored: { ...person.stored, proven: [] } });
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
    if (this.isBlocked(account)) this.#conversations.setChangedKey(tx, account, undefined);
    tx.after(() => this.onKeyChange?.(account));
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

  #signs(account: AccountId, device: DeviceId): SignsOfLife {
    const signs = this.#people.get(account)?.stored.signs.find((entry) => entry.device === device);
    return signs ?? { device, statedAt: 0, askedAt: 0, heardAt: 0 };
  }

  /** The newest sign of life; the list that named the device is the first one. */
  #aliveAt(account: AccountId, device: DeviceId): number {
    const { statedAt, heardAt } = this.#signs(account, device);
    return Math.max(statedAt, heardAt, this.deviceOf(account, device)?.addedAt ?? 0);
  }

  #noteSigns(tx: WriteTx, account: AccountId, device: DeviceId, signs: Partial<SignsOfLife>): void {
    const next = { ...this.#signs(account, device), ...signs };
    this.edit(tx, account, (stored) => ({
      ...stored,
      signs: [...stored.signs.filter((entry) => entry.device !== device), next],
    }));
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

  #keep(tx: WriteTx, person: Person): void {
    const { account } = person.stored;
    this.#people.set(account, person);
    tx.put(T.people, K.account(this.#db, account), person.stored);
  }
}

function personOf(account: AccountId, accountKey: Uint8Array, list: VerifiedList): StoredPerson {
  return { account, accountKey, list: list.signed, departed: [], signs: [], proven: [] };
}

/** Whether both have one account key and one list. */
function isSame(a: Person, b: Person): boolean {
  return equalBytes(a.stored.accountKey, b.stored.accountKey) && equalBytes(a.list.hash, b.list.hash);
}

/** A judged person with everything besides the list as it is kept now. */
function onto({ stored: held }: Person, { list, stored }: Person): Person {
  const isListed = (device: DeviceId): boolean => list.devices.some((listed) => listed.device === device);
  const departed = new Set([...held.departed, ...stored.departed]);
  const { hearsay: _before, ...heldRest } = held;
  return {
    list,
    stored: {
      ...heldRest,
      ...(stored.hearsay === true && held.hearsay === true ? { hearsay: true } : {}),
      accountKey: stored.accountKey,
      list: stored.list,
      departed: [...departed].filter(isListed),
      signs: held.signs.filter(({ device }) => isListed(device)),
      proven: held.proven.filter(({ device }) => isListed(device)),
    },
  };
}

/** Whether both are kept with the same devices gone, and by the same word. */
function isKeptAlike(a: StoredPerson, b: StoredPerson): boolean {
  if ((a.hearsay === true) !== (b.hearsay === true)) return false;
  return a.departed.length === b.departed.length && a.departed.every((device) => b.departed.includes(device));
}

/**
 * Whether an entry under another key may come after what is known: its list goes on, or nobody but himself has said who he is, against
 * whom the directory's word stands.
 */
function mayFollow(list: ListView, known: Known): boolean {
  return !known.isAccepted || known.isHearsay || list.counter > known.list.counter;
}

/** When the next belief or word about a key takes place: after those before it, whatever a clock says. */
export function nextWordAt(now: number, { believedAt, judgedAt = 0 }: Contact): number {
  return Math.max(now, believedAt + 1, judgedAt + 1);
}

/** When the next decision about somebody takes place, likewise. */
export function decidedAt(now: number, { changedAt }: Contact): number {
  return Math.max(now, changedAt + 1);
}

/** A fresh contact for the record. */
export function newContact(
  person: Person,
  state: Contact['state'],
  trust: Contact['trust'],
  now: number,
): Contact {
  return {
    account: idBytes(person.stored.account),
    accountKey: person.stored.accountKey,
    trust,
    believedAt: now,
    state,
    changedAt: now,
    list: { counter: person.list.counter, hash: person.list.hash },
    keysAt: 0,
    ...(person.stored.hearsay === true ? { hearsay: true } : {}),
  };
}
