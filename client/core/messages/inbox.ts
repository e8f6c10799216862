/**
 * What arrives. One envelope after the other: unseal, find who sent it, decrypt on buffered stores, read the frame as hostile input, see
 * that an account-key-signed list pairs account, device and key, then one transaction for message, ratchet state, prekeys, numbering and
 * list, then show, then acknowledge. What is broken never blocks the queue: it is counted, shown where the sender is known, asked for
 * again within bounds, and acknowledged. A fault of the storage acknowledges nothing.
 */
import type { ServerFrame } from '@tacet/protocol/frames/server';
import { idBytes, idOf, type EnvelopeId, type MessageId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { Counts } from '../db/stored-device.ts';
import type { MessageMarks } from '../db/stored-messages.ts';
import { isDuplicate } from '../engine.ts';
import { CoreError } from '../failure.ts';
import type { People } from '../people.ts';
import type { BufferedStores } from '../sessions/stores.ts';
import type { OpenedSeal } from '../sessions/sessions.ts';
import { Asking } from './asking.ts';
import { Broken, isStorageFault } from './broken.ts';
import { handleContent } from './handlers/by-kind.ts';
import { repairUnseen } from './handlers/retry.ts';
import { standingOf, type Handling, type HandlerServices, type Standing } from './handlers/handling.ts';
import { Numbering } from './numbering.ts';
import { Proving, type Proved } from './proving.ts';
import { askAgain, noteUnreadable, settleRepaired } from './unreadable.ts';

/** An envelope as delivered. */
export type Delivered = Extract<ServerFrame, { readonly kind: 'deliver' }>;

const ACK_MOST = 64;
/** Strangers who wait for an answer at a time; more are not taken in. */
const REQUESTS_MOST = 200;
/** Envelopes that wait here; a server keeps a device's window far below this. */
const QUEUE_MOST = 8 * LIMITS.deliveryWindow;
const ALL_TABLES = Object.values(T);

/** A message is called delayed that comes this much later than it was sent. A clock that is an hour off is common. */
const DELAYED_MS = 2 * 60 * 60_000;

/** An envelope with what was so when it came. */
interface Arrived {
  readonly frame: Delivered;
  /** `caughtUpAt` of the inbox by then. */
  readonly caughtUpAt: number | undefined;
}

/** What the inbox needs besides what handlers need. */
export interface InboxNeeds extends HandlerServices {
  readonly people: People;
  /** Sends a frame on the signed-in socket; false without one. */
  tell(frame: unknown): boolean;
  /** The storage failed: nothing more is taken until the connection has begun anew. */
  faulted(error: unknown): void;
}

/** The inbox of this device. */
export class Inbox {
  readonly #needs: InboxNeeds;
  readonly #queue: Arrived[] = [];
  readonly #acks: Uint8Array[] = [];
  readonly #proving: Proving;
  readonly #asking: Asking;
  readonly #numbering: Numbering;
  #running = false;
  #stopped = false;
  #held = true;
  /** When everything that the server had waiting had come over this connection; `undefined` until it has. */
  #caughtUpAt: number | undefined;
  #idle: (() => void)[] = [];

  constructor(needs: InboxNeeds) {
    this.#needs = needs;
    this.#proving = new Proving(needs);
    this.#asking = new Asking(needs);
    this.#numbering = new Numbering(needs.db, this.#asking);
  }

  /** Takes an envelope; they are worked off in order. */
  push(frame: Delivered): void {
    if (this.#stopped) return;
    if (this.#queue.length >= QUEUE_MOST) {
      this.#queue.length = 0;
      this.#needs.faulted(new CoreError('server-dishonest', 'more envelopes than the window holds'));
      return;
    }
    this.#queue.push({ frame, caughtUpAt: this.#caughtUpAt });
    this.#begin();
  }

  /** Everything that waited at the server has been handed over. */
  drained(): void {
    this.#caughtUpAt ??= this.#needs.clock.now();
  }

  /**
   * Forgets what has not been worked off (what was not acknowledged comes again over the next connection) and keeps what comes until
   * `release`: before it is known whether the state of this device is old, no session moves.
   */
  hold(): void {
    this.#queue.length = 0;
    this.#held = true;
    this.#caughtUpAt = undefined;
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

  #next(): Arrived | undefined {
    return this.#held ? undefined : this.#queue.shift();
  }

  async #work(): Promise<void> {
    try {
      for (let arrived = this.#next(); arrived !== undefined; arrived = this.#next()) {
        await this.#receive(arrived);
        if (this.#stopped) return;
        this.#acks.push(arrived.frame.id);
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

  async #receive(arrived: Arrived): Promise<void> {
    const { sessions, own } = this.#needs;
    let opened: OpenedSeal;
    try {
      opened = await sessions.unseal(arrived.frame.body);
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
        await this.#take(arrived, opened, stores);
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        await this.#broken(arrived.frame, opened, error, stores);
      }
    });
  }

  /** Everything from the decryption to the commit. Throws `Broken`, or what the storage threw. */
  async #take(arrived: Arrived, opened: OpenedSeal, stores: BufferedStores): Promise<void> {
    const { sessions, db } = this.#needs;
    let padded: Uint8Array;
    try {
      padded = await sessions.decrypt(stores, opened);
    } catch (error) {
      if (isStorageFault(error)) throw error;
      if (isDuplicate(error)) return;
      throw new Broken('undecryptable', error);
    }
    const proved = await this.#proving.prove(arrived.frame, padded, opened);
    const standing = await db.write(ALL_TABLES, (tx) => this.#commit(tx, arrived, opened, stores, proved));
    if (standing !== 'stranger') this.#proving.compareViews(proved.read.frame);
  }

  /** People who wait for an answer. */
  #requests(): number {
    return this.#needs.record.contacts.filter(({ state }) => state === 'request').length;
  }

  /**
   * All effects of an envelope, in one transaction. How the sender stands is asked within it: a block that was made meanwhile holds. Gives
   * how he stood.
   */
  async #commit(
    tx: WriteTx,
    arrived: Arrived,
    opened: OpenedSeal,
    stores: BufferedStores,
    proved: Proved,
  ): Promise<Standing> {
    const { directory, record, sessions } = this.#needs;
    const { account, device } = opened;
    const { read, judgement } = proved;
    const contact = record.contact(account);
    const standing = standingOf(this.#needs, account);
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
      receivedAt: arrived.frame.receivedAt,
      stores,
      marks: this.#marksOf(arrived, opened, read.frame.sentAt),
      isLate: false,
    };
    if (contact?.state === 'blocked') {
      // Dropped, but counted, so that it is not missing should he be unblocked.
      await this.#numbering.take(handling, read);
    } else {
      if (judgement !== undefined) directory.commit(tx, judgement);
      // What has come into force since the proof was judged may be another key or another list.
      if (!directory.pairsInForce(account, device, handling.identityKey)) {
        await this.#raiseCount(tx, 'unproven');
        return standing;
      }
      directory.signs.noteHeard(tx, account, device);
      directory.noteKnown(tx, account, device, read.frame.to.list);
      const verdict = await this.#numbering.take(handling, read);
      if (read.repairs !== undefined) await settleRepaired(this.#needs, tx, account, device, read.repairs);
      const isNewest = verdict?.kind === 'next' || verdict?.kind === 'gap';
      if (isNewest && read.frame.link !== undefined) await repairUnseen(handling, read.frame.link);
      if (verdict?.kind !== 'repeated') {
        await handleContent({ ...handling, isLate: verdict?.kind === 'late' }, proved.content);
      }
      // Its answer may have come with this very content.
      if (standing !== 'stranger') askAgain(this.#needs, tx, account, device, this.#asking);
    }
    sessions.commit(tx, stores);
    return standing;
  }

  #marksOf(arrived: Arrived, opened: OpenedSeal, sentAt: number): MessageMarks | undefined {
    const isReduced = this.#needs.sessions.isReduced(opened);
    const isDelayed = this.#isDelayed(arrived, sentAt);
    if (!isReduced && !isDelayed) return undefined;
    return { ...(isReduced ? { reduced: true } : {}), ...(isDelayed ? { delayed: true } : {}) };
  }

  /** Whether a content came long after it was sent, though this device was connected and had got everything that waited. */
  #isDelayed({ caughtUpAt }: Arrived, sentAt: number): boolean {
    if (caughtUpAt === undefined) return false;
    return this.#needs.clock.now() - Math.max(sentAt, caughtUpAt) > DELAYED_MS;
  }

  /** Whether a content may be the first of somebody: what asks for an answer, while there is room. Anything else leaves no trace. */
  #mayIntroduce({ content }: Proved): boolean {
    if (content?.kind !== 'text' && content?.kind !== 'profile') return false;
    return this.#requests() < REQUESTS_MOST && this.#needs.record.hasRoom;
  }

  /** An envelope that gives nothing: counted, shown where the sender is proved, asked for again within bounds. */
  async #broken(
    envelope: Delivered,
    opened: OpenedSeal,
    broken: Broken,
    stores: BufferedStores,
  ): Promise<void> {
    const { directory, record, own, conversations, sessions, db, clock } = this.#needs;
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
      if (!this.#asking.mayAsk(tx, account)) {
        await this.#raiseCount(tx, 'unproven');
        return;
      }
      const asked = broken.why === 'undecryptable';
      if (!isOwn) {
        const order = conversations.addEvent(tx, account, { what: 'unreadable', asked });
        const first = { at: clock.now(), again: 0 };
        const unreadable = { device, order, envelope: idOf<EnvelopeId>(envelope.id), asked: first };
        if (asked) noteUnreadable(this.#needs, tx, account, unreadable);
      }
      if (!asked) return;
      const ratchetKey = sessions.ratchetKeyOf(opened);
      this.#asking.ask(tx, account, device, {
        what: 'envelope',
        envelope: idBytes(idOf<EnvelopeId>(envelope.id)),
        ...(ratchetKey === undefined ? {} : { ratchetKey }),
      });
    });
  }

  #count(what: keyof Counts): Promise<void> {
    return this.#needs.db.write([T.counts], (tx) => this.#raiseCount(tx, what));
  }

  async #raiseCount(tx: WriteTx, what: keyof Counts): Promise<void> {
    const counts = (await tx.get(T.counts, 'counts')) ?? { unopened: 0, unproven: 0 };
    tx.put(T.counts, 'counts', { ...counts, [what]: counts[what] + 1 });
  }
}
