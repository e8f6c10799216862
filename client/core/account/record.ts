/**
 * The account record of this device: in memory, in local storage, and sealed on the server. A change is stored at once and uploaded
 * soon; of two devices that change it at the same time the second merges and tries again. A server that shows an older version, another
 * record under a known version, or a record that does not name the one before is not believed, and nothing is lowered for it. A record that
 * a newer build of an own device wrote is left alone, and told of: nothing is uploaded over it until this device is as new.
 */
import { equalBytes, decodeB64u, encodeB64u } from '@tacet/protocol/bytes';
import { parseCbor } from '@tacet/protocol/cbor';
import { AccountRecord, type Contact } from '@tacet/protocol/content/record';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type AccountId } from '@tacet/protocol/ids';
import { getRecord, putRecord } from '@tacet/protocol/rest/accounts';
import { hashRecord, sealRecord, type RecordKey } from '@tacet/crypto/vault';
import type { Background } from '../background.ts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { T, type StoredRecord } from '../db/stores.ts';
import { CoreError, fetchPart, isCoreError } from '../failure.ts';
import { KeyedLocks } from '../locks.ts';
import type { Clock } from '../ports.ts';
import { isRepeatable, type Rest } from '../transport/rest.ts';
import { encodedOrFull, encodeRecord, hasRoomForContact, hasRoomToGoOn } from './record-form.ts';
import { openSealedRecord } from './sealed-record.ts';

/** Changes within this time travel together. */
const UPLOAD_DELAY_MS = 300;
/** Tries against other devices that write at the same time. */
const MERGES_MOST = 8;

/** What the record needs. */
export interface RecordNeeds {
  readonly db: SealedDb;
  readonly rest: Rest;
  readonly clock: Clock;
  readonly background: Background;
  readonly account: AccountId;
  /** The record key that this device has. */
  recordKey(): RecordKey;
  /** Whether the own list in force, as far as known, names that key. */
  isKeyCurrent(): boolean;
  /** Reads the own list; whether it names another record key than this device has. The new one comes inside the encryption. */
  awaitsKey(): Promise<boolean>;
  token(): Promise<string>;
  /** Told after every change, own or merged. */
  changed(): void;
  /** A version is on the server: the other own devices are told. */
  uploaded(version: number): void;
  /** The server has shown an older record than the one known, or another one under a known version. */
  contradicted(): void;
  /** `RecordKeeper.isOutdated` has changed. */
  outdated(): void;
}

/** The newest version on the server. */
interface Newest {
  readonly version: number;
  readonly hash: Uint8Array;
}

/** Keeps the record. */
export class RecordKeeper {
  readonly #needs: RecordNeeds;
  readonly #locks = new KeyedLocks();
  #stored: StoredRecord;
  #value: AccountRecord;
  #contacts = new Map<AccountId, Contact>();
  #cancelUpload: (() => void) | undefined;
  #stopped = false;
  #isOutdated = false;

  /** `value`: what `stored` holds, where it has been read. */
  constructor(needs: RecordNeeds, stored: StoredRecord, value = parseCbor(AccountRecord, stored.plain)) {
    this.#needs = needs;
    this.#stored = stored;
    this.#value = value;
    this.#index();
  }

  get value(): AccountRecord {
    return this.#value;
  }
  get version(): number {
    return this.#stored.version;
  }
  get contacts(): readonly Contact[] {
    return this.#value.contacts;
  }

  contact(account: AccountId): Contact | undefined {
    return this.#contacts.get(account);
  }

  /** Another own device runs a newer build, whose record this one cannot read: nothing is taken from it and nothing goes up. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  /** Whether somebody new can be taken in. */
  get hasRoom(): boolean {
    return hasRoomForContact(this.#value, this.#stored.plain.length);
  }

  /** Throws `CoreError` `record-full` unless there is room for somebody new, or he is known already. */
  requireRoomFor(account: AccountId): void {
    if (this.#contacts.has(account) || this.hasRoom) return;
    throw new CoreError('record-full', 'no room for another contact');
  }

  /** Whether the record is one that can be kept after a change. */
  fits(edit: (record: AccountRecord) => AccountRecord): boolean {
    return encodedOrFull(edit(this.#value), this.#value) !== undefined;
  }

  /** Begins an upload that an earlier run left undone. */
  resume(): void {
    if (this.#stored.dirty) this.#schedule();
  }

  /**
   * Changes the record in memory and in the transaction given, which must hold `T.record`; the upload follows. Throws `CoreError`
   * `record-full` before anything is written where the record could not be read again: whoever lets it grow asks for room first.
   */
  change(tx: WriteTx, edit: (record: AccountRecord) => AccountRecord): void {
    const next = edit(this.#value);
    if (next === this.#value) return;
    this.#keep(tx, { ...this.#stored, plain: encodeRecord(next, this.#value), dirty: true }, next);
    this.#schedule();
  }

  /** Changes one contact; `edit` gets `undefined` for somebody new. */
  changeContact(tx: WriteTx, account: AccountId, edit: (contact: Contact | undefined) => Contact): void {
    const held = this.#contacts.get(account);
    const next = edit(held);
    if (next === held) return;
    this.change(tx, (record) => ({
      ...record,
      contacts: [...record.contacts.filter((contact) => contact !== held), next],
    }));
  }

  /** Uploads now and waits for it: before something is handed out that only the record can answer. */
  async flush(): Promise<void> {
    this.#cancelUpload?.();
    this.#cancelUpload = undefined;
    await this.#locks.run(['record'], () => this.#upload());
  }

  /**
   * Holds every upload back while `work` replaces the record on the server, from its newest version on; `adopt` puts in place what was
   * replaced. One that cannot be read, does not follow, or is too full is replaced too: whoever removes a device must not be kept from it
   * by what that device wrote. The other devices bring what they know.
   */
  async holding<Value>(work: (newest: Newest) => Promise<Value>): Promise<Value> {
    return this.#locks.run(['record'], async () => work(await this.#fetch(0, true)));
  }

  /**
   * Takes over a version that was uploaded in another way, with the edit that made it; what has changed meanwhile stays and is uploaded
   * after it. The transaction holds `T.record`.
   */
  adopt(tx: WriteTx, uploaded: Newest, edit: (record: AccountRecord) => AccountRecord): void {
    if (uploaded.version <= this.#stored.version) {
      this.change(tx, edit);
      return;
    }
    const next = edit(this.#value);
    this.#keep(tx, { ...uploaded, plain: encodeRecord(next, this.#value), dirty: true }, next);
    this.#schedule();
    tx.after(() => {
      this.#setOutdated(false);
      this.#needs.uploaded(uploaded.version);
    });
  }

  /**
   * Reads the server's record and merges it. Throws `CoreError` `server-dishonest` for a rollback or a forgery, and `record-full` where both
   * together are more than a record holds. One of a newer build is told by `isOutdated`.
   */
  async refresh(atLeast = 0): Promise<void> {
    await this.#locks.run(['record'], async () => {
      try {
        await this.#fetch(atLeast);
      } catch (error) {
        if (!isCoreError(error, 'app-outdated')) throw error;
        return;
      }
      if (this.#stored.dirty) this.#schedule();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelUpload?.();
  }

  #schedule(): void {
    if (this.#stopped || this.#cancelUpload !== undefined) return;
    this.#cancelUpload = this.#needs.clock.after(UPLOAD_DELAY_MS, () => {
      this.#cancelUpload = undefined;
      this.#needs.background.run(
        this.#locks
          .run(['record'], () => this.#upload())
          .catch((error: unknown) => {
            // Without a connection it goes up after the next welcome; over a newer build's record never.
            if (!isRepeatable(error) && !isCoreError(error, 'app-outdated')) throw error;
          }),
        'upload the account record',
      );
    });
  }

  async #upload(): Promise<void> {
    const { rest, db, account } = this.#needs;
    for (let merges = 0; this.#stored.dirty && !this.#stopped; merges += 1) {
      // What was changed here goes up under the new key, once it has come.
      if (!this.#needs.isKeyCurrent()) return;
      if (merges > MERGES_MOST) throw new CoreError('server-dishonest', 'the record never settles');
      const version = this.#stored.version + 1;
      const value = { ...this.#value, previous: this.#stored.hash };
      const plain = encodeRecord(value, this.#value);
      const sealed = sealRecord(this.#needs.recordKey(), plain, { account: idBytes(account), version });
      const sent = this.#value;
      try {
        await rest.call(putRecord, {
          body: { version, sealed: encodeB64u(sealed) },
          token: await this.#needs.token(),
        });
      } catch (error) {
        if (!isWireError(error, 'version-mismatch')) throw error;
        await this.#fetch(version);
        continue;
      }
      await db.write([T.record], async (tx) => {
        // A removal has put a later one in its place.
        if (version <= this.#stored.version) return;
        // Asked here: writes that were waiting may have changed it since the answer came.
        const unchanged = sent === this.#value;
        const next = unchanged ? value : { ...this.#value, previous: this.#stored.hash };
        const kept = unchanged ? plain : encodeRecord(next, this.#value);
        this.#keep(tx, { version, hash: hashRecord(sealed), plain: kept, dirty: !unchanged }, next);
      });
      this.#needs.uploaded(version);
    }
  }

  /**
   * Reads the server's record and takes it in; gives the newest version. `over`: it is about to be replaced, so one that cannot be taken
   * in is no fault. Its version is given and nothing is taken from it.
   */
  async #fetch(atLeast: number, over = false): Promise<Newest> {
    const { rest, db, clock } = this.#needs;
    const known = this.#stored.version;
    const reply = await rest.call(getRecord, { token: await this.#needs.token() });
    const sealed = decodeB64u(reply.sealed);
    if (sealed === undefined || reply.version < this.#stored.version || reply.version < atLeast) {
      throw this.#contradicted(known, 'an older account record');
    }
    const hash = hashRecord(sealed);
    if (reply.version === this.#stored.version) {
      if (!equalBytes(hash, this.#stored.hash)) {
        throw this.#contradicted(known, 'another account record under a known version');
      }
      return this.#newest;
    }
    const newest = { version: reply.version, hash };
    const theirs = await this.#open(reply.version, sealed).catch((error: unknown) => {
      if (isCoreError(error, 'app-outdated')) this.#setOutdated(true);
      else if (!isCoreError(error, 'server-dishonest')) throw error;
      if (!over) throw error;
      return 'unreadable' as const;
    });
    if (theirs === 'unreadable') return newest;
    if (theirs === undefined) return over ? newest : this.#newest;
    const { guardRecord, mergeRecords } = await fetchPart(() => import('./merge.ts'));
    if (reply.version === this.#stored.version + 1 && !equalBytes(theirs.previous, this.#stored.hash)) {
      const fault = this.#contradicted(known, 'a record that does not follow the one before');
      if (over) return newest;
      throw fault;
    }
    const isTaken = await db.write([T.record], async (tx) => {
      if (reply.version <= this.#stored.version) return true;
      const wasDirty = this.#stored.dirty;
      const next = wasDirty
        ? mergeRecords(this.#value, theirs, clock.now())
        : guardRecord(this.#value, theirs);
      const dirty = wasDirty || next !== theirs;
      const plain = encodedOrFull(next);
      // Told outside: what is thrown in here ends every write of this device.
      if (plain === undefined) return false;
      // Nor may it be filled to where this device's next own entry would.
      if (plain.length > this.#stored.plain.length && !hasRoomToGoOn(plain.length)) return false;
      this.#keep(tx, { version: reply.version, hash, plain, dirty }, next);
      return true;
    });
    if (!isTaken) {
      if (over) return newest;
      throw new CoreError('record-full', 'two records that are too much for one');
    }
    this.#setOutdated(false);
    return this.#newest;
  }

  get #newest(): Newest {
    const { version, hash } = this.#stored;
    return { version, hash };
  }

  #setOutdated(is: boolean): void {
    if (this.#isOutdated === is) return;
    this.#isOutdated = is;
    this.#needs.outdated();
  }

  /** `undefined`: the record is sealed under a key that this device has yet to get. */
  async #open(version: number, sealed: Uint8Array): Promise<AccountRecord | undefined> {
    const { account } = this.#needs;
    const tried = this.#needs.recordKey();
    try {
      return await openSealedRecord(tried, account, version, sealed);
    } catch (error) {
      if (!isCoreError(error, 'server-dishonest')) throw error;
      if (await this.#needs.awaitsKey()) return undefined;
      const key = this.#needs.recordKey();
      if (equalBytes(key, tried)) throw error;
      // It came while the list was read.
      return openSealedRecord(key, account, version, sealed);
    }
  }

  /** `known`: the version when the server was asked; one that came meanwhile makes an honest answer look old. */
  #contradicted(known: number, message: string): CoreError {
    if (known === this.#stored.version) this.#needs.contradicted();
    return new CoreError('server-dishonest', message);
  }

  #keep(tx: WriteTx, stored: StoredRecord, value: AccountRecord): void {
    tx.put(T.record, 'record', stored);
    this.#stored = stored;
    this.#value = value;
    this.#index();
    tx.after(() => this.#needs.changed());
  }

  #index(): void {
    this.#contacts = new Map(
      this.#value.contacts.map((contact) => [idOf<AccountId>(contact.account), contact]),
    );
  }
}
