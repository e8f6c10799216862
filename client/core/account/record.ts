/**
 * The account record of this device: in memory, in local storage, and sealed on the server. A change is stored at once and uploaded
 * soon; of two devices that change it at the same time the second merges and tries again (`record-reading.ts`). A record that a newer build
 * of an own device wrote is left alone, and told of: nothing is uploaded over it until this device is as new.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import type { AccountRecord, Contact } from '@tacet/protocol/content/record';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, type AccountId } from '@tacet/protocol/ids';
import { putRecord } from '@tacet/protocol/rest/accounts';
import { hashRecord, sealRecord } from '@tacet/crypto/vault';
import type { WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { StoredRecord } from '../db/stored-device.ts';
import { CoreError, isCoreError } from '../failure.ts';
import { KeyedLocks } from '../locks.ts';
import { isRepeatable } from '../transport/rest.ts';
import { HeldRecord } from './held-record.ts';
import { encodedOrFull, encodeRecord, hasRoomForContact } from './record-form.ts';
import type { Newest, RecordNeeds } from './record-needs.ts';
import { RecordReading } from './record-reading.ts';

/** Changes within this time travel together. */
const UPLOAD_DELAY_MS = 300;
/** Tries against other devices that write at the same time. */
const MERGES_MOST = 8;

/** Keeps the record. */
export class RecordKeeper {
  readonly #needs: RecordNeeds;
  readonly #locks = new KeyedLocks();
  readonly #held: HeldRecord;
  readonly #reading: RecordReading;
  #cancelUpload: (() => void) | undefined;
  #stopped = false;

  /** `value`: what `stored` holds, where it has been read. */
  constructor(needs: RecordNeeds, stored: StoredRecord, value?: AccountRecord) {
    this.#needs = needs;
    this.#held = new HeldRecord(() => needs.changed(), stored, value);
    this.#reading = new RecordReading(needs, this.#held);
  }

  get value(): AccountRecord {
    return this.#held.value;
  }
  get version(): number {
    return this.#held.stored.version;
  }
  /** The newest version that is known to be on the server. */
  get newest(): Newest {
    return this.#held.newest;
  }
  get contacts(): readonly Contact[] {
    return this.#held.value.contacts;
  }

  contact(account: AccountId): Contact | undefined {
    return this.#held.contact(account);
  }

  /** Another own device runs a newer build, whose record this one cannot read: nothing is taken from it and nothing goes up. */
  get isOutdated(): boolean {
    return this.#reading.isOutdated;
  }

  /** Whether somebody new can be taken in. */
  get hasRoom(): boolean {
    return hasRoomForContact(this.#held.value, this.#held.size);
  }

  /** Throws `CoreError` `record-full` unless there is room for somebody new, or he is known already. */
  requireRoomFor(account: AccountId): void {
    if (this.#held.contact(account) !== undefined || this.hasRoom) return;
    throw new CoreError('record-full', 'no room for another contact');
  }

  /** Whether the record is one that can be kept after a change. */
  fits(edit: (record: AccountRecord) => AccountRecord): boolean {
    return encodedOrFull(edit(this.#held.value), this.#held.value) !== undefined;
  }

  /** Begins an upload that an earlier run left undone. */
  resume(): void {
    if (this.#held.stored.dirty) this.#schedule();
  }

  /**
   * Changes the record in memory and in the transaction given, which must hold `T.record`; the upload follows. Throws `CoreError`
   * `record-full` before anything is written where the record could not be read again: whoever lets it grow asks for room first.
   */
  change(tx: WriteTx, edit: (record: AccountRecord) => AccountRecord): void {
    const next = edit(this.#held.value);
    if (next === this.#held.value) return;
    this.#held.keep(
      tx,
      { ...this.#held.stored, plain: encodeRecord(next, this.#held.value), dirty: true },
      next,
    );
    this.#schedule();
  }

  /** Changes one contact; `edit` gets `undefined` for somebody new. */
  changeContact(tx: WriteTx, account: AccountId, edit: (contact: Contact | undefined) => Contact): void {
    const held = this.#held.contact(account);
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
    return this.#locks.run(['record'], async () => work(await this.#reading.fetch(0, true)));
  }

  /**
   * Takes over a version that was uploaded in another way, with the edit that made it; what has changed meanwhile stays and is uploaded
   * after it. The transaction holds `T.record`.
   */
  adopt(tx: WriteTx, uploaded: Newest, edit: (record: AccountRecord) => AccountRecord): void {
    if (uploaded.version <= this.#held.stored.version) {
      this.change(tx, edit);
      return;
    }
    const next = edit(this.#held.value);
    this.#held.keep(tx, { ...uploaded, plain: encodeRecord(next, this.#held.value), dirty: true }, next);
    this.#schedule();
    tx.after(() => {
      this.#reading.setOutdated(false);
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
        await this.#reading.fetch(atLeast);
      } catch (error) {
        if (!isCoreError(error, 'app-outdated')) throw error;
        return;
      }
      if (this.#held.stored.dirty) this.#schedule();
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
    for (let merges = 0; this.#held.stored.dirty && !this.#stopped; merges += 1) {
      // What was changed here goes up under the new key, once it has come.
      if (!this.#needs.isKeyCurrent()) return;
      if (merges > MERGES_MOST) throw new CoreError('server-dishonest', 'the record never settles');
      const version = this.#held.stored.version + 1;
      const value = { ...this.#held.value, previous: this.#held.stored.hash };
      const plain = encodeRecord(value, this.#held.value);
      const sealed = sealRecord(this.#needs.recordKey(), plain, { account: idBytes(account), version });
      const sent = this.#held.value;
      const over = await this.#reading.over();
      let receipt: string;
      try {
        const reply = await rest.call(putRecord, {
          body: { version, sealed: encodeB64u(sealed), ...(over === undefined ? {} : { over }) },
          token: await this.#needs.token(),
        });
        ({ receipt } = reply);
      } catch (error) {
        if (!isWireError(error, 'version-mismatch')) throw error;
        this.#reading.refused();
        // A restored server may have an older one, which the next try is put over.
        await this.#reading.fetch(this.#needs.mayBring() ? 0 : version);
        continue;
      }
      await db.write([T.record, T.receiptsKept], async (tx) => {
        await this.#needs.keepReceipt(tx, version, receipt);
        // A removal has put a later one in its place.
        if (version <= this.#held.stored.version) return;
        // Asked here: writes that were waiting may have changed it since the answer came.
        const unchanged = sent === this.#held.value;
        const next = unchanged ? value : { ...this.#held.value, previous: this.#held.stored.hash };
        const kept = unchanged ? plain : encodeRecord(next, this.#held.value);
        this.#held.keep(tx, { version, hash: hashRecord(sealed), plain: kept, dirty: !unchanged }, next);
      });
      this.#reading.brought();
      this.#needs.uploaded(version);
    }
  }
}
