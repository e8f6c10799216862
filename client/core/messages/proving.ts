/**
 * Who has said a decrypted content: the frame is read as hostile input, and an account-key-signed list must pair account, device and the
 * key that the seal proved. Where the known list does not, the server may be asked, seldom, and about contacts alone.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { ContentFrame, Proof } from '@tacet/protocol/content/frame';
import { parseContent, type Content, type UnknownContent } from '@tacet/protocol/content/index';
import { idOf, type AccountId } from '@tacet/protocol/ids';
import { hashList } from '../device-lists.ts';
import type { Judgement } from '../people/judging.ts';
import { isPassing } from '../failure.ts';
import type { People } from '../people.ts';
import type { OpenedSeal } from '../sessions/sessions.ts';
import { Broken, isStorageFault } from './broken.ts';
import { readContentFrame, type ReadFrame } from './frames.ts';
import { standingOf, type HandlerServices } from './handlers/handling.ts';
import type { Delivered } from './inbox.ts';

/** What a message makes this device ask the server about one account, at most this often. */
const LOOK_UP_AGAIN_MS = 60_000;
/** An envelope whose sender cannot be looked up for want of a connection comes again so often; then it blocks nothing any more. */
const WAITS_MOST = 5;

/** What proving needs. */
export interface ProvingNeeds extends Pick<
  HandlerServices,
  'clock' | 'background' | 'own' | 'record' | 'directory'
> {
  readonly people: People;
}

/** A decrypted content, read and proved. */
export interface Proved {
  readonly read: ReadFrame;
  readonly content: Content | UnknownContent | undefined;
  readonly judgement: Judgement | undefined;
}

/** Proves senders. */
export class Proving {
  readonly #n: ProvingNeeds;
  /** Contacts and the own account alone, so that nobody makes it grow. */
  readonly #lookedUpAt = new Map<AccountId, number>();
  /** The envelope that waits for a connection to look its sender up, and how often it did. */
  #waiting: { readonly id: string; readonly tries: number } | undefined;

  constructor(needs: ProvingNeeds) {
    this.#n = needs;
  }

  /** Reads the frame and finds the list that pairs account, device and key. Throws `Broken`. */
  async prove(envelope: Delivered, padded: Uint8Array, opened: OpenedSeal): Promise<Proved> {
    const { directory, own } = this.#n;
    let read: ReadFrame;
    try {
      read = readContentFrame(padded, opened, own.value.account);
    } catch (error) {
      throw new Broken('malformed', error);
    }
    const { proof } = read;
    let judgement: Judgement | undefined;
    // A list that an own device has seen a successor of proves nothing any more: it may name a device that was removed.
    if (directory.isBehind(opened.account) && this.#isAsked(opened.account)) {
      await this.#fetch(envelope, opened.account);
    }
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
      if (standingOf(this.#n, opened.account) === 'stranger') throw new Broken('unproven');
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
    const { directory } = this.#n;
    const person = judgement?.person ?? directory.get(opened.account);
    const listed = person?.list.devices.find(({ device }) => device === opened.device);
    return listed !== undefined && equalBytes(listed.identityKey, opened.identityKey.serialize());
  }

  /** Whether a proof shows what is known. */
  #isInForce(account: AccountId, { accountKey, list }: Proof): boolean {
    const held = this.#n.directory.get(account);
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
      const judgement = this.#n.directory.judge({ account, ...proof }, 'message');
      if (judgement.kind !== 'key-changed') return judgement;
    } catch (error) {
      throw new Broken('unproven', error);
    }
    throw new Broken('unproven');
  }

  /** Asks the server about a contact or the own account: the list may have grown. Throws `Broken`, or what a lost connection threw. */
  async #lookUp(envelope: Delivered, account: AccountId): Promise<void> {
    if (!this.#isAsked(account) || !this.#mayLookUp(account)) throw new Broken('unproven');
    await this.#fetch(envelope, account);
  }

  /** Whether the server is asked about an account at all because of what a message says. */
  #isAsked(account: AccountId): boolean {
    const { record, own } = this.#n;
    const state = record.contact(account)?.state;
    return account === own.value.account || (state !== undefined && state !== 'blocked');
  }

  async #fetch(envelope: Delivered, account: AccountId): Promise<void> {
    const { people, own } = this.#n;
    const isOwn = account === own.value.account;
    try {
      await (isOwn ? people.fetchOwn() : people.fetch(account, [], 'lookups'));
    } catch (error) {
      if (isStorageFault(error)) throw error;
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

  /** What the sender believes of both lists: a higher counter means that this device has something to read. */
  compareViews(frame: ContentFrame): void {
    const { directory, people, background, own } = this.#n;
    const account = idOf<AccountId>(frame.from.account);
    if (frame.to.list.counter > directory.ownView.counter && this.#mayLookUp(own.value.account)) {
      background.run(people.fetchOwn(), 'read the own list');
    }
    const known = directory.get(account)?.list.counter ?? 0;
    if (frame.from.list.counter > known && account !== own.value.account && this.#mayLookUp(account)) {
      background.run(people.fetch(account, [], 'lookups'), 'read a list');
    }
  }

  /** Whether the server may be asked about an account now because of what a message says. */
  #mayLookUp(account: AccountId): boolean {
    const now = this.#n.clock.now();
    if (Math.abs(now - (this.#lookedUpAt.get(account) ?? -LOOK_UP_AGAIN_MS)) < LOOK_UP_AGAIN_MS) return false;
    this.#lookedUpAt.set(account, now);
    return true;
  }
}
