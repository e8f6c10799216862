/**
 * One try to bring an entry of the outbox to the server: it is prepared, sent, and corrected where a list has changed meanwhile, until
 * the server has it. A list that changed is verified, and only what is needed is encrypted again.
 */
import { isWireError } from '@tacet/protocol/errors';
import type { Content } from '@tacet/protocol/content/index';
import type { AccountId, MessageId } from '@tacet/protocol/ids';
import type { RecordKeeper } from '../account/record.ts';
import { isPatient } from '../account/restores.ts';
import { T } from '../db/stores.ts';
import type { OutboxEntry, OutgoingEnvelope } from '../db/stored-sending.ts';
import { CoreError, isCoreError } from '../failure.ts';
import type { Person } from '../people/person.ts';
import { ShareUsed, type StrangerShare } from '../people/within-day.ts';
import { isRepeatable } from '../transport/rest.ts';
import { CORRECTIONS_MOST, type EnvelopeNeeds, type Envelopes } from './envelopes.ts';
import { draftOf } from './frames.ts';
import type { HeldEntries } from './held-entries.ts';
import { RECEIPTS, WRITTEN, type Passed } from './outgoing.ts';
import type { OutboxQueue } from './outbox-queue.ts';
import type { Settling } from './settling.ts';
import { Transmission, type TransmissionNeeds } from './transmission.ts';

/** What a delivery needs. */
export interface DeliveryNeeds extends EnvelopeNeeds, TransmissionNeeds {
  readonly record: RecordKeeper;
}

/** Says how one try ended. `later`: try again at `at`, or with the next connection. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'later'; readonly at: number | undefined }
  /** Until `at` nothing of what is passed goes to this account as to a stranger. */
  | { readonly kind: 'share-used'; readonly at: number; readonly passed: Passed }
  /** The account key has changed since it was written. */
  | { readonly kind: 'held' }
  /** Nothing leaves for this account until the person has decided about its key. */
  | { readonly kind: 'blocked' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Of which share an entry is taken where it goes as to a stranger. */
function shareOf({ kind }: OutboxEntry, passed: Passed | undefined): StrangerShare {
  if (passed === 'unwritten' || WRITTEN.has(kind)) return undefined;
  return RECEIPTS.has(kind) ? 'receipts' : 'introductions';
}

export class Delivering {
  readonly #needs: DeliveryNeeds;
  readonly #queue: OutboxQueue;
  readonly #held: HeldEntries;
  readonly #settling: Settling;
  readonly #envelopes: Envelopes;
  readonly #transmission: Transmission;

  constructor(
    needs: DeliveryNeeds,
    parts: {
      readonly queue: OutboxQueue;
      readonly held: HeldEntries;
      readonly settling: Settling;
      readonly envelopes: Envelopes;
    },
  ) {
    this.#needs = needs;
    this.#queue = parts.queue;
    this.#held = parts.held;
    this.#settling = parts.settling;
    this.#envelopes = parts.envelopes;
    this.#transmission = new Transmission(needs);
  }

  /** `passed`: what waits for another day. What nobody has written goes then before what a person has, and takes no share of its own. */
  async try(entry: OutboxEntry, passed: Passed | undefined): Promise<Outcome> {
    const { clock, record } = this.#needs;
    try {
      // Blocked here, or on another own device while this one was writing.
      if (record.contact(entry.to)?.state === 'blocked') {
        throw new CoreError('person-blocked', 'nothing goes to who is blocked');
      }
      if (entry.until !== undefined && clock.now() >= entry.until) {
        throw new CoreError('too-late', 'of no use any more');
      }
      await this.#deliver(entry, shareOf(entry, passed));
      return { kind: 'done' };
    } catch (error) {
      if (isWireError(error) && error.retryAfterMs !== undefined) {
        const at = clock.now() + error.retryAfterMs;
        if (!(error instanceof ShareUsed)) return { kind: 'later', at };
        return { kind: 'share-used', at, passed: RECEIPTS.has(entry.kind) ? 'receipts' : 'unwritten' };
      }
      if (isRepeatable(error) || isWireError(error, 'unauthorized')) return { kind: 'later', at: undefined };
      if (isWireError(error, 'session-ended')) return { kind: 'later', at: undefined };
      if (this.#isYetToCome(error)) return { kind: 'later', at: undefined };
      if (isCoreError(error, 'key-changed')) return this.#keyChanged(entry, error);
      return { kind: 'failed', error };
    }
  }

  /** Encrypts a content that is never stored for the devices that have a session, and sends it to whoever is connected. */
  async sendOnline(to: AccountId, content: Content, id: MessageId): Promise<void> {
    const { directory, clock } = this.#needs;
    const person = directory.current(to);
    // Typing that overtakes a message would be shown after it.
    if (person === undefined || this.#queue.of(to).some(({ line }) => line === true)) return;
    if (directory.isBlocked(to)) return;
    const entry: OutboxEntry = { seq: 0, to, ...draftOf(content), id, sentAt: clock.now() };
    const envelopes = await this.#envelopes.sealOnline(entry, person);
    if (envelopes === undefined || directory.isBlocked(to)) return;
    await this.#transmission.send({ ...entry, envelopes, listHash: person.list.hash }, true, undefined);
  }

  /** Whether it may succeed once the other side has brought a restored server what it lost: an account, a list, a delivery key. */
  #isYetToCome(error: unknown): boolean {
    const { own, clock } = this.#needs;
    const isLost =
      isCoreError(error, 'server-dishonest') ||
      isWireError(error, 'account-unknown') ||
      isWireError(error, 'delivery-refused');
    return isLost && isPatient(own.value, clock.now());
  }

  /** What becomes of an entry that met a changed key. */
  #keyChanged(entry: OutboxEntry, error: unknown): Outcome {
    // A copy for a device of the key before has nowhere to go, and what is of no use later waits for no decision.
    if (entry.kind === 'repair' || entry.until !== undefined) return { kind: 'failed', error };
    if (this.#held.mustWait(entry)) return { kind: 'held' };
    if (this.#needs.directory.isBlocked(entry.to)) return { kind: 'blocked' };
    return { kind: 'later', at: undefined };
  }

  /** Prepares, sends and corrects until the server has it. Throws what ends the try. */
  async #deliver(first: OutboxEntry, share: StrangerShare): Promise<void> {
    let entry = first;
    for (let corrections = 0; corrections <= CORRECTIONS_MOST; corrections += 1) {
      const prepared = await this.#envelopes.prepare(entry, this.#queue, share);
      if (prepared === undefined || prepared.envelopes?.every(({ body }) => body === undefined) === true) {
        await this.#settling.finish(prepared ?? entry, false);
        return;
      }
      const mismatch = await this.#transmission.send(prepared, prepared.online === true, share);
      if (mismatch === undefined) {
        await this.#settling.finish(prepared, true);
        return;
      }
      const person = await this.#needs.people.keep(mismatch);
      if (!this.#queue.holds(prepared)) return;
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
      const { listHash: _old, ...rest } = { ...entry, ...this.#queue.current(entry) };
      const next: OutboxEntry = { ...rest, envelopes: (entry.envelopes ?? []).filter(isListed) };
      this.#queue.replace(tx, next);
      return next;
    });
  }
}
