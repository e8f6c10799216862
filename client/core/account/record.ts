/**
 * The account record of this device: in memory, in local storage, and sealed on the server. A change is stored at once and uploaded
 * soon; of two devices that change it at the same time the second merges and tries again. A server that shows an older version, another
 * record under a known version, or a record that does not name the one before is not believed, and nothing is lowered for it.
 */
import { equalBytes, decodeB64u, encodeB64u } from '@tacet/protocol/bytes';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { AccountRecord, type Contact } from '@tacet/protocol/content/record';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type AccountId } from '@tacet/protocol/ids';
import { getRecord, putRecord } from '@tacet/protocol/rest/accounts';
import { hashRecord, openRecord, sealRecord, type RecordKey } from '@tacet/crypto/vault';
import type { Background } from '../background.ts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { T, type StoredRecord } from '../db/stores.ts';
import { CoreError, fetchPart } from '../failure.ts';
import { KeyedLocks } from '../locks.ts';
import type { Clock } from '../ports.ts';
import { isRepeatable, type Rest } from '../transport/rest.ts';

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
}

/** The first form of a record as it is sealed. */
export function sealFirstRecord(
  recordKey: RecordKey,
  account: AccountId,
  record: AccountRecord,
): { readonly sealed: Uint8Array<ArrayBuffer>; readonly stored: StoredRecord } {
  const plain = encodeCbor(record);
  const sealed = sealRecord(recordKey, plain, { account: idBytes(account), version: 1 });
  return { sealed, stored: { version: 1, hash: hashRecord(sealed), plain, dirty: false } };
}

/** Opens a record as the server gave it. Throws `CoreError` `server-dishonest`. */
export function openSealedRecord(
  recordKey: RecordKey,
  account: AccountId,
  version: number,
  sealed: Uint8Array,
): AccountRecord {
  try {
    const plain = openRecord(recordKey, sealed, { account: idBytes(account), version });
    return parseCbor(AccountRecord, plain);
  } catch (cause) {
    throw new CoreError('server-dishonest', 'a record that this account did not write', { cause });
  }
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

  constructor(needs: RecordNeeds, stored: StoredRecord) {
    this.#needs = needs;
    this.#stored = stored;
    this.#value = parseCbor(AccountRecord, stored.plain);
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

  /** Begins an upload that an earlier run left undone. */
  resume(): void {
    if (this.#stored.dirty) this.#schedule();
  }

  /**
   * Changes the record in memory and in the transaction given, which must hold `T.record`; the upload follows.
   */
  change(tx: WriteTx, edit: (record: AccountRecord) => AccountRecord): void {
    const next = edit(this.#value);
    if (next === this.#value) return;
    this.#keep(tx, { ...this.#stored, plain: encodeCbor(next), dirty: true }, next);
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
   * replaced.
   */
  async holding<Value>(
    work: (newest: { readonly version: number; readonly hash: Uint8Array }) => Promise<Value>,
  ): Promise<Value> {
    return this.#locks.run(['record'], async () => {
      await this.#fetch(0);
      return work({ version: this.#stored.version, hash: this.#stored.hash });
    });
  }

  /**
   * Takes over a version that was uploaded in another way, with the edit that made it; what has changed meanwhile stays and is uploaded
   * after it. The transaction holds `T.record`.
   */
  adopt(
    tx: WriteTx,
    uploaded: { readonly version: number; readonly hash: Uint8Array },
    edit: (record: AccountRecord) => AccountRecord,
  ): void {
    if (uploaded.version <= this.#stored.version) {
      this.change(tx, edit);
      return;
    }
    const next = edit(this.#value);
    this.#keep(tx, { ...uploaded, plain: encodeCbor(next), dirty: true }, next);
    this.#schedule();
    tx.after(() => this.#needs.uploaded(uploaded.version));
  }

  /** Reads the server's record and merges it. Throws `CoreError` `server-dishonest` for a rollback or a forgery. */
  async refresh(atLeast = 0): Promise<void> {
    await this.#locks.run(['record'], async () => {
      await this.#fetch(atLeast);
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
            // Without a connection it goes up after the next welcome.
            if (!isRepeatable(error)) throw error;
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
      const plain = encodeCbor(value);
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
        this.#keep(
          tx,
          { version, hash: hashRecord(sealed), plain: encodeCbor(next), dirty: !unchanged },
          next,
        );
      });
      this.#needs.uploaded(version);
    }
  }

  async #fetch(atLeast: number): Promise<void> {
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
      return;
    }
    const theirs = await this.#open(reply.version, sealed);
    if (theirs === undefined) return;
    const { guardRecord, mergeRecords } = await fetchPart(() => import('./merge.ts'));
    if (reply.version === this.#stored.version + 1 && !equalBytes(theirs.previous, this.#stored.hash)) {
      throw this.#contradicted(known, 'a record that does not follow the one before');
    }
    await db.write([T.record], async (tx) => {
      if (reply.version <= this.#stored.version) return;
      const wasDirty = this.#stored.dirty;
      const next = wasDirty
        ? mergeRecords(this.#value, theirs, clock.now())
        : guardRecord(this.#value, theirs);
      const dirty = wasDirty || next !== theirs;
      this.#keep(tx, { version: reply.version, hash, plain: encodeCbor(next), dirty }, next);
    });
  }

  /** `undefined`: the record is sealed under a key that this device has yet to get. */
  async #open(version: number, sealed: Uint8Array): Promise<AccountRecord | undefined> {
    const { account } = this.#needs;
    const tried = this.#needs.recordKey();
    try {
      return openSealedRecord(tried, account, version, sealed);
    } catch (error) {
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
