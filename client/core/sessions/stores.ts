/**
 * The engine's stores over the local database, buffered: one object serves one operation with one device, reads what it needs, keeps
 * what the engine writes, and puts it into the caller's transaction when the caller has decided that it stands. Nothing is written before.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import type { DeviceId } from '@tacet/protocol/ids';
import { copyBytes, type OwnBytes } from '../bytes.ts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { T, type PreKeyKind } from '../db/stores.ts';
import type {
  Engine,
  EngineAddress,
  EngineIdentityKeyPair,
  EngineIdentityStore,
  EngineKyberPreKeyRecord,
  EngineKyberPreKeyStore,
  EnginePreKeyRecord,
  EnginePreKeyStore,
  EnginePrivateKey,
  EnginePublicKey,
  EngineSessionRecord,
  EngineSessionStore,
  EngineSignedPreKeyRecord,
  EngineSignedPreKeyStore,
} from '../engine.ts';
import { CoreError } from '../failure.ts';
import type { DbKey } from '../ports.ts';

/** A message needs a prekey that this device does not have (any more). */
export class MissingPreKey extends Error {
  override readonly name = 'MissingPreKey';
}

/** Where the session lies that a device had before its state turned out to be old: for reading, never for writing. */
export function asideKey(key: DbKey): DbKey {
  return [key, 'aside'];
}

/** What the stores are made of. */
export interface StoreParts {
  readonly engine: Engine;
  readonly db: SealedDb;
  readonly identity: EngineIdentityKeyPair;
  readonly registrationId: number;
  readonly device: DeviceId;
  /** The other device's identity key as its list has it, or as the seal proved it. */
  readonly peerKey: EnginePublicKey;
  /** Where the session with this device under this key lies, `K.session`. */
  readonly at: Uint8Array;
  /** The stored session, if any. */
  readonly session: OwnBytes | undefined;
  /** Which of the times between two puttings aside of all sessions it was opened in. */
  readonly era: number;
}

/** The five stores of one operation with one device. */
export class BufferedStores
  implements
    EngineSessionStore,
    EngineIdentityStore,
    EnginePreKeyStore,
    EngineSignedPreKeyStore,
    EngineKyberPreKeyStore
{
  readonly #parts: StoreParts;
  #session: OwnBytes | undefined;
  #isChanged = false;
  #isAside = false;
  #isReduced = false;
  #removed: { readonly kind: PreKeyKind; readonly id: number }[] = [];
  #marks: Uint8Array[] = [];

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#session = parts.session;
  }

  get device(): DeviceId {
    return this.#parts.device;
  }
  get at(): Uint8Array {
    return this.#parts.at;
  }
  get era(): number {
    return this.#parts.era;
  }
  /** The session as it now is, stored or not. */
  get session(): OwnBytes | undefined {
    return this.#session;
  }

  /** Whether what was encrypted with these stores begins a session without a one-time prekey. */
  get isReduced(): boolean {
    return this.#isReduced;
  }
  noteReduced(): void {
    this.#isReduced = true;
  }

  /** Whether these stores read with the session that was put aside. */
  get isAside(): boolean {
    return this.#isAside;
  }

  /** Forgets what was changed and goes on with the session that was put aside; false if there is none. */
  async turnAside(): Promise<boolean> {
    const key = asideKey(this.at);
    const session = await this.#parts.db.read([T.sessions], (tx) => tx.get(T.sessions, key));
    if (session === undefined) return false;
    this.#session = copyBytes(session);
    this.#isAside = true;
    this.#isChanged = false;
    this.#removed = [];
    this.#marks = [];
    return true;
  }

  /** All sessions were put aside meanwhile: what this one has become follows it there. */
  stayAside(): void {
    this.#isAside = true;
  }

  /** Whether a message can be encrypted without a bundle. */
  hasCurrent(now: Date): boolean {
    return this.#record()?.hasCurrentState(now) ?? false;
  }

  /** Puts the current session among the archived ones. */
  archive(): void {
    const record = this.#record();
    if (record === undefined) return;
    record.archiveCurrentState();
    this.#session = record.serialize();
    this.#isChanged = true;
  }

  /** Whether the current session's own sending ratchet key is this one. */
  currentRatchetKeyMatches(key: EnginePublicKey): boolean {
    return this.#record()?.currentRatchetKeyMatches(key) ?? false;
  }

  /** Puts what has changed into a transaction that holds `T.sessions` and `T.preKeys`. */
  put(tx: WriteTx): void {
    if (this.#isChanged && this.#session !== undefined) {
      tx.put(T.sessions, this.#isAside ? asideKey(this.at) : this.at, this.#session);
    }
    for (const { kind, id } of this.#removed) tx.delete(T.preKeys, [kind, id]);
    for (const mark of this.#marks) tx.put(T.preKeys, ['used', mark], new Uint8Array(0));
  }

  async saveSession(_name: EngineAddress, record: EngineSessionRecord): Promise<void> {
    this.#session = record.serialize();
    this.#isChanged = true;
  }
  async getSession(): Promise<EngineSessionRecord | null> {
    return this.#record() ?? null;
  }
  async getExistingSessions(): Promise<EngineSessionRecord[]> {
    const record = this.#record();
    if (record === undefined) throw new CoreError('unexpected', 'no session');
    return [record];
  }

  async getIdentityKey(): Promise<EnginePrivateKey> {
    return this.#parts.identity.privateKey;
  }
  async getIdentityKeyPair(): Promise<EngineIdentityKeyPair> {
    return this.#parts.identity;
  }
  async getLocalRegistrationId(): Promise<number> {
    return this.#parts.registrationId;
  }
  async saveIdentity(): Promise<0 | 1> {
    return 0;
  }
  async isTrustedIdentity(_name: EngineAddress, key: EnginePublicKey): Promise<boolean> {
    return key.equals(this.#parts.peerKey);
  }
  async getIdentity(): Promise<EnginePublicKey | null> {
    return this.#parts.peerKey;
  }

  async savePreKey(): Promise<void> {
    throw new CoreError('unexpected', 'prekeys are made elsewhere');
  }
  async getPreKey(id: number): Promise<EnginePreKeyRecord> {
    const record = await this.#preKey(['one-time'], id);
    return this.#parts.engine.PreKeyRecord.deserialize(record.bytes);
  }
  async removePreKey(id: number): Promise<void> {
    this.#removed.push({ kind: 'one-time', id });
  }
  async saveSignedPreKey(): Promise<void> {
    throw new CoreError('unexpected', 'prekeys are made elsewhere');
  }
  async getSignedPreKey(id: number): Promise<EngineSignedPreKeyRecord> {
    const record = await this.#preKey(['signed'], id);
    return this.#parts.engine.SignedPreKeyRecord.deserialize(record.bytes);
  }
  async saveKyberPreKey(): Promise<void> {
    throw new CoreError('unexpected', 'prekeys are made elsewhere');
  }
  async getKyberPreKey(id: number): Promise<EngineKyberPreKeyRecord> {
    const record = await this.#preKey(['kyber', 'last-resort'], id);
    return this.#parts.engine.KyberPreKeyRecord.deserialize(record.bytes);
  }

  /**
   * A one-time Kyber key is deleted. A last-resort key refuses a base key that it has seen, and a signed prekey that it was not made with:
   * the two are handed out together, and a server that gives an older one for a one-time key would weaken the beginning.
   */
  async markKyberPreKeyUsed(id: number, signedPreKeyId: number, baseKey: EnginePublicKey): Promise<void> {
    const { kind } = await this.#preKey(['kyber', 'last-resort'], id);
    if (kind === 'kyber') {
      this.#removed.push({ kind, id });
      return;
    }
    if (id !== signedPreKeyId) throw new MissingPreKey('a last-resort key of another time');
    const { db } = this.#parts;
    const mark = db.hide(`used ${id} ${signedPreKeyId} ${encodeB64u(baseKey.serialize())}`);
    const seen = await db.read([T.preKeys], (tx) => tx.get(T.preKeys, ['used', mark]));
    if (seen !== undefined) throw new MissingPreKey('a base key that this last-resort key has seen');
    this.#marks.push(mark);
  }

  #record(): EngineSessionRecord | undefined {
    if (this.#session === undefined) return undefined;
    return this.#parts.engine.SessionRecord.deserialize(this.#session);
  }

  async #preKey(
    kinds: readonly PreKeyKind[],
    id: number,
  ): Promise<{ readonly kind: PreKeyKind; readonly bytes: OwnBytes }> {
    // Missing is no fault of the storage, and what is thrown while it reads counts as one.
    const found = await this.#parts.db.read([T.preKeys], async (tx) => {
      for (const kind of kinds) {
        const bytes = await tx.get(T.preKeys, [kind, id]);
        if (bytes !== undefined) return { kind, bytes: copyBytes(bytes) };
      }
      return undefined;
    });
    if (found === undefined) throw new MissingPreKey('a prekey that is not here');
    return found;
  }
}
