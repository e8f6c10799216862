/**
 * What is on its way. A content is stored with its outbox entry in one transaction; then, account by account and in order, it is
 * numbered and encrypted for each listed device, ratchet state and ciphertexts are stored, and only then it leaves, with the same
 * envelope ids until the server has it.
 */
import type { Content } from '@tacet/protocol/content/index';
import type { AccountId, EnvelopeId, MessageId } from '@tacet/protocol/ids';
import { LINE_TABLES } from '../conversations/lines.ts';
import type { WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { OutboxEntry, SentRecord } from '../db/stored-sending.ts';
import { REPAIR_DAYS } from './copies.ts';
import { Delivering, type DeliveryNeeds } from './delivering.ts';
import { ENCRYPT_TABLES, Envelopes } from './envelopes.ts';
import { draftOf } from './frames.ts';
import { HeldEntries, type HeldNeeds } from './held-entries.ts';
import { OutboxQueue } from './outbox-queue.ts';
import { WRITTEN, type Outgoing, type Passed } from './outgoing.ts';
import { Settling } from './settling.ts';
import { unquoteEntry } from './unquoting.ts';

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

/** Tables of a compose: the content's line and its entry together. */
export const COMPOSE_TABLES = [...LINE_TABLES, ...ENCRYPT_TABLES] as const;

/** What the outbox needs. */
export interface OutboxNeeds extends DeliveryNeeds, HeldNeeds {}

/** The outbox of this device. */
export class Outbox {
  readonly #needs: OutboxNeeds;
  readonly #queue = new OutboxQueue();
  readonly #pumping = new Set<AccountId>();
  /** Being tried, and to be tried once more. */
  readonly #again = new Set<AccountId>();
  readonly #retries = new Map<AccountId, { readonly cancel: () => void; readonly delayMs: number }>();
  readonly #envelopes: Envelopes;
  readonly #settling: Settling;
  readonly #delivering: Delivering;
  /** What was written before a key change and waits for the person. */
  readonly held: HeldEntries;
  /** Before the first connection nobody knows whether this device's state is old: nothing is encrypted with it. */
  #isOpen = false;
  #stopped = false;

  constructor(needs: OutboxNeeds) {
    this.#needs = needs;
    const queue = this.#queue;
    const envelopes = new Envelopes(needs);
    const settling = new Settling(needs, queue);
    const held = new HeldEntries(needs, queue, settling, (account) => this.#kick(account));
    this.#envelopes = envelopes;
    this.#settling = settling;
    this.held = held;
    this.#delivering = new Delivering(needs, { queue, held, settling, envelopes });
  }

  /** Reads what an earlier run left. */
  load(): Promise<void> {
    return this.#queue.load(this.#needs.db);
  }

  /** Calls `run` whenever an entry has left or was taken back, once that is committed. */
  onGone(run: () => void): void {
    this.#queue.onGone(run);
  }

  /** Whether a content of a kind waits for an account or is on its way. */
  has(account: AccountId, kind: Content['kind']): boolean {
    return this.#queue.of(account).some((entry) => entry.kind === kind);
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
    const isFirst = canLeave && !this.#pumping.has(to) && this.#queue.of(to).length === 0;
    const isReady =
      isFirst && (await this.#envelopes.sealWithin(tx, entry, (ready) => this.#push(tx, ready)));
    if (!isReady) this.#push(tx, entry);
  }

  #entry(outgoing: Outgoing): OutboxEntry {
    const draft = draftOf(outgoing.content);
    return {
      seq: this.#queue.nextSeq(),
      to: outgoing.to,
      ...draft,
      id: outgoing.id,
      sentAt: outgoing.sentAt,
      ...this.held.underKey(outgoing.to, WRITTEN.has(draft.kind)),
      ...this.held.underMessage(outgoing.to, outgoing.about),
      ...(outgoing.line === true ? { line: true } : {}),
      ...(outgoing.about === undefined ? {} : { about: outgoing.about }),
      ...(outgoing.amends === true ? { amends: true } : {}),
      ...(outgoing.only === undefined ? {} : { only: outgoing.only }),
      ...(outgoing.fresh === true ? { fresh: true } : {}),
      ...(outgoing.until === undefined ? {} : { until: outgoing.until }),
      ...(outgoing.online === true ? { online: true } : {}),
    };
  }

  /** Adds a repair: the very frame that a device did not get in this envelope, for that device alone. */
  addRepair(tx: WriteTx, record: SentRecord, repairs: EnvelopeId): void {
    this.#push(tx, {
      seq: this.#queue.nextSeq(),
      to: record.account,
      kind: 'repair',
      body: new Uint8Array(0),
      critical: false,
      durable: false,
      id: record.id,
      ...(record.about === undefined ? {} : { about: record.about }),
      sentAt: record.at,
      only: record.device,
      repairs,
      frame: record.frame,
      ...this.held.underKey(record.account, true),
    });
  }

  /**
   * The words of a message go. What has not been made ready to leave does not leave either. What was made ready leaves, because its
   * number is taken, and no copy of it is kept; unless it is held, then it never leaves under another key.
   */
  erase(tx: WriteTx, account: AccountId, message: MessageId): void {
    for (const entry of this.#about(account, message)) {
      // A frame alone is a repair that has not been encrypted, or what the person has sent after a key change.
      const isReady = entry.frame !== undefined && entry.envelopes !== undefined;
      if (isReady && entry.held !== true) {
        this.#queue.replace(tx, { ...entry, erased: true, gone: true });
        continue;
      }
      this.#queue.remove(tx, entry);
      if (entry.held === true) tx.after(() => this.#needs.conversations.touch(entry.to));
    }
  }

  /** The words that a reply quotes go (`unquoteEntry`). The transaction holds `T.outChains`. */
  async unquote(tx: WriteTx, account: AccountId, reply: MessageId): Promise<void> {
    for (const entry of this.#about(account, reply)) {
      this.#queue.replace(tx, await unquoteEntry(tx, this.#needs.db, entry));
    }
  }

  /** What waits for a person and holds the words of a message, with the copies of it for the own devices. */
  #about(account: AccountId, message: MessageId): readonly OutboxEntry[] {
    return [account, this.#needs.own.value.account].flatMap((to) =>
      this.#queue.of(to).filter((entry) => entry.about === message || entry.id === message),
    );
  }

  /** Whether a message waits and has not been made ready to leave. */
  isUnready(account: AccountId, message: MessageId): boolean {
    return this.#queue
      .of(account)
      .some(({ id, line, frame }) => id === message && line === true && frame === undefined);
  }

  /** Tries everything now: there is a connection, and the server has said whether this device's state is old. */
  kickAll(): void {
    this.#isOpen = true;
    for (const account of this.#queue.accounts()) this.kickAgain(account);
  }

  /** Something about this person's account key was decided: what waits is looked at again. What was written under the key in force goes on. */
  async recheck(account: AccountId): Promise<void> {
    await this.held.recheck(account);
    this.kickAgain(account);
  }

  /** Tries what waits for somebody because something has changed: what is being tried may yet meet what was before. */
  kickAgain(account: AccountId): void {
    if (this.#pumping.has(account)) this.#again.add(account);
    else this.#kick(account);
  }

  /** Takes back everything that has not left for this account. The transaction holds `COMPOSE_TABLES`. */
  async withdraw(tx: WriteTx, account: AccountId): Promise<void> {
    const queue = this.#queue.of(account).slice();
    for (const entry of queue) await this.#settling.giveUp(tx, entry, { code: 'person-blocked' });
  }

  /**
   * Encrypts a content that is never stored for the devices that have a session, and sends it to whoever is connected. Failures are
   * nobody's business.
   */
  async sendOnline(to: AccountId, content: Content, id: MessageId): Promise<void> {
    if (this.#isOpen) await this.#delivering.sendOnline(to, content, id);
  }

  /** Deletes what was kept for repairs longer than a repair may reach back; `now`: the earliest that it may be, ms. */
  async sweep(now: number): Promise<void> {
    const { db } = this.#needs;
    const last = Math.floor(now / DAY_MS) - REPAIR_DAYS - 1;
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

  #push(tx: WriteTx, entry: OutboxEntry): void {
    this.#queue.push(tx, entry, () => this.#kick(entry.to));
  }

  #kick(account: AccountId): void {
    if (!this.#isOpen || this.#stopped || this.#pumping.has(account)) return;
    this.#retries.get(account)?.cancel();
    this.#pumping.add(account);
    this.#needs.background.run(this.#pump(account), 'send');
  }

  async #pump(account: AccountId): Promise<void> {
    // What goes to this account as to a stranger only from then on.
    let used: { readonly passed: Passed; readonly at: number } | undefined;
    try {
      for (;;) {
        const entry = this.#queue.next(account, used?.passed);
        // What is not committed yet is met again by the `#kick` that follows its commit.
        if (entry === undefined || this.#stopped || !this.#queue.isCommitted(entry)) {
          this.#retries.delete(account);
          if (used !== undefined && !this.#stopped) this.#wait(account, used.at);
          return;
        }
        const outcome = await this.#delivering.try(entry, used?.passed);
        switch (outcome.kind) {
          case 'done':
            this.#retries.delete(account);
            break;
          case 'failed':
            await this.#settling.fail(entry, outcome.error);
            break;
          case 'held':
            await this.held.hold(entry);
            break;
          case 'blocked':
            if (!this.#needs.directory.isBlocked(account)) break;
            // What the person wrote shows that it waits, whatever stands before it.
            for (const waiting of this.#queue.of(account).filter((each) => this.held.mustWait(each))) {
              if (waiting.held !== true && waiting.kind !== 'repair') await this.held.hold(waiting);
            }
            // Decided about meanwhile: whoever kicked found the queue being worked off.
            if (!this.#needs.directory.isBlocked(account)) break;
            return;
          case 'share-used':
            used = outcome;
            break;
          case 'later':
            this.#wait(account, outcome.at);
            return;
        }
      }
    } finally {
      // With the last look at the queue: what is added from now on begins anew.
      this.#pumping.delete(account);
      if (this.#again.delete(account)) this.#kick(account);
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
}
