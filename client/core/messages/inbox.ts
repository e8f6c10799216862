/**
 * What arrives. One envelope after the other: unseal, find who sent it, decrypt on buffered stores, read the frame as hostile input, see
 * that an account-key-signed list pairs account, device and key, then one transaction for message, ratchet state, prekeys, numbering and
 * list, then show, then acknowledge. What is broken never blocks the queue: it is counted, shown where the sender is known, asked for
 * again within bounds, and acknowledged. A fault of the storage acknowledges nothing.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import { parseContent, type Content, type UnknownContent } from '@tacet/protocol/content/index';
import type { ContentFrame } from '@tacet/protocol/content/frame';
import { RETRY_MAX } from '@tacet/protocol/content/retry';
import type { ServerFrame } from '@tacet/protocol/frames/server';
import {
  idBytes,
  idOf,
  type AccountId,
  type DeviceId,
  type EnvelopeId,
  type MessageId,
} from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { WriteTx } from '../db/sealed.ts';
import { K, T, type Counts, type InChain } from '../db/stores.ts';
import type { Judgement } from '../directory.ts';
import { isDuplicate } from '../engine.ts';
import { isCoreError } from '../failure.ts';
import type { People } from '../people.ts';
import { hasOtherDevices } from '../services.ts';
import type { BufferedStores } from '../sessions/stores.ts';
import type { OpenedSeal } from '../sessions/sessions.ts';
import { epochText, hashLink, judgeLink, type LinkVerdict } from './chain.ts';
import { readContentFrame, type ReadFrame } from './frames.ts';
import type { Handling, HandlerServices, Standing } from './handlers/handling.ts';
import { handleProfile } from './handlers/profile.ts';
import { handleDelete, handleEdit, handleReaction, handleTimer } from './handlers/amend.ts';
import { handleDelivered, handleRead } from './handlers/receipt.ts';
import { handleRetry } from './handlers/retry.ts';
import { handleSync } from './handlers/sync.ts';
import { handleText } from './handlers/text.ts';
import { handleTyping } from './handlers/typing.ts';
import { handleUnknown } from './handlers/unknown.ts';

/** An envelope as delivered. */
export type Delivered = Extract<ServerFrame, { readonly kind: 'deliver' }>;

/** Repairs asked for, and lines about them, per person and day. */
const REPAIRS_PER_DAY = 20;
const DAY_MS = 24 * 60 * 60_000;
const ACK_MOST = 64;
/** Strangers who wait for an answer at a time; more are not taken in. */
const REQUESTS_MOST = 200;
/** What a message makes this device ask the server about one account, at most this often. */
const LOOK_UP_AGAIN_MS = 60_000;
const ALL_TABLES = Object.values(T);

/** What the inbox needs besides what handlers need. */
export interface InboxNeeds extends HandlerServices {
  readonly people: People;
  /** Sends a frame on the signed-in socket; false without one. */
  tell(frame: unknown): boolean;
  /** The storage failed: nothing more is taken until the connection has begun anew. */
  faulted(error: unknown): void;
}

/** A decrypted content, read and proved. */
interface Proved {
  readonly read: ReadFrame;
  readonly content: Content | UnknownContent | undefined;
  readonly judgement: Judgement | undefined;
}

/** Why an envelope gives nothing. `known`: the sender is proved by a list. */
class Broken extends Error {
  override readonly name = 'Broken';
  readonly why: 'undecryptable' | 'unproven' | 'malformed';

  constructor(why: Broken['why'], cause?: unknown) {
    super(why, cause === undefined ? undefined : { cause });
    this.why = why;
  }
}

/** The inbox of this device. */
export class Inbox {
  readonly #needs: InboxNeeds;
  readonly #queue: Delivered[] = [];
  readonly #acks: Uint8Array[] = [];
  readonly #lookedUpAt = new Map<AccountId, number>();
  #running = false;
  #stopped = false;
  #held = true;
  #idle: (() => void)[] = [];

  constructor(needs: InboxNeeds) {
    this.#needs = needs;
  }

  /** Takes an envelope; they are worked off in order. */
  push(frame: Delivered): void {
    if (this.#stopped) return;
    this.#queue.push(frame);
    this.#begin();
  }

  /**
   * Forgets what has not been worked off (what was not acknowledged comes again over the next connection) and keeps what comes until
   * `release`: before it is known whether the state of this device is old, no session moves.
   */
  hold(): void {
    this.#queue.length = 0;
    this.#held = true;
  }

  /** Begins with what has come since `hold`. */
  release(): void {
    this.#held = false;
    this.#begin();
  }

  #begin(): void {
    if (this.#held || this.#running || this.#stopped || this.#queue.length === 0) return;
    this.#running = true;
    this.#needs.background.run(this.#work(), 'receive');
  }

  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
  }

  /** Resolves when nothing waits. */
  settled(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #next(): Delivered | undefined {
    return this.#held ? undefined : this.#queue.shift();
  }

  async #work(): Promise<void> {
    try {
      for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
        await this.#receive(frame);
        if (this.#stopped) return;
        this.#acks.push(frame.id);
        if (this.#acks.length >= ACK_MOST || this.#queue.length === 0) this.flushAcks();
      }
    } catch (error) {
      this.#queue.length = 0;
      this.#needs.faulted(error);
    } finally {
      this.#running = false;
      for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Acknowledges what the disk holds, as far as there is a connection. */
  flushAcks(): void {
    while (this.#acks.length > 0) {
      const envelopes = this.#acks.slice(0, LIMITS.ackBatch);
      if (!this.#needs.tell({ kind: 'acknowledge', envelopes })) return;
      this.#acks.splice(0, envelopes.length);
    }
  }

  async #receive(envelope: Delivered): Promise<void> {
    const { sessions, own } = this.#needs;
    let opened: OpenedSeal;
    try {
      opened = await sessions.unseal(envelope.body);
    } catch {
      await this.#count('unopened');
      return;
    }
    if (opened.device === own.value.device) {
      await this.#count('unproven');
      return;
    }
    await sessions.locks.run([opened.device], async () => {
      const stores = await sessions.open(opened.device, opened.identityKey);
      try {
        await this.#take(envelope, opened, stores);
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        await this.#broken(envelope, opened, error, stores);
      }
    });
  }

  /** Everything from the decryption to the commit. Throws `Broken`, or what the storage threw. */
  async #take(envelope: Delivered, opened: OpenedSeal, stores: BufferedStores): Promise<void> {
    const { sessions, own, record, db } = this.#needs;
    let padded: Uint8Array;
    try {
      padded = await sessions.decrypt(stores, opened);
    } catch (error) {
      if (isStorageFault(error)) throw error;
      if (isDuplicate(error)) return;
      throw new Broken('undecryptable', error);
    }
    const proved = await this.#prove(padded, opened);
    const { account, device } = opened;
    const contact = record.contact(account);
    const standing: Standing =
      account === own.value.account ? 'own' : contact?.state === 'accepted' ? 'accepted' : 'stranger';
    if (contact === undefined && standing === 'stranger' && this.#requests() >= REQUESTS_MOST) {
      await this.#count('unproven');
      return;
    }
    const handlingOf = (tx: WriteTx): Handling => ({
      ...this.#needs,
      tx,
      account,
      device,
      identityKey: opened.identityKey.serialize(),
      standing,
      frame: proved.read.frame,
      id: idOf<MessageId>(proved.read.frame.id),
      receivedAt: envelope.receivedAt,
      stores,
      isLate: false,
    });
    if (contact?.state === 'blocked') {
      // Dropped, but counted, so that it is not missing should he be unblocked.
      await db.write(ALL_TABLES, async (tx) => {
        await this.#number(handlingOf(tx), proved.read);
        sessions.commit(tx, stores);
      });
      return;
    }
    await db.write(ALL_TABLES, async (tx) => {
      await this.#commit(handlingOf(tx), proved);
      sessions.commit(tx, stores);
    });
    this.#compareViews(proved.read.frame);
  }

  /** Reads the frame and finds the list that pairs account, device and key. Throws `Broken`. */
  async #prove(padded: Uint8Array, opened: OpenedSeal): Promise<Proved> {
    const { directory, own } = this.#needs;
    let read: ReadFrame;
    try {
      read = readContentFrame(padded, opened, own.value.account);
    } catch (error) {
      throw new Broken('malformed', error);
    }
    const { proof } = read.frame.from;
    let judgement: Judgement | undefined;
    if (proof !== undefined) {
      try {
        judgement = directory.judge({ account: opened.account, ...proof }, 'message');
      } catch (error) {
        throw new Broken('unproven', error);
      }
      // Anybody can write under any account's name and a key of his own: only the directory can say that a key has changed.
      if (judgement.kind === 'key-changed') judgement = await this.#confirm(opened.account, proof);
    } else if (!this.#pairs(opened, undefined)) {
      await this.#lookUp(opened.account);
    }
    if (!this.#pairs(opened, judgement)) throw new Broken('unproven');
    let content: Content | UnknownContent | undefined;
    try {
      content = parseContent(read.frame);
    } catch {
      content = undefined;
    }
    return { read, content, judgement };
  }

  /** Whether the list that will be in force pairs account, device and the key that the seal proved. */
  #pairs(opened: OpenedSeal, judgement: Judgement | undefined): boolean {
    const { directory } = this.#needs;
    const person = judgement?.person ?? directory.get(opened.account);
    const listed = person?.list.devices.find(({ device }) => device === opened.device);
    return listed !== undefined && equalBytes(listed.identityKey, opened.identityKey.serialize());
  }

  /** Asks the directory about a key that a message shows for a known account, and judges the proof again. Throws `Broken`. */
  async #confirm(account: AccountId, proof: NonNullable<ContentFrame['from']['proof']>): Promise<Judgement> {
    await this.#lookUp(account);
    try {
      const judgement = this.#needs.directory.judge({ account, ...proof }, 'message');
      if (judgement.kind !== 'key-changed') return judgement;
    } catch (error) {
      throw new Broken('unproven', error);
    }
    throw new Broken('unproven');
  }

  /** People who wait for an answer. */
  #requests(): number {
    return this.#needs.record.contacts.filter(({ state }) => state === 'request').length;
  }

  /** A contact's device that the known list lacks: the list may have grown. The server is asked nothing about strangers. */
  async #lookUp(account: AccountId): Promise<void> {
    const { people, record, own } = this.#needs;
    if (!this.#mayLookUp(account)) throw new Broken('unproven');
    try {
      if (account === own.value.account) await people.fetchOwn();
      else {
        const isUnknown = record.contact(account) === undefined;
        // Another own device may have met him just now.
        if (isUnknown && hasOtherDevices(this.#needs) && this.#mayLookUp(own.value.account))
          await record.refresh();
        if (record.contact(account) !== undefined) await people.fetch(account, []);
      }
    } catch (error) {
      if (isStorageFault(error)) throw error;
      throw new Broken('unproven', error);
    }
  }

  /** All effects of a content, in one transaction. */
  async #commit(handling: Handling, proved: Proved): Promise<void> {
    const { tx, directory, account } = handling;
    if (proved.judgement !== undefined) directory.commit(tx, proved.judgement);
    directory.noteHeard(tx, account, handling.device);
    const verdict = await this.#number(handling, proved.read);
    if (verdict?.kind === 'repeated') return;
    await this.#handle({ ...handling, isLate: verdict?.kind === 'late' }, proved);
  }

  /** Hands a content to the handler of its kind. */
  async #handle(handling: Handling, proved: Proved): Promise<void> {
    const { tx, account, conversations, standing } = handling;
    const { content } = proved;
    if (content === undefined) {
      if (standing !== 'stranger') conversations.addEvent(tx, account, { what: 'unreadable' });
      return;
    }
    switch (content.kind) {
      case 'text':
        return handleText(handling, content.body);
      case 'reaction':
        return handleReaction(handling, content.body);
      case 'edit':
        return handleEdit(handling, content.body);
      case 'delete':
        return handleDelete(handling, content.body);
      case 'timer':
        return handleTimer(handling, content.body);
      case 'profile':
        return handleProfile(handling, content.body);
      case 'delivered':
        return handleDelivered(handling, content.body);
      case 'read':
        return handleRead(handling, content.body);
      case 'typing':
        return handleTyping(handling, content.body);
      case 'sync':
        return handleSync(handling, content.body);
      case 'retry':
        return handleRetry(handling, content.body);
      case 'unknown':
        return handleUnknown(handling, content);
    }
  }

  /** Keeps the numbering and shows what it shows. */
  async #number(handling: Handling, { frame, bytes }: ReadFrame): Promise<LinkVerdict | undefined> {
    const { tx, db, account, device, own, conversations, standing } = handling;
    const { link } = frame;
    if (link === undefined) return undefined;
    const epoch = epochText(link.epoch);
    const key = K.inChain(db, account, device, epoch);
    const held = await tx.get(T.inChains, key);
    const me = {
      device: own.value.device,
      unknownToSender: frame.to.list.counter < own.value.joinedAt,
    };
    const verdict = judgeLink(held, device, link, hashLink(link.salt, bytes), me);
    let { chain } = verdict;
    const isShown = standing === 'accepted';
    switch (verdict.kind) {
      case 'next':
      case 'repeated':
        break;
      case 'late':
        if (chain.gapLine !== undefined) {
          await conversations.changeGap(tx, account, chain.gapLine, chain.missing);
          if (chain.missing.length === 0) chain = withoutGapLine(chain);
        }
        break;
      case 'gap': {
        const { missing } = verdict;
        if (isShown && chain.gapLine === undefined) {
          const gap = { device, epoch, missing };
          const gapLine = conversations.addEvent(tx, account, { what: 'gap', missing: missing.length }, gap);
          chain = { ...chain, gapLine };
        } else if (chain.gapLine !== undefined) {
          await conversations.changeGap(tx, account, chain.gapLine, chain.missing);
        }
        if (standing !== 'stranger') this.#askMissing(handling, link.epoch, missing);
        break;
      }
      case 'fork':
        if (isShown) conversations.addEvent(tx, account, { what: 'gap', missing: 1 });
        break;
    }
    tx.put(T.inChains, key, chain);
    return verdict;
  }

  #askMissing(handling: Handling, epoch: Uint8Array, missing: readonly number[]): void {
    const { tx, account, device, directory } = handling;
    if (directory.get(account) === undefined || !this.#mayRepair(tx, account)) return;
    this.#ask(tx, account, device, { what: 'missing', epoch, numbers: missing.slice(-RETRY_MAX) });
  }

  #ask(
    tx: WriteTx,
    account: AccountId,
    device: DeviceId,
    body: Extract<Content, { readonly kind: 'retry' }>['body'],
  ): void {
    const { outbox, clock, random } = this.#needs;
    outbox.add(tx, {
      to: account,
      content: { kind: 'retry', body },
      id: idOf<MessageId>(random(16)),
      sentAt: clock.now(),
      only: device,
      fresh: true,
    });
  }

  /** Whether another repair of this person is within today's bounds; counts it. */
  #mayRepair(tx: WriteTx, account: AccountId): boolean {
    const { directory, clock } = this.#needs;
    const day = Math.floor(clock.now() / DAY_MS);
    const repairs = directory.get(account)?.stored.repairs;
    const count = repairs?.day === day ? repairs.count : 0;
    if (count >= REPAIRS_PER_DAY) return false;
    directory.edit(tx, account, (stored) => ({ ...stored, repairs: { day, count: count + 1 } }));
    return true;
  }

  /** An envelope that gives nothing: counted, shown where the sender is proved, asked for again within bounds. */
  async #broken(
    envelope: Delivered,
    opened: OpenedSeal,
    broken: Broken,
    stores: BufferedStores,
  ): Promise<void> {
    const { directory, record, own, conversations, sessions, db } = this.#needs;
    const { account, device } = opened;
    const isProved = directory.pairs(account, device, opened.identityKey.serialize());
    const isOwn = account === own.value.account;
    const isKnown = isOwn || record.contact(account)?.state === 'accepted';
    if (!isProved || !isKnown || broken.why === 'unproven') {
      await this.#count('unproven');
      return;
    }
    await db.write(ALL_TABLES, async (tx) => {
      // A content that decrypted and then made no sense has used its keys; it would make no more sense a second time.
      if (broken.why === 'malformed') sessions.commit(tx, stores);
      if (!this.#mayRepair(tx, account)) {
        await this.#raiseCount(tx, 'unproven');
        return;
      }
      if (!isOwn) conversations.addEvent(tx, account, { what: 'unreadable' });
      if (broken.why !== 'undecryptable') return;
      const ratchetKey = sessions.ratchetKeyOf(opened);
      this.#ask(tx, account, device, {
        what: 'envelope',
        envelope: idBytes(idOf<EnvelopeId>(envelope.id)),
        ...(ratchetKey === undefined ? {} : { ratchetKey }),
      });
    });
  }

  /** What the sender believes of both lists: a higher counter means that this device has something to read. */
  #compareViews(frame: ContentFrame): void {
    const { directory, people, background, record, own } = this.#needs;
    const account = idOf<AccountId>(frame.from.account);
    if (frame.to.list.counter > directory.ownView.counter && this.#mayLookUp(own.value.account)) {
      background.run(people.fetchOwn(), 'read the own list');
    }
    const known = directory.get(account)?.list.counter ?? 0;
    const isContact = record.contact(account) !== undefined;
    if (frame.from.list.counter > known && isContact && this.#mayLookUp(account)) {
      background.run(people.fetch(account, []), 'read a list');
    }
  }

  /** Whether the server may be asked about an account now because of what a message says. */
  #mayLookUp(account: AccountId): boolean {
    const now = this.#needs.clock.now();
    if ((this.#lookedUpAt.get(account) ?? -LOOK_UP_AGAIN_MS) + LOOK_UP_AGAIN_MS > now) return false;
    this.#lookedUpAt.set(account, now);
    return true;
  }

  #count(what: keyof Counts): Promise<void> {
    return this.#needs.db.write([T.counts], (tx) => this.#raiseCount(tx, what));
  }

  async #raiseCount(tx: WriteTx, what: keyof Counts): Promise<void> {
    const counts = (await tx.get(T.counts, 'counts')) ?? { unopened: 0, unproven: 0 };
    tx.put(T.counts, 'counts', { ...counts, [what]: counts[what] + 1 });
  }
}

function withoutGapLine({ gapLine: _gone, ...chain }: InChain): InChain {
  return chain;
}

function isStorageFault(error: unknown): boolean {
  return (
    isCoreError(error, 'storage-damaged') ||
    isCoreError(error, 'storage-full') ||
    isCoreError(error, 'storage-unavailable')
  );
}
