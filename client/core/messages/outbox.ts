/**
 * What is on its way. A content is stored with its outbox entry in one transaction; then, account by account and in order, it is
 * numbered and encrypted for each listed device, ratchet state and ciphertexts are stored, and only then it leaves, with the same
 * envelope ids until the server has it. A list that changed meanwhile is verified and only what is needed is encrypted again.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { Content } from '@tacet/protocol/content/index';
import { isWireError } from '@tacet/protocol/errors';
import type { AccountId, DeviceId, MessageId } from '@tacet/protocol/ids';
import type { RecordKeeper } from '../account/record.ts';
import type { Background } from '../background.ts';
import { LINE_TABLES, type Conversations } from '../conversations.ts';
import type { WriteTx } from '../db/sealed.ts';
import { T, type OutboxEntry, type OutgoingEnvelope, type SentRecord } from '../db/stores.ts';
import type { Person } from '../people/person.ts';
import { CoreError, failureFrom, isCoreError } from '../failure.ts';
import { nameOfKey } from '../key-name.ts';
import { isRepeatable } from '../transport/rest.ts';
import type { Failure } from '../view.ts';
import { REPAIR_DAYS } from './copies.ts';
import {
  CORRECTIONS_MOST,
  ENCRYPT_TABLES,
  Envelopes,
  type EntryKeeper,
  type EnvelopeNeeds,
} from './envelopes.ts';
import { draftOf } from './frames.ts';
import { Transmission, type TransmissionNeeds } from './transmission.ts';

/** A passing fault is tried again after this, doubled each time, at most a minute. */
const FIRST_RETRY_MS = 500;
const MOST_RETRY_MS = 60_000;
/** Nobody makes it wait longer by saying so. */
const MOST_WAIT_MS = 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** Rows deleted in one sweep. */
const SWEEP_MOST = 5_000;
/** After every hidden name. */
const KEYS_END = new Uint8Array(17).fill(0xff);

/** Kinds that a person has made: after a key change they wait for a word of his. All others are the device's own business. */
const WRITTEN: ReadonlySet<string> = new Set(['text', 'edit', 'delete', 'reaction', 'timer']);

/** Tables of a compose: the content's line and its entry together. */
export const COMPOSE_TABLES = [...LINE_TABLES, ...ENCRYPT_TABLES] as const;
const FINISH_TABLES = [...LINE_TABLES, T.outbox] as const;

/** What the outbox needs. */
export interface OutboxNeeds extends EnvelopeNeeds, TransmissionNeeds {
  readonly background: Background;
  readonly conversations: Conversations;
  readonly record: RecordKeeper;
}

/** What is to be sent. */
export interface Outgoing {
  readonly to: AccountId;
  readonly content: Content;
  readonly id: MessageId;
  readonly sentAt: number;
  /** Whether a message line shows how far it has come. */
  readonly line?: boolean;
  /** The message whose words this holds, if it is not that message itself. */
  readonly about?: MessageId;
  /** Whether the line of `about` shows that this is still on its way. */
  readonly amends?: boolean;
  /** One device alone. */
  readonly only?: DeviceId;
  /** In a session from a fresh bundle. */
  readonly fresh?: boolean;
}

/** Says how one try ended. `later`: try again at `at`, or with the next connection. */
type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'later'; readonly at: number | undefined }
  /** The account key has changed since it was written. */
  | { readonly kind: 'held' }
  /** Nothing leaves for this account until the person has decided about its key. */
  | { readonly kind: 'blocked' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** The outbox of this device. */
export class Outbox {
  readonly #needs: OutboxNeeds;
  readonly #queues = new Map<AccountId, OutboxEntry[]>();
  /** Entries whose transaction has not been committed yet: nothing of them leaves, whoever looks at the queue meanwhile. */
  readonly #uncommitted = new Set<number>();
  readonly #pumping = new Set<AccountId>();
  readonly #retries = new Map<AccountId, { readonly cancel: () => void; readonly delayMs: number }>();
  readonly #envelopes: Envelopes;
  readonly #transmission: Transmission;
  readonly #keeper: EntryKeeper = {
    holds: (entry) => this.#find(entry) !== undefined,
    current: (entry) => this.#find(entry),
    replace: (tx, entry) => this.#replace(tx, entry),
  };
  #lastSeq = 0;
  /** Before the first connection nobody knows whether this device's state is old: nothing is encrypted with it. */
  #isOpen = false;
  #stopped = false;

  constructor(needs: OutboxNeeds) {
    this.#needs = needs;
    this.#envelopes = new Envelopes(needs);
    this.#transmission = new Transmission(needs);
  }

  /** Reads what an earlier run left. */
  async load(): Promise<void> {
    const rows = await this.#needs.db.read([T.outbox], (tx) => tx.range(T.outbox, {}));
    for (const { value } of rows) {
      this.#lastSeq = Math.max(this.#lastSeq, value.seq);
      this.#queue(value.to).push(value);
    }
  }

  /** Adds a content in a transaction that holds `T.outbox`; it leaves after the commit. */
  add(tx: WriteTx, outgoing: Outgoing): void {
    this.#push(tx, this.#entry(outgoing));
  }

  /**
   * Adds a content in a transaction that holds `COMPOSE_TABLES`, ready to leave at once if nothing else is on its way to this person and
   * nothing has to be asked before; otherwise like `add`.
   */
  async addReady(tx: WriteTx, outgoing: Outgoing): Promise<void> {
    const { to } = outgoing;
    const entry = this.#entry(outgoing);
    // Without a connection it waits unnumbered, so that it can still be taken back.
    const canLeave = this.#isOpen && this.#needs.connection.online;
    const isFirst = canLeave && !this.#pumping.has(to) && this.#queue(to).length === 0;
    const isReady =
      isFirst && (await this.#envelopes.sealWithin(tx, entry, (ready) => this.#push(tx, ready)));
    if (!isReady) this.#push(tx, entry);
  }

  #entry(outgoing: Outgoing): OutboxEntry {
    const draft = draftOf(outgoing.content);
    this.#lastSeq += 1;
    return {
      seq: this.#lastSeq,
      to: outgoing.to,
      ...draft,
      id: outgoing.id,
      sentAt: outgoing.sentAt,
      ...this.#underKey(outgoing.to, WRITTEN.has(draft.kind)),
      ...this.#underMessage(outgoing.to, outgoing.about),
      ...(outgoing.line === true ? { line: true } : {}),
      ...(outgoing.about === undefined ? {} : { about: outgoing.about }),
      ...(outgoing.amends === true ? { amends: true } : {}),
      ...(outgoing.only === undefined ? {} : { only: outgoing.only }),
      ...(outgoing.fresh === true ? { fresh: true } : {}),
    };
  }

  /** Adds a repair: the very frame that a device did not get, for that device alone. */
  addRepair(tx: WriteTx, record: SentRecord): void {
    this.#lastSeq += 1;
    this.#push(tx, {
      seq: this.#lastSeq,
      to: record.account,
      kind: 'repair',
      body: new Uint8Array(0),
      critical: false,
      durable: false,
      id: record.id,
      ...(record.about === undefined ? {} : { about: record.about }),
      sentAt: record.at,
      only: record.device,
      frame: record.frame,
      ...this.#underKey(record.account, true),
    });
  }

  /**
   * The words of a message go. `drop`: what has not been made ready to leave does not leave either. What was made ready leaves, because
   * its number is taken, and no copy of it is kept; unless it is held, then it never leaves under another key.
   */
  erase(tx: WriteTx, account: AccountId, message: MessageId, { drop }: { readonly drop: boolean }): void {
    for (const to of [account, this.#needs.own.value.account]) {
      const about = this.#queue(to).filter((entry) => entry.about === message || entry.id === message);
      for (const entry of about) {
        // A frame alone is a repair that has not been encrypted, or what the person has sent after a key change.
        const isReady = entry.frame !== undefined && entry.envelopes !== undefined;
        if (!drop || (isReady && entry.held !== true)) {
          this.#replace(tx, { ...entry, erased: true, ...(drop ? { gone: true } : {}) });
          continue;
        }
        this.#remove(tx, entry);
        if (entry.held === true) tx.after(() => this.#needs.conversations.touch(to));
      }
    }
  }

  /** Whether a message waits and has not been made ready to leave. */
  isUnready(account: AccountId, message: MessageId): boolean {
    return this.#queue(account).some(
      ({ id, line, frame }) => id === message && line === true && frame === undefined,
    );
  }

  /** Tries everything now: there is a connection, and the server has said whether this device's state is old. */
  kickAll(): void {
    this.#isOpen = true;
    for (const account of this.#queues.keys()) this.#kick(account);
  }

  /** Something about this person's account key was decided: what waits is looked at again. What was written under the key in force goes on. */
  async recheck(account: AccountId): Promise<void> {
    const { db } = this.#needs;
    if (!this.#needs.directory.isBlocked(account)) {
      await db.write(FINISH_TABLES, async (tx) => {
        for (const entry of this.held(account)) {
          if (!this.#mustWait(entry)) await this.#release(tx, entry);
        }
      });
    }
    this.#kick(account);
  }

  /** What was written before a key change and waits for the person, in order. */
  held(account: AccountId): readonly OutboxEntry[] {
    return this.#queue(account).filter(({ held }) => held === true);
  }

  /**
   * The person has said so: what waits, or what waits of one message, goes under the key that was shown, named as by `nameOfKey`. False:
   * another one is in force, or none, and nothing goes.
   */
  async sendHeld(account: AccountId, shownKey: string, message: MessageId | undefined): Promise<boolean> {
    const { db, directory } = this.#needs;
    return db.write(FINISH_TABLES, async (tx) => {
      const key = directory.keyOf(account);
      if (directory.isBlocked(account) || key === undefined || nameOfKey(key) !== shownKey) return false;
      for (const entry of this.#heldOf(account, message)) await this.#release(tx, entry);
      return true;
    });
  }

  /**
   * What waits, or what waits of one message, is not sent. Gives the entries of the messages among it. The transaction holds
   * `FINISH_TABLES`.
   */
  async dropHeld(
    tx: WriteTx,
    account: AccountId,
    message: MessageId | undefined,
  ): Promise<readonly OutboxEntry[]> {
    const dropped = this.#heldOf(account, message);
    for (const entry of dropped) {
      this.#remove(tx, entry);
      await this.#tellChange(tx, entry, 'failed');
    }
    tx.after(() => this.#needs.conversations.touch(account));
    return dropped.filter(({ line }) => line === true);
  }

  /** The other side has told that it has a message: it was with the server before it was held, and waits for nothing more. */
  dropArrived(tx: WriteTx, account: AccountId, message: MessageId): void {
    const arrived = this.held(account).find(({ id, line }) => id === message && line === true);
    if (arrived === undefined) return;
    this.#remove(tx, arrived);
    tx.after(() => this.#needs.conversations.touch(account));
  }

  #heldOf(account: AccountId, message: MessageId | undefined): readonly OutboxEntry[] {
    return this.held(account).filter(
      ({ id, about }) => message === undefined || id === message || about === message,
    );
  }

  #underKey(to: AccountId, isWritten: boolean): { readonly under?: Uint8Array } {
    const { directory, own } = this.#needs;
    const under = isWritten && to !== own.value.account ? directory.keyOf(to) : undefined;
    return under === undefined ? {} : { under };
  }

  /**
   * What changes a message that has not left is for the same key: it waits with it, and goes with the same word of the person. Whether
   * the message is marked as held already is a matter of moments.
   */
  #underMessage(to: AccountId, about: MessageId | undefined): { readonly under?: Uint8Array } {
    const under = this.#queue(to).find(({ id, line }) => id === about && line === true)?.under;
    return under === undefined ? {} : { under };
  }

  /** Whether an entry was written under another key than the one in force, or none is in force. */
  #mustWait({ to, under }: OutboxEntry): boolean {
    const { directory } = this.#needs;
    if (under === undefined) return false;
    return directory.isBlocked(to) || !equalBytes(under, directory.keyOf(to) ?? new Uint8Array(0));
  }

  /** Waits for the person from here on. */
  async #hold(entry: OutboxEntry): Promise<void> {
    const { db, conversations, own } = this.#needs;
    await db.write(FINISH_TABLES, async (tx) => {
      const current = this.#find(entry);
      // Decided about meanwhile.
      if (current === undefined || !this.#mustWait(current)) return;
      if (current.gone === true || (await this.#hasArrived(tx, current))) {
        this.#remove(tx, current);
        await this.#tellChange(tx, current, undefined);
        return;
      }
      this.#replace(tx, { ...current, held: true });
      if (entry.line === true) {
        const held = { kind: 'held' } as const;
        await conversations.setDelivery(tx, own.value.account, entry.id, held, { force: true });
      }
      tx.after(() => conversations.touch(entry.to));
    });
  }

  /** Whether the other side has told that it has this message: it was with the server before it could be held. */
  async #hasArrived(tx: WriteTx, { id, line }: OutboxEntry): Promise<boolean> {
    const { conversations, own } = this.#needs;
    const place = line === true ? await conversations.placeOf(tx, own.value.account, id) : undefined;
    if (place === undefined) return false;
    const stored = await conversations.storedIn(tx, place.account, place.order);
    if (stored?.line.kind !== 'message') return false;
    return stored.line.delivery.kind === 'delivered' || stored.line.delivery.kind === 'read';
  }

  /**
   * Goes on under the key in force. Of what was made ready for the key before only the frame stays, with its number: nothing is missing
   * then where it arrives, and where it came after all it is known. The view of the other's list in it may be out of date, as in any
   * frame that was long on its way. Nothing that was encrypted is used.
   */
  async #release(tx: WriteTx, entry: OutboxEntry): Promise<void> {
    const { conversations, own } = this.#needs;
    const { to, id, line } = entry;
    const { held: _held, under: _under, envelopes: _envelopes, listHash: _listHash, ...kept } = entry;
    this.#replace(tx, { ...kept, ...this.#underKey(to, true) });
    if (line === true) {
      const sending = { kind: 'sending' } as const;
      await conversations.setDelivery(tx, own.value.account, id, sending, { force: true });
    }
    tx.after(() => {
      conversations.touch(to);
      this.#kick(to);
    });
  }

  /** Takes back everything that has not left for this account. The transaction holds `COMPOSE_TABLES`. */
  async withdraw(tx: WriteTx, account: AccountId): Promise<void> {
    const queue = this.#queue(account).slice();
    for (const entry of queue) await this.#giveUp(tx, entry, { code: 'person-blocked' });
  }

  async #giveUp(tx: WriteTx, entry: OutboxEntry, failure: Failure): Promise<void> {
    const { own, conversations } = this.#needs;
    this.#remove(tx, entry);
    if (entry.line !== true) return;
    await conversations.setDelivery(
      tx,
      own.value.account,
      entry.id,
      { kind: 'failed', failure },
      { force: true },
    );
  }

  /**
   * Encrypts a content that is never stored for the devices that have a session, and sends it to whoever is connected. Failures are
   * nobody's business.
   */
  async sendOnline(to: AccountId, content: Content, id: MessageId): Promise<void> {
    const { directory, clock } = this.#needs;
    const person = directory.current(to);
    if (!this.#isOpen) return;
    // Typing that overtakes a message would be shown after it.
    if (person === undefined || this.#queue(to).some(({ line }) => line === true)) return;
    if (directory.isBlocked(to)) return;
    const entry: OutboxEntry = { seq: 0, to, ...draftOf(content), id, sentAt: clock.now() };
    const envelopes = await this.#envelopes.sealOnline(entry, person);
    if (envelopes === undefined || directory.isBlocked(to)) return;
    await this.#transmission.send({ ...entry, envelopes, listHash: person.list.hash }, true);
  }

  /** Deletes what was kept for repairs longer than a repair may reach back. */
  async sweep(): Promise<void> {
    const { db, clock } = this.#needs;
    const last = Math.floor(clock.now() / DAY_MS) - REPAIR_DAYS - 1;
    await db.write([T.sent], async (tx) => {
      const old = await tx.keys(T.sent, { from: [0], to: [last, KEYS_END], limit: SWEEP_MOST });
      for (const key of old) tx.delete(T.sent, key);
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const { cancel } of this.#retries.values()) cancel();
    this.#retries.clear();
  }

  #queue(account: AccountId): OutboxEntry[] {
    let queue = this.#queues.get(account);
    if (queue === undefined) {
      queue = [];
      this.#queues.set(account, queue);
    }
    return queue;
  }

  #push(tx: WriteTx, entry: OutboxEntry): void {
    tx.put(T.outbox, [entry.seq], entry);
    this.#queue(entry.to).push(entry);
    this.#uncommitted.add(entry.seq);
    tx.after(() => {
      this.#uncommitted.delete(entry.seq);
      this.#kick(entry.to);
    });
  }

  #kick(account: AccountId): void {
    if (!this.#isOpen || this.#stopped || this.#pumping.has(account)) return;
    this.#retries.get(account)?.cancel();
    this.#pumping.add(account);
    this.#needs.background.run(this.#pump(account), 'send');
  }

  async #pump(account: AccountId): Promise<void> {
    try {
      for (;;) {
        const entry = this.#queue(account).find(({ held }) => held !== true);
        // What is not committed yet is met again by the `#kick` that follows its commit.
        if (entry === undefined || this.#stopped || this.#uncommitted.has(entry.seq)) {
          this.#retries.delete(account);
          return;
        }
        const outcome = await this.#try(entry);
        switch (outcome.kind) {
          case 'done':
            this.#retries.delete(account);
            break;
          case 'failed':
            await this.#fail(entry, outcome.error);
            break;
          case 'held':
            await this.#hold(entry);
            break;
          case 'blocked':
            if (!this.#needs.directory.isBlocked(account)) break;
            // What the person wrote shows that it waits, whatever stands before it.
            for (const waiting of this.#queue(account).filter((each) => this.#mustWait(each))) {
              if (waiting.held !== true && waiting.kind !== 'repair') await this.#hold(waiting);
            }
            // Decided about meanwhile: whoever kicked found the queue being worked off.
            if (!this.#needs.directory.isBlocked(account)) break;
            return;
          case 'later':
            this.#wait(account, outcome.at);
            return;
        }
      }
    } finally {
      // With the last look at the queue: what is added from now on begins anew.
      this.#pumping.delete(account);
    }
  }

  #wait(account: AccountId, at: number | undefined): void {
    const { clock } = this.#needs;
    const before = this.#retries.get(account);
    const delayMs = Math.min(MOST_RETRY_MS, (before?.delayMs ?? FIRST_RETRY_MS / 2) * 2);
    const waitMs = at === undefined ? delayMs : Math.min(Math.max(at - clock.now(), 50), MOST_WAIT_MS);
    const cancel = clock.after(waitMs, () => this.#kick(account));
    this.#retries.set(account, { cancel, delayMs });
  }

  async #try(entry: OutboxEntry): Promise<Outcome> {
    const { clock, record } = this.#needs;
    try {
      // Blocked here, or on another own device while this one was writing.
      if (record.contact(entry.to)?.state === 'blocked') {
        throw new CoreError('person-blocked', 'nothing goes to who is blocked');
      }
      await this.#deliver(entry);
      return { kind: 'done' };
    } catch (error) {
      if (isWireError(error) && error.retryAfterMs !== undefined) {
        return { kind: 'later', at: clock.now() + error.retryAfterMs };
      }
      if (isRepeatable(error) || isWireError(error, 'unauthorized')) return { kind: 'later', at: undefined };
      if (isWireError(error, 'session-ended')) return { kind: 'later', at: undefined };
      if (isCoreError(error, 'key-changed')) return this.#keyChanged(entry, error);
      return { kind: 'failed', error };
    }
  }

  /** What becomes of an entry that met a changed key. */
  #keyChanged(entry: OutboxEntry, error: unknown): Outcome {
    // A copy for a device of the key before has nowhere to go.
    if (entry.kind === 'repair') return { kind: 'failed', error };
    if (this.#mustWait(entry)) return { kind: 'held' };
    if (this.#needs.directory.isBlocked(entry.to)) return { kind: 'blocked' };
    return { kind: 'later', at: undefined };
  }

  /** Prepares, sends and corrects until the server has it. Throws what ends the try. */
  async #deliver(first: OutboxEntry): Promise<void> {
    let entry = first;
    for (let corrections = 0; corrections <= CORRECTIONS_MOST; corrections += 1) {
      const prepared = await this.#envelopes.prepare(entry, this.#keeper);
      if (prepared === undefined || prepared.envelopes?.every(({ body }) => body === undefined) === true) {
        await this.#finish(prepared ?? entry, false);
        return;
      }
      const mismatch = await this.#transmission.send(prepared, false);
      if (mismatch === undefined) {
        await this.#finish(prepared, true);
        return;
      }
      const person = await this.#needs.people.keep(mismatch);
      if (this.#find(prepared) === undefined) return;
      entry = await this.#drop(prepared, person);
    }
    throw new CoreError('server-dishonest', 'the list never settles');
  }

  /** Takes out of an entry what the new list does not have, so that the next preparation adds what it has besides. */
  async #drop(entry: OutboxEntry, person: Person): Promise<OutboxEntry> {
    const isListed = ({ device }: OutgoingEnvelope): boolean =>
      person.list.devices.some((listed) => listed.device === device) &&
      !person.stored.departed.includes(device);
    return this.#needs.db.write([T.outbox], async (tx) => {
      // As it is now: its message may have been erased meanwhile.
      const { listHash: _old, ...rest } = { ...entry, ...this.#find(entry) };
      const next: OutboxEntry = { ...rest, envelopes: (entry.envelopes ?? []).filter(isListed) };
      this.#replace(tx, next);
      return next;
    });
  }

  #find(entry: OutboxEntry): OutboxEntry | undefined {
    return this.#queue(entry.to).find(({ seq }) => seq === entry.seq);
  }

  #replace(tx: WriteTx, entry: OutboxEntry): void {
    const queue = this.#queue(entry.to);
    const at = queue.findIndex(({ seq }) => seq === entry.seq);
    if (at < 0) return;
    queue[at] = entry;
    tx.put(T.outbox, [entry.seq], entry);
  }

  async #finish(entry: OutboxEntry, accepted: boolean): Promise<void> {
    const { db, conversations, own } = this.#needs;
    await db.write(FINISH_TABLES, async (tx) => {
      this.#remove(tx, entry);
      if (entry.line === true) {
        const delivery = accepted
          ? ({ kind: 'sent' } as const)
          : ({ kind: 'failed', failure: { code: 'account-unknown' } } as const);
        await conversations.setDelivery(tx, own.value.account, entry.id, delivery, { force: !accepted });
      }
      await this.#tellChange(tx, entry, accepted ? undefined : 'failed');
    });
  }

  async #fail(entry: OutboxEntry, error: unknown): Promise<void> {
    const { db, conversations, own, background } = this.#needs;
    if (isCoreError(error, 'cancelled')) return;
    await db.write(FINISH_TABLES, async (tx) => {
      this.#remove(tx, entry);
      if (entry.line === true) {
        const delivery = { kind: 'failed', failure: failureFrom(error) } as const;
        await conversations.setDelivery(tx, own.value.account, entry.id, delivery, { force: true });
      }
      await this.#tellChange(tx, entry, 'failed');
    });
    // Nobody's fault that is known: counted, and the rest of the queue goes on.
    if (!isWireError(error) && !isCoreError(error)) background.run(Promise.reject(error), 'send');
  }

  /** The last of the edits and deletions of a message that were under way has left, or could not. */
  async #tellChange(tx: WriteTx, entry: OutboxEntry, change: 'failed' | undefined): Promise<void> {
    const { about } = entry;
    if (entry.amends !== true || about === undefined) return;
    const isMore = this.#queue(entry.to).some((other) => other.amends === true && other.about === about);
    if (!isMore) await this.#needs.conversations.setChange(tx, this.#needs.own.value.account, about, change);
  }

  #remove(tx: WriteTx, entry: OutboxEntry): void {
    const queue = this.#queue(entry.to);
    const at = queue.findIndex(({ seq }) => seq === entry.seq);
    if (at >= 0) queue.splice(at, 1);
    tx.delete(T.outbox, [entry.seq]);
  }
}
