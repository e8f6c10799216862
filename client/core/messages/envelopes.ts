/**
 * Envelopes: a content framed, numbered and encrypted for each listed device of its recipient. Ratchet states, numbering and
 * ciphertexts are on disk in one transaction before any of it may leave; what was encrypted for a device is never encrypted again.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import { idOf, type DeviceId, type EnvelopeId } from '@tacet/protocol/ids';
import type { Tx, WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { OutboxEntry, OutgoingEnvelope } from '../db/stored-sending.ts';
import type { ListedDevice } from '../device-lists.ts';
import type { Person } from '../people/person.ts';
import type { StrangerShare } from '../people/within-day.ts';
import { CoreError } from '../failure.ts';
import type { People } from '../people.ts';
import type { BufferedStores } from '../sessions/stores.ts';
import { SESSION_TABLES, type CheckedBundle } from '../sessions/sessions.ts';
import {
  commitSealed,
  isMarked,
  type CommitNeeds,
  type EntryKeeper,
  type Made,
  type Sealed,
} from './committing.ts';
import { padFrame } from './frames.ts';
import { isOvertaken, numberedFrame, type NumberingNeeds } from './numbered-frame.ts';
import {
  doubtfulOf,
  lackingOf,
  mayEncrypt,
  requireKey,
  targetsOf,
  type RecipientNeeds,
} from './recipients.ts';

/** Lists that change under a send more often than this are not honest. */
export const CORRECTIONS_MOST = 6;
/** Tables that a transaction needs in which something is encrypted; and where a line is to say that its session lacks a one-time prekey. */
export const ENCRYPT_TABLES = [...SESSION_TABLES, T.outbox, T.outChains, T.sent, T.people] as const;
const MARK_TABLES = [...ENCRYPT_TABLES, T.messages, T.lines] as const;

/** What envelopes need. */
export interface EnvelopeNeeds extends RecipientNeeds, NumberingNeeds, CommitNeeds {
  readonly people: People;
}

/** A try to encrypt in memory. */
interface Tried {
  /** Nothing when there is nobody to encrypt for. */
  readonly sealed: Sealed | undefined;
  /** Devices that could not be encrypted for without a bundle. */
  readonly lacking: readonly DeviceId[];
}

/** How an encryption ended. `again`: sessions, the numbering or the entry itself have changed since it was begun. */
type Encrypted =
  | { readonly kind: 'made'; readonly envelopes: readonly OutgoingEnvelope[] }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'again' };

/** What an entry has for a device already. */
function bodyFor(entry: OutboxEntry, device: DeviceId): OutgoingEnvelope | undefined {
  return entry.envelopes?.find((envelope) => envelope.device === device && envelope.body !== undefined);
}

function lockNames(entry: OutboxEntry, targets: readonly ListedDevice[]): readonly string[] {
  return [`chain ${entry.to}`, ...targets.map(({ device }) => device)];
}

function gone(): CoreError {
  return new CoreError('cancelled', 'the entry has gone');
}

/** Makes envelopes. */
export class Envelopes {
  readonly #needs: EnvelopeNeeds;

  constructor(needs: EnvelopeNeeds) {
    this.#needs = needs;
  }

  /** The entry with an envelope or a skip for every listed device, stored; `undefined` when there is nobody to send to. */
  async prepare(
    first: OutboxEntry,
    keeper: EntryKeeper,
    share: StrangerShare,
  ): Promise<OutboxEntry | undefined> {
    const { directory, people, own } = this.#needs;
    let entry = first;
    requireKey(this.#needs, entry);
    let person = directory.current(entry.to) ?? (await people.fetch(entry.to, [], share)).person;
    let bundles: ReadonlyMap<DeviceId, CheckedBundle> = new Map();
    const asked = new Set<DeviceId>();
    for (let round = 0; round < CORRECTIONS_MOST; round += 1) {
      requireKey(this.#needs, entry);
      if (entry.listHash !== undefined && equalBytes(entry.listHash, person.list.hash)) return entry;
      if (entry.to === own.value.account && person.list.devices.length < 2) return undefined;
      const lacking = await lackingOf(this.#needs, entry, person, bundles);
      // A device without a bundle has no queue: after it was asked for once it is skipped, and its numbering shows that.
      if (lacking.every(({ device }) => asked.has(device))) {
        const encrypted = await this.#encrypt(entry, person, bundles, keeper, asked);
        if (encrypted.kind === 'nobody') return undefined;
        if (encrypted.kind === 'again') {
          entry = keeper.current(entry) ?? entry;
          continue;
        }
        const held = keeper.holds(entry) ? keeper.current(entry) : undefined;
        if (held === undefined) throw gone();
        return held;
      }
      for (const { device } of lacking) asked.add(device);
      const fetched = await people.fetch(
        entry.to,
        lacking.map(({ device }) => device),
        share,
      );
      ({ person } = fetched);
      bundles = new Map([...bundles, ...fetched.bundles]);
    }
    throw new CoreError('server-dishonest', 'the list never settles');
  }

  /** Envelopes of a content that is never stored, for the devices that have a session; `undefined` when none has. */
  async sealOnline(entry: OutboxEntry, person: Person): Promise<readonly OutgoingEnvelope[] | undefined> {
    const encrypted = await this.#encrypt(entry, person, new Map(), undefined, undefined);
    if (encrypted.kind !== 'made') return undefined;
    const { envelopes } = encrypted;
    return envelopes.some(({ body }) => body !== undefined) ? envelopes : undefined;
  }

  /**
   * Encrypts for every target that has no envelope yet, under the locks of the devices and of the conversation, and stores ratchet
   * states, numbering and ciphertexts in one transaction. `asked`: the devices whose bundles were asked for; no other may be left out for
   * want of a session.
   */
  async #encrypt(
    entry: OutboxEntry,
    person: Person,
    bundles: ReadonlyMap<DeviceId, CheckedBundle>,
    keeper: EntryKeeper | undefined,
    asked: ReadonlySet<DeviceId> | undefined,
  ): Promise<Encrypted> {
    const { sessions, db } = this.#needs;
    const targets = targetsOf(this.#needs, entry, person).filter(
      ({ device }) => bodyFor(entry, device) === undefined,
    );
    return sessions.locks.run(lockNames(entry, targets), async (): Promise<Encrypted> => {
      if (keeper?.holds(entry) === false) throw gone();
      const { sealed, lacking } = await this.#seal(entry, person, targets, bundles, keeper !== undefined);
      // While the locks were waited for a session was put aside. Nothing of what was made is used.
      if (asked !== undefined && lacking.some((device) => !asked.has(device))) return { kind: 'again' };
      if (sealed === undefined) return { kind: 'nobody' };
      let isGone = false;
      let isStale = false;
      await db.write(isMarked(entry, sealed) ? MARK_TABLES : ENCRYPT_TABLES, async (tx) => {
        // Taken back meanwhile: nothing of it was used, neither a key nor a number.
        const current = keeper?.current(entry);
        isGone = keeper !== undefined && (current === undefined || current.held === true);
        // Made with sessions that only read from now on, or of words that have gone since.
        isStale =
          sealed.made.some(({ stores }) => sessions.isStale(stores)) ||
          (current !== undefined && (current.body !== entry.body || current.frame !== entry.frame)) ||
          (await isOvertaken(tx, db, entry, sealed.framed));
        if (!isGone && !isStale) await commitSealed(this.#needs, tx, entry, person, sealed, keeper);
      });
      if (isGone) throw gone();
      return isStale ? { kind: 'again' } : { kind: 'made', envelopes: sealed.envelopes };
    });
  }

  /**
   * Encrypts a new entry inside the transaction that stores its content, which holds `MARK_TABLES`, so that both are one commit; only
   * where nothing has to be asked or awaited. False: nothing was done, and the entry is to be prepared on its own.
   */
  async sealWithin(tx: WriteTx, entry: OutboxEntry, keep: (ready: OutboxEntry) => void): Promise<boolean> {
    const { sessions, directory } = this.#needs;
    const person = directory.current(entry.to);
    if (person === undefined || !sessions.isImmediate || !mayEncrypt(this.#needs, entry, person))
      return false;
    if (doubtfulOf(this.#needs, entry, person).length > 0) return false;
    const targets = targetsOf(this.#needs, entry, person);
    const release = sessions.locks.tryHold(lockNames(entry, targets));
    if (release === undefined) return false;
    tx.finally(release);
    let tried: Tried;
    try {
      tried = await this.#seal(entry, person, targets, new Map(), true, tx);
    } catch {
      // Met again, and told, when the entry is prepared on its own.
      return false;
    }
    const { sealed, lacking } = tried;
    if (sealed === undefined || lacking.length > 0) return false;
    const keeper: EntryKeeper = {
      holds: () => true,
      current: () => entry,
      replace: (_tx, ready) => keep(ready),
    };
    await commitSealed(this.#needs, tx, entry, person, sealed, keeper);
    return true;
  }

  /** Encrypts for the targets that have a session or a bundle, in memory alone. The caller holds the locks. */
  async #seal(
    entry: OutboxEntry,
    person: Person,
    targets: readonly ListedDevice[],
    bundles: ReadonlyMap<DeviceId, CheckedBundle>,
    proves: boolean,
    within?: Tx,
  ): Promise<Tried> {
    const { sessions, own, random, directory } = this.#needs;
    // Nothing lies between this and the ciphertexts but this device's own computing.
    requireKey(this.#needs, entry);
    if (!equalBytes(person.stored.accountKey, directory.keyOf(entry.to) ?? new Uint8Array(0))) {
      throw new CoreError('key-changed', 'the key changed while this was made ready');
    }
    const opened: { readonly target: ListedDevice; readonly stores: BufferedStores }[] = [];
    const lacking: DeviceId[] = [];
    for (const target of targets) {
      const stores = await sessions.open(target.device, target.identityKey, within);
      const bundle = bundles.get(target.device);
      const mustStart = entry.fresh === true || !sessions.isUsable(stores);
      if (mustStart && bundle === undefined) {
        lacking.push(target.device);
        continue;
      }
      if (mustStart && bundle !== undefined) await this.#start(stores, bundle);
      opened.push({ target, stores });
    }
    if (opened.length === 0 && entry.envelopes === undefined) return { sealed: undefined, lacking };
    const { ownView, proof } = directory;
    const framed = await numberedFrame(
      this.#needs,
      entry,
      person,
      opened.map(({ target }) => target.device),
      within,
    );
    const made: Made[] = [];
    for (const { target, stores } of opened) {
      // The frame is the same for all; the proof goes to whoever has not shown yet that it knows the list.
      const knows = person.stored.proven.some(
        ({ device, hash }) => device === target.device && equalBytes(hash, ownView.hash),
      );
      const body = await sessions.encrypt(
        stores,
        padFrame(framed.frame, proves && !knows ? proof : undefined, entry.repairs),
      );
      made.push({ target, stores, id: idOf<EnvelopeId>(random(16)), body });
    }
    const envelopes = person.list.devices
      .filter(({ device }) => device !== own.value.device)
      .map(({ device }): OutgoingEnvelope => {
        const fresh = made.find(({ target }) => target.device === device);
        return fresh === undefined
          ? (bodyFor(entry, device) ?? { device })
          : { device, id: fresh.id, body: fresh.body };
      });
    return { sealed: { framed, made, envelopes }, lacking };
  }

  /** Starts a session. Throws `CoreError` `server-dishonest` for a bundle that does not hold. */
  async #start(stores: BufferedStores, bundle: CheckedBundle): Promise<void> {
    try {
      await this.#needs.sessions.start(stores, bundle);
    } catch (cause) {
      throw new CoreError('server-dishonest', 'a bundle that does not hold', { cause });
    }
  }
}
