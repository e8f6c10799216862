/**
 * What is on its way. A content is stored with its outbox entry in one transaction; then, account by account and in order, it is
 * numbered and encrypted for each listed device, ratchet state and ciphertexts are stored, and only then it leaves, with the same
 * envelope ids until the server has it. A list that changed meanwhile is verified and only what is needed is encrypted again.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { Content } from '@tacet/protocol/content/index';
import { isWireError } from '@tacet/protocol/errors';
import {
  idBytes,
  idOf,
  type AccountId,
  type DeviceId,
  type EnvelopeId,
  type MessageId,
} from '@tacet/protocol/ids';
import { introduce } from '@tacet/protocol/rest/people';
import type { Session } from '../account/session.ts';
import type { Background } from '../background.ts';
import type { OwnBytes } from '../bytes.ts';
import { LINE_TABLES, type Conversations } from '../conversations.ts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T, type OutboxEntry, type OutgoingEnvelope, type SentRecord } from '../db/stores.ts';
import type { ListedDevice } from '../device-lists.ts';
import type { Directory, DirectoryEntry, Person } from '../directory.ts';
import { CoreError, failureFrom, isCoreError } from '../failure.ts';
import type { OwnKeeper } from '../own.ts';
import { entryFromFrame, entryFromJson, type People } from '../people.ts';
import type { Clock, RandomBytes } from '../ports.ts';
import type { BufferedStores } from '../sessions/stores.ts';
import { SESSION_TABLES, type CheckedBundle, type Sessions } from '../sessions/sessions.ts';
import type { AnonymousConnection } from '../transport/anonymous.ts';
import type { Connection } from '../transport/connection.ts';
import { isRepeatable, type Rest } from '../transport/rest.ts';
import { epochText, hashLink, nextLink } from './chain.ts';
import { buildFrame, draftOf, padFrame, type Draft } from './frames.ts';

/** Lists that change under a send more often than this are not honest. */
const CORRECTIONS_MOST = 6;
/** A passing fault is tried again after this, doubled each time, at most a minute. */
const FIRST_RETRY_MS = 500;
const MOST_RETRY_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** How far back a repair may reach. */
export const REPAIR_DAYS = 7;
/** Rows deleted in one sweep. */
const SWEEP_MOST = 5_000;
/** After every hidden name. */
const KEYS_END = new Uint8Array(17).fill(0xff);

/** Tables of a compose: the content's line and its entry together. */
export const COMPOSE_TABLES = [...LINE_TABLES, T.outbox] as const;
const ENCRYPT_TABLES = [...SESSION_TABLES, T.outbox, T.outChains, T.sent, T.people] as const;
const FINISH_TABLES = [...LINE_TABLES, T.outbox, T.people] as const;

/** What the outbox needs. */
export interface OutboxNeeds {
  readonly db: SealedDb;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly background: Background;
  readonly own: OwnKeeper;
  readonly directory: Directory;
  readonly people: People;
  readonly sessions: Sessions;
  readonly conversations: Conversations;
  readonly rest: Rest;
  readonly session: Session;
  readonly anonymous: AnonymousConnection;
  readonly connection: Connection;
}

/** What is to be sent. */
export interface Outgoing {
  readonly to: AccountId;
  readonly content: Content;
  readonly id: MessageId;
  readonly sentAt: number;
  /** Whether a message line shows how far it has come. */
  readonly line?: boolean;
  /** One device alone. */
  readonly only?: DeviceId;
  /** In a session from a fresh bundle. */
  readonly fresh?: boolean;
  /** A repair: the frame as it was first sent. */
  readonly frame?: Uint8Array;
}

/** Says how one try ended. `later`: try again at `at`, or with the next connection. */
type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'later'; readonly at: number | undefined }
  | { readonly kind: 'failed'; readonly error: unknown };

/** The outbox of this device. */
export class Outbox {
  readonly #needs: OutboxNeeds;
  readonly #queues = new Map<AccountId, OutboxEntry[]>();
  readonly #pumping = new Set<AccountId>();
  readonly #retries = new Map<AccountId, { readonly cancel: () => void; readonly delayMs: number }>();
  #lastSeq = 0;
  #stopped = false;

  constructor(needs: OutboxNeeds) {
    this.#needs = needs;
  }

  /** Reads what an earlier run left. */
  async load(): Promise<void> {
    const rows = await this.#needs.db.read([T.outbox], (tx) => tx.range(T.outbox, {}));
    for (const { value } of rows) {
      this.#lastSeq = Math.max(this.#lastSeq, value.seq);
      this.#queue(value.to).push(value);
    }
  }

  /** Whether something waits for this account. */
  isWaiting(account: AccountId): boolean {
    return (this.#queues.get(account)?.length ?? 0) > 0;
  }

  /** Adds a content in a transaction that holds `T.outbox`; it leaves after the commit. */
  add(tx: WriteTx, outgoing: Outgoing): void {
    const draft = draftOf(outgoing.content);
    this.#lastSeq += 1;
    const entry: OutboxEntry = {
      seq: this.#lastSeq,
      to: outgoing.to,
      ...draft,
      id: outgoing.id,
      sentAt: outgoing.sentAt,
      ...(outgoing.line === true ? { line: true } : {}),
      ...(outgoing.only === undefined ? {} : { only: outgoing.only }),
      ...(outgoing.fresh === true ? { fresh: true } : {}),
    };
    this.#push(tx, entry);
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
      sentAt: record.at,
      only: record.device,
      frame: record.frame,
    });
  }

  /** Tries everything now: there is a connection, or the person asked. */
  kickAll(): void {
    for (const account of this.#queues.keys()) this.#kick(account);
  }

  /** The account key of this person has changed: what was written before and has not left waits for a word of the person here. */
  async holdBack(account: AccountId): Promise<void> {
    const { db, own, conversations } = this.#needs;
    await db.write(FINISH_TABLES, async (tx) => {
      const delivery = { kind: 'failed', failure: { code: 'key-changed' } } as const;
      for (const entry of this.#queue(account).filter(({ line }) => line === true)) {
        this.#remove(tx, entry);
        await conversations.setDelivery(tx, own.value.account, entry.id, delivery, { force: true });
      }
    });
  }

  /**
   * Encrypts a content that is never stored for the devices that have a session, and sends it to whoever is connected. Failures are
   * nobody's business.
   */
  async sendOnline(to: AccountId, content: Content, id: MessageId): Promise<void> {
    const { directory, clock } = this.#needs;
    const person = directory.get(to);
    if (person === undefined || this.isWaiting(to)) return;
    const entry: OutboxEntry = { seq: 0, to, ...draftOf(content), id, sentAt: clock.now() };
    const envelopes = await this.#encrypt(entry, person, new Map(), false);
    if (envelopes === undefined || envelopes.every(({ body }) => body === undefined)) return;
    await this.#transmit({ ...entry, envelopes, listHash: person.list.hash }, true);
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
    tx.after(() => this.#kick(entry.to));
  }

  #kick(account: AccountId): void {
    if (this.#stopped || this.#pumping.has(account)) return;
    this.#retries.get(account)?.cancel();
    this.#pumping.add(account);
    this.#needs.background.run(
      this.#pump(account).finally(() => this.#pumping.delete(account)),
      'send',
    );
  }

  async #pump(account: AccountId): Promise<void> {
    for (;;) {
      const [entry] = this.#queue(account);
      if (entry === undefined || this.#stopped) {
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
        case 'later':
          this.#wait(account, outcome.at);
          return;
      }
    }
  }

  #wait(account: AccountId, at: number | undefined): void {
    const { clock } = this.#needs;
    const before = this.#retries.get(account);
    const delayMs = Math.min(MOST_RETRY_MS, (before?.delayMs ?? FIRST_RETRY_MS / 2) * 2);
    const waitMs = at === undefined ? delayMs : Math.max(at - clock.now(), 50);
    const cancel = clock.after(waitMs, () => this.#kick(account));
    this.#retries.set(account, { cancel, delayMs });
  }

  async #try(entry: OutboxEntry): Promise<Outcome> {
    const { clock } = this.#needs;
    try {
      await this.#deliver(entry);
      return { kind: 'done' };
    } catch (error) {
      if (isWireError(error) && error.retryAfterMs !== undefined) {
        return { kind: 'later', at: clock.now() + error.retryAfterMs };
      }
      if (isRepeatable(error) || isWireError(error, 'unauthorized')) return { kind: 'later', at: undefined };
      if (isWireError(error, 'session-ended')) return { kind: 'later', at: undefined };
      return { kind: 'failed', error };
    }
  }

  /** Prepares, sends and corrects until the server has it. Throws what ends the try. */
  async #deliver(first: OutboxEntry): Promise<void> {
    let entry = first;
    for (let corrections = 0; corrections <= CORRECTIONS_MOST; corrections += 1) {
      const prepared = await this.#prepare(entry);
      if (prepared === undefined || prepared.envelopes?.every(({ body }) => body === undefined) === true) {
        await this.#finish(prepared ?? entry, false);
        return;
      }
      const mismatch = await this.#transmit(prepared, false);
      if (mismatch === undefined) {
        await this.#finish(prepared, true);
        return;
      }
      const person = await this.#needs.people.keep(mismatch);
      if (!this.#queue(entry.to).includes(prepared)) return;
      entry = await this.#drop(prepared, person);
    }
    throw new CoreError('server-dishonest', 'the list never settles');
  }

  /** Takes out of an entry what the new list does not have, so that `#prepare` adds what it has besides. */
  async #drop(entry: OutboxEntry, person: Person): Promise<OutboxEntry> {
    const isListed = ({ device }: OutgoingEnvelope): boolean =>
      person.list.devices.some((listed) => listed.device === device) &&
      !person.stored.departed.includes(device);
    const { listHash: _old, ...rest } = entry;
    return this.#store({ ...rest, envelopes: (entry.envelopes ?? []).filter(isListed) });
  }

  /** The entry with an envelope or a skip for every listed device, stored; `undefined` when there is nobody to send to. */
  async #prepare(entry: OutboxEntry): Promise<OutboxEntry | undefined> {
    const { directory, people, own } = this.#needs;
    let person = directory.get(entry.to) ?? (await people.fetch(entry.to, [])).person;
    let bundles: ReadonlyMap<DeviceId, CheckedBundle> = new Map();
    const asked = new Set<DeviceId>();
    for (let round = 0; round < CORRECTIONS_MOST; round += 1) {
      if (person.stored.blockedByKey === true) {
        throw new CoreError('key-changed', 'sending waits until the person decides');
      }
      if (entry.listHash !== undefined && equalBytes(entry.listHash, person.list.hash)) return entry;
      if (entry.to === own.value.account && person.list.devices.length < 2) return undefined;
      const lacking = await this.#lacking(entry, person, bundles);
      // A device without a bundle has no queue: after it was asked for once it is skipped, and its numbering shows that.
      if (lacking.every(({ device }) => asked.has(device))) {
        const envelopes = await this.#encrypt(entry, person, bundles, true);
        if (envelopes === undefined) return undefined;
        const [held] = this.#queue(entry.to);
        if (held?.seq !== entry.seq) throw new CoreError('cancelled', 'the entry has gone');
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

  /** The devices that this entry is for: listed, not this one, not gone, and not skipped for their age if any other is left. */
  #targets(entry: OutboxEntry, person: Person): readonly ListedDevice[] {
    const { directory, own } = this.#needs;
    const others = person.list.devices.filter(
      ({ device }) => device !== own.value.device && !person.stored.departed.includes(device),
    );
    if (entry.only !== undefined) return others.filter(({ device }) => device === entry.only);
    const active = others.filter(({ device }) => directory.isActive(entry.to, device));
    return active.length > 0 ? active : others;
  }

  /** Devices that need a bundle before anything can be encrypted for them, and those whose last statement has grown old. */
  async #lacking(
    entry: OutboxEntry,
    person: Person,
    bundles: ReadonlyMap<DeviceId, CheckedBundle>,
  ): Promise<readonly ListedDevice[]> {
    const { sessions, directory, own } = this.#needs;
    const lacking: ListedDevice[] = [];
    for (const target of this.#targets(entry, person)) {
      if (bundles.has(target.device)) continue;
      if (entry.envelopes?.some(({ device, body }) => device === target.device && body !== undefined))
        continue;
      const stores = await sessions.open(target.device, target.identityKey);
      if (entry.fresh === true || !sessions.isUsable(stores)) lacking.push(target);
    }
    const doubtful = person.list.devices.filter(
      ({ device }) =>
        device !== own.value.device &&
        !person.stored.departed.includes(device) &&
        !lacking.some((target) => target.device === device) &&
        directory.isDoubtful(entry.to, device),
    );
    return entry.only === undefined ? [...lacking, ...doubtful] : lacking;
  }

  /**
   * Encrypts for every target that has no envelope yet, under the locks of the devices and of the conversation, and stores ratchet
   * states, numbering and ciphertexts in one transaction. Gives the envelopes, or `undefined` when nobody is left.
   */
  async #encrypt(
    entry: OutboxEntry,
    person: Person,
    bundles: ReadonlyMap<DeviceId, CheckedBundle>,
    stored: boolean,
  ): Promise<readonly OutgoingEnvelope[] | undefined> {
    const { sessions, own, random } = this.#needs;
    const has = (device: DeviceId): OutgoingEnvelope | undefined =>
      entry.envelopes?.find((envelope) => envelope.device === device && envelope.body !== undefined);
    const targets = this.#targets(entry, person).filter(({ device }) => has(device) === undefined);
    const locks = [`chain ${entry.to}`, ...targets.map(({ device }) => device)];
    return sessions.locks.run(locks, async () => {
      const opened: { readonly target: ListedDevice; readonly stores: BufferedStores }[] = [];
      for (const target of targets) {
        const stores = await sessions.open(target.device, target.identityKey);
        const bundle = bundles.get(target.device);
        const mustStart = entry.fresh === true || !sessions.isUsable(stores);
        if (mustStart && bundle === undefined) continue;
        if (mustStart && bundle !== undefined) await sessions.start(stores, bundle);
        opened.push({ target, stores });
      }
      if (opened.length === 0 && entry.envelopes === undefined) return undefined;
      const framed = await this.#frame(entry, person, stored ? opened.map(({ target }) => target) : []);
      const padded = padFrame(framed.frame);
      const made: { readonly target: ListedDevice; readonly id: EnvelopeId; readonly body: OwnBytes }[] = [];
      for (const { target, stores } of opened) {
        const body = await sessions.encrypt(stores, padded);
        made.push({ target, id: idOf<EnvelopeId>(random(16)), body });
      }
      const envelopes = person.list.devices
        .filter(({ device }) => device !== own.value.device)
        .map(({ device }): OutgoingEnvelope => {
          const fresh = made.find(({ target }) => target.device === device);
          return fresh === undefined
            ? (has(device) ?? { device })
            : { device, id: fresh.id, body: fresh.body };
        });
      await this.#needs.db.write(ENCRYPT_TABLES, async (tx) => {
        for (const { stores } of opened) sessions.commit(tx, stores);
        if (framed.chain !== undefined)
          tx.put(T.outChains, K.outChain(this.#needs.db, entry.to), framed.chain);
        if (framed.proves)
          this.#noteProved(
            tx,
            entry.to,
            opened.map(({ target }) => target.device),
          );
        if (!stored) return;
        const next: OutboxEntry = {
          ...entry,
          frame: framed.frame,
          ...(framed.number === undefined ? {} : { number: framed.number, epoch: own.value.epoch }),
          proves: framed.proves,
          listHash: person.list.hash,
          envelopes,
        };
        this.#replace(tx, next);
        if (next.number !== undefined) for (const each of made) this.#keepSent(tx, next, each);
      });
      return envelopes;
    });
  }

  /** The frame of an entry, numbered if it is durable; the one that it has if it was framed before. */
  async #frame(
    entry: OutboxEntry,
    person: Person,
    targets: readonly ListedDevice[],
  ): Promise<{
    readonly frame: Uint8Array;
    readonly number: number | undefined;
    readonly chain: (typeof T.outChains)['value'];
    readonly proves: boolean;
  }> {
    const { db, own, directory, random } = this.#needs;
    if (entry.frame !== undefined) {
      return {
        frame: entry.frame,
        number: entry.number,
        chain: undefined,
        proves: entry.proves === true && entry.only === undefined,
      };
    }
    const ownHash = directory.ownView.hash;
    const proves = targets.some(
      ({ device }) =>
        !person.stored.proven.some((each) => each.device === device && equalBytes(each.hash, ownHash)),
    );
    const draft: Draft = entry;
    const parts = {
      id: entry.id,
      sentAt: entry.sentAt,
      from: own.value.account,
      device: own.value.device,
      ownList: directory.ownView,
      proof: proves ? directory.proof : undefined,
      to: entry.to,
      theirList: { counter: person.list.counter, hash: person.list.hash },
    };
    if (!entry.durable) {
      const frame = buildFrame(draft, { ...parts, link: undefined });
      return { frame, number: undefined, chain: undefined, proves };
    }
    const { held, incoming } = await db.read([T.outChains], async (tx) => ({
      held: await tx.get(T.outChains, K.outChain(db, entry.to)),
      incoming: await tx.range(T.inChains, K.inChains(db, entry.to)),
    }));
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
    return { frame, number: link.number, chain: { ...chain, previous: hashLink(salt, frame) }, proves };
  }

  #noteProved(tx: WriteTx, account: AccountId, devices: readonly DeviceId[]): void {
    const { directory } = this.#needs;
    const { hash } = directory.ownView;
    directory.edit(tx, account, (stored) => ({
      ...stored,
      proven: [
        ...stored.proven.filter(({ device }) => !devices.includes(device)),
        ...devices.map((device) => ({ device, hash })),
      ],
    }));
  }

  #keepSent(
    tx: WriteTx,
    entry: OutboxEntry,
    made: { readonly target: ListedDevice; readonly id: EnvelopeId },
  ): void {
    const { db, clock } = this.#needs;
    const { device, identityKey } = made.target;
    if (entry.frame === undefined || entry.number === undefined || entry.epoch === undefined) return;
    const day = Math.floor(clock.now() / DAY_MS);
    tx.put(T.sent, K.sent(db, day, device, made.id), {
      account: entry.to,
      device,
      identityKey,
      frame: entry.frame,
      id: entry.id,
      at: clock.now(),
      count: 0,
    });
    const key = K.sentNumber(db, day, device, epochText(entry.epoch), entry.number);
    tx.put(T.sentPointers, key, { envelope: made.id });
  }

  /** Sends a prepared entry. Gives the directory entry of a mismatch, or nothing when the server has it. Throws refusals. */
  async #transmit(entry: OutboxEntry, online: boolean): Promise<DirectoryEntry | undefined> {
    const { connection, anonymous, people, own } = this.#needs;
    const to = (entry.envelopes ?? []).map(({ device, id, body }) =>
      id === undefined || body === undefined
        ? { device: idBytes(device) }
        : { device: idBytes(device), envelope: { id: idBytes(id), body } },
    );
    const listHash = entry.listHash ?? new Uint8Array(32);
    if (entry.to === own.value.account) {
      const answer = await connection.request({ kind: 'send-own', listHash, online, to });
      return mismatchIn(answer, entry.to);
    }
    const deliveryKey = people.deliveryKey(entry.to);
    if (deliveryKey !== undefined) {
      try {
        const answer = await anonymous.request({
          kind: 'send',
          account: idBytes(entry.to),
          deliveryKey,
          listHash,
          online,
          to,
        });
        return mismatchIn(answer, entry.to);
      } catch (error) {
        if (!isWireError(error, 'delivery-refused')) throw error;
        people.refuse(entry.to);
      }
    }
    if (online) return undefined;
    return this.#introduce(entry);
  }

  /** A sealed introduction over the session: to somebody whose delivery key this device does not have, or has no more. */
  async #introduce(entry: OutboxEntry): Promise<DirectoryEntry | undefined> {
    const { rest, session } = this.#needs;
    const body = {
      account: entry.to as string,
      listHash: encodeB64u(entry.listHash ?? new Uint8Array(32)),
      to: (entry.envelopes ?? []).map(({ device, id, body: sealed }) =>
        id === undefined || sealed === undefined
          ? { device: device as string }
          : { device: device as string, envelope: { id: id as string, body: encodeB64u(sealed) } },
      ),
    };
    const reply = await session.with((token) => rest.call(introduce, { body, token }));
    return reply.mismatch === undefined ? undefined : entryFromJson(reply.mismatch);
  }

  async #store(entry: OutboxEntry): Promise<OutboxEntry> {
    await this.#needs.db.write([T.outbox], async (tx) => this.#replace(tx, entry));
    return entry;
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
    });
  }

  async #fail(entry: OutboxEntry, error: unknown): Promise<void> {
    const { db, conversations, own, directory } = this.#needs;
    if (isCoreError(error, 'cancelled')) return;
    await db.write(FINISH_TABLES, async (tx) => {
      this.#remove(tx, entry);
      directory.edit(tx, entry.to, (stored) => ({ ...stored, proven: [] }));
      if (entry.line === true) {
        const delivery = { kind: 'failed', failure: failureFrom(error) } as const;
        await conversations.setDelivery(tx, own.value.account, entry.id, delivery, { force: true });
      }
    });
    if (!isWireError(error) && !isCoreError(error)) throw error;
  }

  #remove(tx: WriteTx, entry: OutboxEntry): void {
    const queue = this.#queue(entry.to);
    const at = queue.findIndex(({ seq }) => seq === entry.seq);
    if (at >= 0) queue.splice(at, 1);
    tx.delete(T.outbox, [entry.seq]);
  }
}

function mismatchIn(answer: { readonly kind: string }, account: AccountId): DirectoryEntry | undefined {
  if (answer.kind === 'sent') return undefined;
  if (answer.kind !== 'mismatch') throw new CoreError('server-dishonest', 'an answer to something else');
  const { directory } = answer as unknown as { directory: Parameters<typeof entryFromFrame>[0] };
  const entry = entryFromFrame(directory);
  if (entry.account !== account) throw new CoreError('server-dishonest', 'the entry of somebody else');
  return entry;
}
