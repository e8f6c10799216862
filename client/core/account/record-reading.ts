/**
 * Reading the account record from the server into the one that this device has: opened, held against what is known, merged where both have
 * changed. What the server shows is not believed where it is older, another one under a known version, or does not follow the one before.
 */
import { decodeB64u, encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { AccountRecord } from '@tacet/protocol/content/record';
import { getRecord } from '@tacet/protocol/rest/accounts';
import { hashRecord } from '@tacet/crypto/vault';
import { T } from '../db/stores.ts';
import { CoreError, fetchPart, isCoreError } from '../failure.ts';
import type { HeldRecord } from './held-record.ts';
import { encodedOrFull, hasRoomToGoOn } from './record-form.ts';
import type { Newest, RecordNeeds } from './record-needs.ts';
import { openSealedRecord } from './sealed-record.ts';

/** An absurd version must not leave the record without a next one. */
const PASSED_OVER_BELOW = Number.MAX_SAFE_INTEGER / 2;

/** Reads the record. Its caller sees to it that one reading runs at a time. */
export class RecordReading {
  readonly #needs: RecordNeeds;
  readonly #held: HeldRecord;
  #isOutdated = false;
  /** The older version that a restored server shows and the own one is to be put over; the one over which it was refused. */
  #over: number | undefined;
  #refusedOver: number | undefined;

  constructor(needs: RecordNeeds, held: HeldRecord) {
    this.#needs = needs;
    this.#held = held;
  }

  /** What was read last is of a newer build. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  /**
   * Reads the server's record and takes it in; gives the newest version. `over`: it is about to be replaced, so one that cannot be taken
   * in is no fault. Its version is given and nothing is taken from it.
   */
  async fetch(atLeast: number, over = false): Promise<Newest> {
    const { rest, db, twoClocks } = this.#needs;
    const known = this.#held.stored.version;
    const reply = await rest.call(getRecord, { token: await this.#needs.token() });
    const sealed = decodeB64u(reply.sealed);
    if (sealed !== undefined && this.#isToBeBrought(reply.version, atLeast)) {
      await this.#takeOlder(reply.version, sealed);
      return this.#held.newest;
    }
    this.#over = undefined;
    if (sealed === undefined || reply.version < this.#held.stored.version || reply.version < atLeast) {
      throw this.#contradicted(known, 'an older account record');
    }
    const hash = hashRecord(sealed);
    if (reply.version === this.#held.stored.version) {
      if (equalBytes(hash, this.#held.stored.hash)) {
        this.brought();
        return this.#held.newest;
      }
      // Another own device has brought a restored server to the version that this one knows.
      if (!this.#needs.mayBring()) {
        throw this.#contradicted(known, 'another account record under a known version');
      }
    }
    const newest = { version: reply.version, hash };
    const theirs = await this.#open(reply.version, sealed).catch((error: unknown) => {
      const isOfNewerBuild = isCoreError(error, 'app-outdated');
      if (isOfNewerBuild) this.setOutdated(true);
      else if (!isCoreError(error, 'server-dishonest')) throw error;
      const isPassedOver = !isOfNewerBuild && this.#needs.mayBring() && reply.version < PASSED_OVER_BELOW;
      if (!over && !isPassedOver) throw error;
      return 'unreadable' as const;
    });
    if (theirs === 'unreadable') {
      if (!over) await this.#passOver(newest);
      return newest;
    }
    if (theirs === undefined) return over ? newest : this.#held.newest;
    const { guardRecord, mergeRecords } = await fetchPart(() => import('./merge.ts'));
    if (
      reply.version === this.#held.stored.version + 1 &&
      !equalBytes(theirs.previous, this.#held.stored.hash) &&
      !this.#needs.mayBring()
    ) {
      const fault = this.#contradicted(known, 'a record that does not follow the one before');
      if (over) return newest;
      throw fault;
    }
    const isTaken = await db.write([T.record], async (tx) => {
      const isFork = reply.version === this.#held.stored.version && !equalBytes(hash, this.#held.stored.hash);
      if (reply.version <= this.#held.stored.version && !isFork) return true;
      const wasDirty = this.#held.stored.dirty || isFork;
      const next = wasDirty
        ? mergeRecords(this.#held.value, theirs, twoClocks.earliest)
        : guardRecord(this.#held.value, theirs);
      const dirty = wasDirty || next !== theirs;
      const plain = encodedOrFull(next);
      // Told outside: what is thrown in here ends every write of this device.
      if (plain === undefined) return false;
      // Nor may it be filled to where this device's next own entry would.
      if (plain.length > this.#held.size && !hasRoomToGoOn(plain.length)) return false;
      this.#held.keep(tx, { version: reply.version, hash, plain, dirty }, next);
      return true;
    });
    if (!isTaken) {
      if (over) return newest;
      throw new CoreError('record-full', 'two records that are too much for one');
    }
    this.setOutdated(false);
    this.#needs.taken();
    return this.#held.newest;
  }

  /** What an upload is put over, if a restored server has shown an older version and this device has the receipt for its own. */
  async over(): Promise<
    { readonly version: number; readonly hash: string; readonly receipt: string } | undefined
  > {
    if (this.#over === undefined) return undefined;
    const { version, hash } = this.#held.newest;
    const receipt = await this.#needs.receiptOf(version);
    if (receipt === undefined) return undefined;
    return { version: this.#over, hash: encodeB64u(hash), receipt: encodeB64u(receipt) };
  }

  /** The upload was refused. */
  refused(): void {
    this.#refusedOver = this.#over ?? this.#refusedOver;
    this.#over = undefined;
  }

  /** What is on the server is as new as what is here. */
  brought(): void {
    this.#over = undefined;
    this.#refusedOver = undefined;
    if (this.#needs.mayBring()) this.#needs.brought();
  }

  /** Whether an older version is one that a restored server has. One over which the own was refused is a contradiction like any other. */
  #isToBeBrought(version: number, atLeast: number): boolean {
    const isOlder = version < this.#held.stored.version && atLeast <= this.#held.stored.version;
    return isOlder && this.#needs.mayBring() && version !== this.#refusedOver;
  }

  /**
   * An older version that a restored server has: what another own device may have added to it since is merged as between any two own
   * devices, and this device's own goes up over it. Nothing known is lowered.
   */
  async #takeOlder(version: number, sealed: Uint8Array): Promise<void> {
    const { db, twoClocks } = this.#needs;
    // Sealed under a key from before a removal, it holds nothing that this device does not know.
    const theirs = await this.#open(version, sealed).catch(() => undefined);
    const { mergeRecords } = await fetchPart(() => import('./merge.ts'));
    await db.write([T.record], async (tx) => {
      const { stored, value } = this.#held;
      const merged = theirs === undefined ? value : mergeRecords(value, theirs, twoClocks.earliest);
      const plain = encodedOrFull(merged);
      const next = plain === undefined ? value : merged;
      this.#held.keep(tx, { ...stored, plain: plain ?? stored.plain, dirty: true }, next);
    });
    this.#over = version;
  }

  /**
   * A record on a restored server that opens under no key of this account: a device that was removed after the backup could write until the
   * list came back. Nothing is taken from it; this device's own goes up as the version after it, and names the last real one that the other
   * devices may have.
   */
  async #passOver({ version, hash }: Newest): Promise<void> {
    await this.#needs.db.write([T.record], async (tx) => {
      const { stored, value } = this.#held;
      const isLater = version > stored.version;
      this.#held.keep(tx, { ...stored, ...(isLater ? { version, hash } : {}), dirty: true }, value);
    });
  }

  /** Notes whether the newest record is of a newer build. */
  setOutdated(is: boolean): void {
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
    if (known === this.#held.stored.version) this.#needs.contradicted();
    return new CoreError('server-dishonest', message);
  }
}
