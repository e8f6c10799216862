/**
 * Envelopes: a content framed, numbered and encrypted for each listed device of its recipient. Ratchet states, numbering and
 * ciphertexts are on disk in one transaction before any of it may leave; what was encrypted for a device is never encrypted again.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import { idOf, type DeviceId, type EnvelopeId } from '@tacet/protocol/ids';
import type { OwnBytes } from '../bytes.ts';
import type { SealedDb, Tx, WriteTx } from '../db/sealed.ts';
import { K, T, type OutboxEntry, type OutgoingEnvelope } from '../db/stores.ts';
import type { ListedDevice } from '../device-lists.ts';
import type { Directory } from '../people/directory.ts';
import type { Person } from '../people/person.ts';
import { CoreError } from '../failure.ts';
import type { OwnKeeper } from '../own.ts';
import type { People } from '../people.ts';
import type { Clock, RandomBytes } from '../ports.ts';
import type { BufferedStores } from '../sessions/stores.ts';
import { SESSION_TABLES, type CheckedBundle, type Sessions } from '../sessions/sessions.ts';
import { cameInAfter, epochText, hashLink, nextLink, startAt } from './chain.ts';
import { noteCopies } from './copies.ts';
import { buildFrame, padFrame, type Draft } from './frames.ts';

/** Lists that change under a send more often than this are not honest. */
export const CORRECTIONS_MOST = 6;
const DAY_MS = 24 * 60 * 60_000;

/** Tables that a transaction needs in which something is encrypted; and where a line is to say that its session lacks a one-time prekey. */
export const ENCRYPT_TABLES = [...SESSION_TABLES, T.outbox, T.outChains, T.sent, T.people] as const;
const MARK_TABLES = [...ENCRYPT_TABLES, T.messages, T.lines] as const;

/** What envelopes need. */
export interface EnvelopeNeeds {
  readonly db: SealedDb;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly own: OwnKeeper;
  readonly directory: Directory;
  readonly people: People;
  readonly sessions: Sessions;
}

/** Who keeps the entry that envelopes are made for. */
export interface EntryKeeper {
  /** Whether the entry still is to be sent. */
  holds(entry: OutboxEntry): boolean;
  /** The entry as it is now. */
  current(entry: OutboxEntry): OutboxEntry | undefined;
  replace(tx: WriteTx, entry: OutboxEntry): void;
}

/** A content as it is encrypted, with what its numbering has become. */
interface Framed {
  readonly frame: Uint8Array;
  readonly number: number | undefined;
  readonly epoch: Uint8Array | undefined;
  readonly chain: (typeof T.outChains)['value'];
}

/** One device's part, with the session as it is afterwards. */
interface Made {
  readonly target: ListedDevice;
  readonly stores: BufferedStores;
  readonly id: EnvelopeId;
  readonly body: OwnBytes;
}

/** What was encrypted and is not on disk yet. */
interface Sealed {
  readonly framed: Framed;
  readonly made: readonly Made[];
  readonly envelopes: readonly OutgoingEnvelope[];
}

/** A try to encrypt in memory. */
interface Tried {
  /** Nothing when there is nobody to encrypt for. */
  readonly sealed: Sealed | undefined;
  /** Devices that could not be encrypted for without a bundle. */
  readonly lacking: readonly DeviceId[];
}

/** How an encryption ended. `again`: sessions have changed since it was asked what they need. */
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

/** Whether the line of a message is to say that a session of it began without a one-time prekey. */
function isMarked(entry: OutboxEntry, sealed: Sealed): boolean {
  return entry.line === true && sealed.made.some(({ stores }) => stores.isReduced);
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
  async prepare(entry: OutboxEntry, keeper: EntryKeeper): Promise<OutboxEntry | undefined> {
    const { directory, people, own } = this.#needs;
    this.#requireKey(entry);
    let person = directory.current(entry.to) ?? (await people.fetch(entry.to, [])).person;
    let bundles: ReadonlyMap<DeviceId, CheckedBundle> = new Map();
    const asked = new Set<DeviceId>();
    for (let round = 0; round < CORRECTIONS_MOST; round += 1) {
      this.#requireKey(entry);
      if (entry.listHash !== undefined && equalBytes(entry.listHash, person.list.hash)) return entry;
      if (entry.to === own.value.account && person.list.devices.length < 2) return undefined;
      const lacking = await this.#lacking(entry, person, bundles);
      // A device without a bundle has no queue: after it was asked for once it is skipped, and its numbering shows that.
      if (lacking.every(({ device }) => asked.has(device))) {
        const encrypted = await this.#encrypt(entry, person, bundles, keeper, asked);
        if (encrypted.kind === 'nobody') return undefined;
        if (encrypted.kind === 'again') continue;
        const held = keeper.holds(entry) ? keeper.current(entry) : undefined;
        if (held === undefined) throw gone();
        return held;
      }
      for (const { device } of lacking) asked.add(device);
      const fetched = await people.fetch(
        entry.to,
        lacking.map(({ device }) => device),
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

  /** Whether the key that is believed, that of the list and that under which the entry was written are one, and nothing blocks it. */
  #mayEncrypt(entry: OutboxEntry, person: Person): boolean {
    const { directory } = this.#needs;
    const key = directory.keyOf(entry.to);
    if (directory.isBlocked(entry.to) || key === undefined) return false;
    return equalBytes(entry.under ?? key, key) && equalBytes(person.stored.accountKey, key);
  }

  /**
   * The one gate before every encryption. Throws `CoreError` `key-changed` while a verified contact's changed key waits for the person's
   * decision, and for what was written under another account key than the one in force.
   */
  #requireKey(entry: OutboxEntry): void {
    const { directory } = this.#needs;
    directory.requireUnblocked(entry.to);
    const key = directory.keyOf(entry.to);
    if (entry.under !== undefined && (key === undefined || !equalBytes(entry.under, key))) {
      throw new CoreError('key-changed', 'written under another key');
    }
  }

  /** The devices that this entry is for: listed, not this one, not gone, and not skipped for their age if any other is left. */
  #targets(entry: OutboxEntry, person: Person): readonly ListedDevice[] {
    const { directory, own } = this.#needs;
    const others = person.list.devices.filter(
      ({ device }) => device !== own.value.device && !person.stored.departed.includes(device),
    );
    if (entry.only !== undefined) return others.filter(({ device }) => device === entry.only);
    const active = others.filter(({ device }) => directory.signs.isActive(entry.to, device));
    return active.length > 0 ? active : others;
  }

  /** Devices that need a bundle before anything can be encrypted for them, and those whose last statement has grown old. */
  async #lacking(
    entry: OutboxEntry,
    person: Person,
    bundles: ReadonlyMap<DeviceId, CheckedBundle>,
  ): Promise<readonly ListedDevice[]> {
    const { sessions } = this.#needs;
    const lacking: ListedDevice[] = [];
    for (const target of this.#targets(entry, person)) {
      if (bundles.has(target.device)) continue;
      if (entry.envelopes?.some(({ device, body }) => device === target.device && body !== undefined))
        continue;
      const stores = await sessions.open(target.device, target.identityKey);
      if (entry.fresh === true || !sessions.isUsable(stores)) lacking.push(target);
    }
    const doubtful = this.#doubtful(entry, person).filter(
      ({ device }) => !lacking.some((target) => target.device === device),
    );
    return [...lacking, ...doubtful];
  }

  /** Devices whose last statement has grown old. */
  #doubtful(entry: OutboxEntry, person: Person): readonly ListedDevice[] {
    const { directory, own } = this.#needs;
    if (entry.only !== undefined) return [];
    return person.list.devices.filter(
      ({ device }) =>
        device !== own.value.device &&
        !person.stored.departed.includes(device) &&
        directory.signs.isDoubtful(entry.to, device),
    );
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
    const targets = this.#targets(entry, person).filter(({ device }) => bodyFor(entry, device) === undefined);
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
        // Made with sessions that only read from now on.
        isStale = sealed.made.some(({ stores }) => sessions.isStale(stores));
        if (!isGone && !isStale) await this.#store(tx, entry, person, sealed, keeper);
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
    if (person === undefined || !sessions.isImmediate || !this.#mayEncrypt(entry, person)) return false;
    if (this.#doubtful(entry, person).length > 0) return false;
    const targets = this.#targets(entry, person);
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
    await this.#store(tx, entry, person, sealed, keeper);
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
    this.#requireKey(entry);
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
    const framed = await this.#frame(
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
        padFrame(framed.frame, proves && !knows ? proof : undefined),
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

  /** Puts ratchet states, numbering and ciphertexts into a transaction that holds `ENCRYPT_TABLES`, or `MARK_TABLES` for a line that says more. */
  async #store(
    tx: WriteTx,
    entry: OutboxEntry,
    person: Person,
    sealed: Sealed,
    keeper: EntryKeeper | undefined,
  ): Promise<void> {
    const { framed, made, envelopes } = sealed;
    const { sessions, db } = this.#needs;
    for (const { stores } of made) sessions.commit(tx, stores);
    const { chain, number, epoch } = framed;
    if (chain !== undefined) tx.put(T.outChains, K.outChain(db, entry.to), chain);
    if (keeper === undefined) return;
    const next: OutboxEntry = {
      ...entry,
      frame: framed.frame,
      ...(number === undefined || epoch === undefined ? {} : { number, epoch }),
      listHash: person.list.hash,
      envelopes,
      ...(keeper.current(entry)?.erased === true ? { erased: true } : {}),
      ...(keeper.current(entry)?.gone === true ? { gone: true } : {}),
    };
    keeper.replace(tx, next);
    if (number !== undefined) this.#keepSent(tx, next, made);
    if (isMarked(entry, sealed)) await this.#markReduced(tx, entry);
  }

  /** Notes on the line of a message how its session began. */
  async #markReduced(tx: WriteTx, { id }: OutboxEntry): Promise<void> {
    const { db, own } = this.#needs;
    const place = await tx.get(T.messages, K.message(db, own.value.account, id));
    if (place === undefined) return;
    const key = K.line(db, place.account, place.order);
    const stored = await tx.get(T.lines, key);
    if (stored === undefined) return;
    tx.put(T.lines, key, { ...stored, marks: { ...stored.marks, reduced: true } });
  }

  /** Starts a session. Throws `CoreError` `server-dishonest` for a bundle that does not hold. */
  async #start(stores: BufferedStores, bundle: CheckedBundle): Promise<void> {
    try {
      await this.#needs.sessions.start(stores, bundle);
    } catch (cause) {
      throw new CoreError('server-dishonest', 'a bundle that does not hold', { cause });
    }
  }

  /**
   * The frame of an entry, numbered if it is durable; the one that it has if it was framed before, unless that would be passed over by a
   * device that came in since. `devices`: whom it is made for now.
   */
  async #frame(
    entry: OutboxEntry,
    person: Person,
    devices: readonly DeviceId[],
    within: Tx | undefined,
  ): Promise<Framed> {
    const { db, own, directory, random } = this.#needs;
    const inTx = <Value>(read: (tx: Tx) => Promise<Value>): Promise<Value> =>
      within === undefined ? db.read([T.outChains], read) : read(within);
    if (entry.frame !== undefined) {
      const { frame, number, epoch } = entry;
      if (number === undefined || entry.only !== undefined) return { frame, number, epoch, chain: undefined };
      const held = await inTx((tx) => tx.get(T.outChains, K.outChain(db, entry.to)));
      // What waited for a word of the person while later numbers left: nothing of it has been made for the list in force.
      const isPassed = entry.envelopes === undefined && cameInAfter(held, epoch, number, devices);
      if (!isPassed) return { frame, number, epoch, chain: startAt(held, epoch, number, devices) };
    }
    const draft: Draft = entry;
    const parts = {
      id: entry.id,
      sentAt: entry.sentAt,
      from: own.value.account,
      device: own.value.device,
      ownList: directory.ownView,
      to: entry.to,
      theirList: { counter: person.list.counter, hash: person.list.hash },
    };
    if (!entry.durable) {
      const frame = buildFrame(draft, { ...parts, link: undefined });
      return { frame, number: undefined, epoch: undefined, chain: undefined };
    }
    const [held, incoming] = await inTx((tx) =>
      Promise.all([
        tx.get(T.outChains, K.outChain(db, entry.to)),
        tx.range(T.inChains, K.inChains(db, entry.to)),
      ]),
    );
    const salt = random(32);
    const listed = person.list.devices.map(({ device }) => device);
    const { link, chain } = nextLink(
      held,
      own.value.epoch,
      listed,
      incoming.map(({ value }) => value),
      salt,
    );
    const frame = buildFrame(draft, { ...parts, link });
    const { number, epoch } = link;
    return { frame, number, epoch, chain: { ...chain, previous: hashLink(salt, frame) } };
  }

  /** Keeps what was sent for repairs, and notes which message's words the copies hold; of what was erased it only notes that it was made. */
  #keepSent(
    tx: WriteTx,
    entry: OutboxEntry,
    made: readonly { readonly target: ListedDevice; readonly id: EnvelopeId }[],
  ): void {
    const { db, clock, directory } = this.#needs;
    const accountKey = directory.keyOf(entry.to);
    if (entry.frame === undefined || entry.number === undefined || entry.epoch === undefined) return;
    const now = clock.now();
    const day = Math.floor(now / DAY_MS);
    const kept = entry.erased === true ? [] : made;
    for (const { target, id } of kept) {
      const { device, identityKey } = target;
      tx.put(T.sent, K.sent(db, day, device, id), {
        account: entry.to,
        ...(accountKey === undefined ? {} : { accountKey }),
        device,
        identityKey,
        frame: entry.frame,
        id: entry.id,
        ...(entry.about === undefined ? {} : { about: entry.about }),
        at: now,
        count: 0,
      });
      const key = K.sentNumber(db, day, entry.to, device, epochText(entry.epoch), entry.number);
      tx.put(T.sentPointers, key, { envelope: id });
    }
    const message = entry.about ?? (entry.line === true ? entry.id : undefined);
    if (message === undefined) return;
    const [first] = made;
    if (first === undefined) return;
    const copies = kept.map(({ target, id }) => ({ device: target.device, envelope: id }));
    const own = entry.to === this.#needs.own.value.account ? { own: true } : {};
    noteCopies(tx, db, now, message, first.id, { copies, ...own });
  }
}
