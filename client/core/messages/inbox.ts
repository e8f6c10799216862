/**
 * What arrives. One envelope after the other: unseal, find who sent it, decrypt on buffered stores, read the frame as hostile input, see
 * that an account-key-signed list pairs account, device and key, then one transaction for message, ratchet state, prekeys, numbering and
 * list, then show, then acknowledge. What is broken never blocks the queue: it is counted, shown where the sender is known, asked for
 * again within bounds, and acknowledged. A fault of the storage acknowledges nothing.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import { parseContent, type Content, type UnknownContent } from '@tacet/protocol/content/index';
import type { ContentFrame, Link, Proof } from '@tacet/protocol/content/frame';
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
import { hashList } from '../device-lists.ts';
import type { Judgement } from '../directory.ts';
import { isDuplicate } from '../engine.ts';
import { CoreError, isCoreError, isPassing } from '../failure.ts';
import type { People } from '../people.ts';
import { hasOtherDevices } from '../services.ts';
import type { BufferedStores } from '../sessions/stores.ts';
import type { OpenedSeal } from '../sessions/sessions.ts';
import { epochText, hashLink, judgeLink, missingCount, type LinkVerdict } from './chain.ts';
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
/** An envelope whose sender cannot be looked up for want of a connection comes again so often; then it blocks nothing any more. */
const WAITS_MOST = 5;
/** Envelopes that wait here; a server keeps a device's window far below this. */
const QUEUE_MOST = 8 * LIMITS.deliveryWindow;
/** Chains kept of one account: its devices, their former ones, and what restored copies began anew. */
const CHAINS_MOST = 64;
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
  /** Contacts and the own account alone, so that nobody makes it grow. */
  readonly #lookedUpAt = new Map<AccountId, number>();
  /** The envelope that waits for a connection to look its sender up, and how often it did. */
  #waiting: { readonly id: string; readonly tries: number } | undefined;
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
    if (this.#queue.length >= QUEUE_MOST) {
      this.#queue.length = 0;
      this.#needs.faulted(new CoreError('server-dishonest', 'more envelopes than the window holds'));
      return;
    }
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
    const { sessions, db } = this.#needs;
    let padded: Uint8Array;
    try {
      padded = await sessions.decrypt(stores, opened);
    } catch (error) {
      if (isStorageFault(error)) throw error;
      if (isDuplicate(error)) return;
      throw new Broken('undecryptable', error);
    }
    const proved = await this.#prove(envelope, padded, opened);
    const standing = await db.write(ALL_TABLES, (tx) => this.#commit(tx, envelope, opened, stores, proved));
    if (standing !== 'stranger') this.#compareViews(proved.read.frame);
  }

  /** Reads the frame and finds the list that pairs account, device and key. Throws `Broken`. */
  async #prove(envelope: Delivered, padded: Uint8Array, opened: OpenedSeal): Promise<Proved> {
    const { directory, own } = this.#needs;
    let read: ReadFrame;
    try {
      read = readContentFrame(padded, opened, own.value.account);
    } catch (error) {
      throw new Broken('malformed', error);
    }
    const { proof } = read;
    let judgement: Judgement | undefined;
    if (proof !== undefined && !this.#isInForce(opened.account, proof)) {
      try {
        judgement = directory.judge({ account: opened.account, ...proof }, 'message');
      } catch (error) {
        throw new Broken('unproven', error);
      }
      // Anybody can write under any account's name and a key of his own: only the directory can say that a key has changed.
      if (judgement.kind === 'key-changed') judgement = await this.#confirm(envelope, opened.account, proof);
    } else if (!this.#pairs(opened, undefined)) {
      // Whoever is not accepted yet proves himself until he is answered: the server is asked nothing about strangers.
      if (this.#standingOf(opened.account) === 'stranger') throw new Broken('unproven');
      await this.#lookUp(envelope, opened.account);
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

  /** Whether a proof shows what is known. */
  #isInForce(account: AccountId, { accountKey, list }: Proof): boolean {
    const held = this.#needs.directory.get(account);
    return (
      held !== undefined &&
      equalBytes(held.stored.accountKey, accountKey) &&
      equalBytes(held.list.hash, hashList(list))
    );
  }

  /** Asks the directory about a key that a message shows for a known account, and judges the proof again. Throws `Broken`. */
  async #confirm(envelope: Delivered, account: AccountId, proof: Proof): Promise<Judgement> {
    await this.#lookUp(envelope, account);
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

  /** How somebody stands now. */
  #standingOf(account: AccountId): Standing {
    const { own, record } = this.#needs;
    if (account === own.value.account) return 'own';
    return record.contact(account)?.state === 'accepted' ? 'accepted' : 'stranger';
  }

  /** Asks the server about a contact or the own account: the list may have grown. Throws `Broken`, or what a lost connection threw. */
  async #lookUp(envelope: Delivered, account: AccountId): Promise<void> {
    const { people, record, own } = this.#needs;
    const isOwn = account === own.value.account;
    try {
      // Another own device may have met him just now.
      const isUnknown = !isOwn && record.contact(account) === undefined;
      if (isUnknown && hasOtherDevices(this.#needs) && this.#mayLookUp(own.value.account))
        await record.refresh();
      const state = record.contact(account)?.state;
      const isAsked = isOwn || (state !== undefined && state !== 'blocked');
      if (!isAsked || !this.#mayLookUp(account)) throw new Broken('unproven');
      await (isOwn ? people.fetchOwn() : people.fetch(account, []));
    } catch (error) {
      if (error instanceof Broken || isStorageFault(error)) throw error;
      if (isPassing(error) && this.#mayWait(envelope)) {
        // It is not acknowledged and comes again.
        this.#lookedUpAt.delete(account);
        throw error;
      }
      throw new Broken('unproven', error);
    }
  }

  /** Whether an envelope may come again for want of a connection; counts it. */
  #mayWait({ id }: Delivered): boolean {
    const name = encodeB64u(id);
    const tries = this.#waiting?.id === name ? this.#waiting.tries + 1 : 1;
    this.#waiting = { id: name, tries };
    return tries <= WAITS_MOST;
  }

  /**
   * All effects of an envelope, in one transaction. How the sender stands is asked within it: a block that was made meanwhile holds. Gives
   * how he stood.
   */
  async #commit(
    tx: WriteTx,
    envelope: Delivered,
    opened: OpenedSeal,
    stores: BufferedStores,
    proved: Proved,
  ): Promise<Standing> {
    const { directory, record, sessions } = this.#needs;
    const { account, device } = opened;
    const { read, judgement } = proved;
    const contact = record.contact(account);
    const standing = this.#standingOf(account);
    if (contact === undefined && standing === 'stranger' && !this.#mayIntroduce(proved)) {
      await this.#raiseCount(tx, 'unproven');
      return standing;
    }
    const handling: Handling = {
      ...this.#needs,
      tx,
      account,
      device,
      identityKey: opened.identityKey.serialize(),
      standing,
      frame: read.frame,
      id: idOf<MessageId>(read.frame.id),
      receivedAt: envelope.receivedAt,
      stores,
      isLate: false,
    };
    if (contact?.state === 'blocked') {
      // Dropped, but counted, so that it is not missing should he be unblocked.
      await this.#number(handling, read);
    } else {
      if (judgement !== undefined) directory.commit(tx, judgement);
      directory.noteHeard(tx, account, device);
      directory.noteKnown(tx, account, device, read.frame.to.list);
      const verdict = await this.#number(handling, read);
      if (verdict?.kind !== 'repeated') {
        await this.#handle({ ...handling, isLate: verdict?.kind === 'late' }, proved);
      }
    }
    sessions.commit(tx, stores);
    return standing;
  }

  /** Whether a content may be the first of somebody: what asks for an answer, while there is room. Anything else leaves no trace. */
  #mayIntroduce({ content }: Proved): boolean {
    return (content?.kind === 'text' || content?.kind === 'profile') && this.#requests() < REQUESTS_MOST;
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
    const { tx, db, account, device, own, clock } = handling;
    const { link } = frame;
    if (link === undefined) return undefined;
    const key = K.inChain(db, account, device, epochText(link.epoch));
    const held = await tx.get(T.inChains, key);
    if (held === undefined) await this.#forgetChains(tx, account);
    const me = {
      device: own.value.device,
      unknownToSender: frame.to.list.counter < own.value.joinedAt,
    };
    const verdict = judgeLink(held, device, link, hashLink(link.salt, bytes), me);
    const chain = verdict.kind === 'repeated' ? verdict.chain : await this.#showGap(handling, verdict, link);
    tx.put(T.inChains, key, { ...chain, heardAt: clock.now() });
    return verdict;
  }

  /** Makes room for a chain that begins: the one goes that was not heard of for longest. */
  async #forgetChains(tx: WriteTx, account: AccountId): Promise<void> {
    const { db } = this.#needs;
    const range = K.inChains(db, account);
    if ((await tx.keys(T.inChains, range)).length < CHAINS_MOST) return;
    const rows = await tx.range(T.inChains, range);
    const [oldest] = rows.toSorted((a, b) => (a.value.heardAt ?? 0) - (b.value.heardAt ?? 0));
    if (oldest !== undefined) tx.delete(T.inChains, oldest.key);
  }

  /** Shows and asks for what is missing; what was missing before somebody was accepted shows with the next that he says. */
  async #showGap(handling: Handling, verdict: LinkVerdict, link: Link): Promise<InChain> {
    const { tx, account, device, conversations, standing } = handling;
    const { chain } = verdict;
    const isShown = standing === 'accepted';
    if (verdict.kind === 'fork' && isShown) conversations.addEvent(tx, account, { what: 'gap', missing: 1 });
    const left = missingCount(chain);
    const isNew = isShown && chain.gapLine === undefined && left > 0;
    const asked = isNew ? chain.missing : verdict.kind === 'gap' ? verdict.missing : [];
    if (standing !== 'stranger') this.#askMissing(handling, link.epoch, asked);
    if (isNew) {
      const gap = { device, epoch: epochText(link.epoch) };
      return { ...chain, gapLine: conversations.addEvent(tx, account, { what: 'gap', missing: left }, gap) };
    }
    if (chain.gapLine === undefined || verdict.kind === 'next') return chain;
    await conversations.changeGap(tx, account, chain.gapLine, left);
    return left === 0 ? withoutGapLine(chain) : chain;
  }

  /** Asks for missing numbers, the newest first. */
  #askMissing(handling: Handling, epoch: Uint8Array, missing: readonly number[]): void {
    const { tx, account, device, directory } = handling;
    if (directory.get(account) === undefined) return;
    for (let end = missing.length; end > 0 && this.#mayRepair(tx, account); end -= RETRY_MAX) {
      const numbers = missing.slice(Math.max(0, end - RETRY_MAX), end);
      this.#ask(tx, account, device, { what: 'missing', epoch, numbers });
    }
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
      const asked = broken.why === 'undecryptable';
      if (!isOwn) conversations.addEvent(tx, account, { what: 'unreadable', asked });
      if (!asked) return;
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
    const { directory, people, background, own } = this.#needs;
    const account = idOf<AccountId>(frame.from.account);
    if (frame.to.list.counter > directory.ownView.counter && this.#mayLookUp(own.value.account)) {
      background.run(people.fetchOwn(), 'read the own list');
    }
    const known = directory.get(account)?.list.counter ?? 0;
    if (frame.from.list.counter > known && account !== own.value.account && this.#mayLookUp(account)) {
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
