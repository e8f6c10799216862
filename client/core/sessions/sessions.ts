/**
 * Ratchet sessions with devices: encrypting and sealing, opening and decrypting. Every step with a device runs under its lock, from
 * reading the session to the commit of what changed. A certificate that this device issues for itself names it; who believes it looks
 * into the signed list of the account. Anybody may list a device of any name, so a session belongs to the name and the identity key.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import { idOf, uuidBytes, uuidText, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { copyBytes, type OwnBytes } from '../bytes.ts';
import type { SealedDb, Tx, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { ListedDevice } from '../device-lists.ts';
import {
  isDuplicate,
  MESSAGE_TYPE,
  type Engine,
  type EngineAddress,
  type EnginePublicKey,
  type EngineSenderCertificate,
} from '../engine.ts';
import { CoreError, isCoreError } from '../failure.ts';
import { KeyedLocks } from '../locks.ts';
import type { OwnKeeper } from '../own.ts';
import type { Clock } from '../ports.ts';
import { asideKey, BufferedStores } from './stores.ts';

/** The one Signal device id: each device is an address of its own. */
const DEVICE_ID = 1;
/** Certificates say nothing about time, since the list decides: the last second of the year 9999. */
const CERTIFICATE_EXPIRY = 253_402_300_799_000;
/** Sessions kept in memory, some 6 kB each. */
const CACHED_SESSIONS = 500;

/** Tables that a commit of sessions writes. */
export const SESSION_TABLES = [T.sessions, T.preKeys] as const;

/** A sealed message whose seal opened: who its certificate says it is from, with the key that the seal proved. */
export interface OpenedSeal {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly identityKey: EnginePublicKey;
  readonly type: 'whisper' | 'preKey';
  readonly contents: OwnBytes;
}

/** A prekey bundle whose statement has been checked. */
export interface CheckedBundle {
  readonly device: ListedDevice;
  readonly signed: { readonly id: number; readonly publicKey: Uint8Array; readonly signature: Uint8Array };
  readonly kyber: { readonly id: number; readonly publicKey: Uint8Array; readonly signature: Uint8Array };
  readonly oneTime?: { readonly id: number; readonly publicKey: Uint8Array } | undefined;
}

/** All sessions of this device. */
export class Sessions {
  readonly #engine: Engine;
  readonly #db: SealedDb;
  readonly #own: OwnKeeper;
  readonly #clock: Clock;
  readonly #address: EngineAddress;
  readonly #certificate: EngineSenderCertificate;
  readonly #cache = new Map<string, OwnBytes>();
  /** The certificate that was last found good, by device: the same one comes with every message. */
  readonly #goodCertificates = new Map<DeviceId, OwnBytes>();
  readonly locks = new KeyedLocks();
  /** Grows when all sessions are put aside: what was opened before is not written back in their place. */
  #era = 0;

  constructor(engine: Engine, db: SealedDb, own: OwnKeeper, clock: Clock) {
    this.#engine = engine;
    this.#db = db;
    this.#own = own;
    this.#clock = clock;
    const { account, device } = own.value;
    const { publicKey, privateKey } = own.identity;
    this.#address = engine.ProtocolAddress.new(uuidText(device), DEVICE_ID);
    this.#certificate = engine.SenderCertificate.new(
      uuidText(device),
      uuidText(account),
      DEVICE_ID,
      publicKey,
      CERTIFICATE_EXPIRY,
      engine.ServerCertificate.new(1, publicKey, privateKey),
      privateKey,
    );
  }

  /** Whether encrypting waits for nothing, so that it may happen inside a transaction. */
  get isImmediate(): boolean {
    return this.#engine.isImmediate === true;
  }

  /** The stores of one operation with a device and key; the caller holds the device's lock. `within`: a transaction to read by, with `T.sessions`. */
  async open(
    device: DeviceId,
    identityKey: Uint8Array | EnginePublicKey,
    within?: Tx,
  ): Promise<BufferedStores> {
    const era = this.#era;
    const keyBytes = identityKey instanceof Uint8Array ? identityKey : identityKey.serialize();
    const at = K.session(this.#db, device, keyBytes);
    const read = (tx: Tx): Promise<Uint8Array | undefined> => tx.get(T.sessions, at);
    const stored =
      this.#cache.get(encodeB64u(at)) ??
      (await (within === undefined ? this.#db.read([T.sessions], read) : read(within)));
    return new BufferedStores({
      engine: this.#engine,
      db: this.#db,
      identity: this.#own.identity,
      registrationId: this.#own.value.registrationId,
      device,
      peerKey:
        identityKey instanceof Uint8Array
          ? this.#engine.PublicKey.deserialize(copyBytes(identityKey))
          : identityKey,
      at,
      session: stored === undefined ? undefined : copyBytes(stored),
      era,
    });
  }

  /** Whether all sessions were put aside since the stores were opened: what they have encrypted must not leave. */
  isStale(stores: BufferedStores): boolean {
    return stores.era !== this.#era;
  }

  /** Puts what the stores changed into a transaction that holds `SESSION_TABLES`. */
  commit(tx: WriteTx, stores: BufferedStores): void {
    if (this.isStale(stores)) stores.stayAside();
    stores.put(tx);
    const { at, session, isAside } = stores;
    tx.after(() => {
      if (session === undefined || isAside) return;
      if (this.#cache.size >= CACHED_SESSIONS) this.#cache.clear();
      this.#cache.set(encodeB64u(at), session);
    });
  }

  /** Whether the stores' session can encrypt now. */
  isUsable(stores: BufferedStores): boolean {
    return stores.hasCurrent(new Date(this.#clock.now()));
  }

  /** Starts a session from a bundle; an existing one is archived. Throws the engine's error for a bundle that does not hold. */
  async start(stores: BufferedStores, bundle: CheckedBundle): Promise<void> {
    const { engine, address } = this.#with(stores.device);
    const { device, signed, kyber, oneTime } = bundle;
    const made = engine.PreKeyBundle.new(
      device.registrationId,
      DEVICE_ID,
      oneTime?.id ?? null,
      oneTime === undefined ? null : engine.PublicKey.deserialize(copyBytes(oneTime.publicKey)),
      signed.id,
      engine.PublicKey.deserialize(copyBytes(signed.publicKey)),
      copyBytes(signed.signature),
      engine.PublicKey.deserialize(device.identityKey),
      kyber.id,
      engine.KEMPublicKey.deserialize(copyBytes(kyber.publicKey)),
      copyBytes(kyber.signature),
    );
    const now = new Date(this.#clock.now());
    await engine.processPreKeyBundle(made, address, this.#address, stores, stores, now);
  }

  /** Encrypts a padded content for the stores' device and seals it. The new state is in the stores, not yet on disk. */
  async encrypt(stores: BufferedStores, padded: OwnBytes): Promise<OwnBytes> {
    const { engine, address } = this.#with(stores.device);
    const now = new Date(this.#clock.now());
    const message = await engine.signalEncrypt(padded, address, this.#address, stores, stores, now);
    if (message.type() === MESSAGE_TYPE.preKey && this.#lacksOneTime(copyBytes(message.serialize()))) {
      stores.noteReduced();
    }
    const content = engine.UnidentifiedSenderMessageContent.new(message, this.#certificate, 0, null);
    return engine.sealedSenderEncrypt(content, address, stores);
  }

  /** Opens the outer seal. Throws for anything that is not a sealed message for this device by somebody with a well-formed certificate. */
  async unseal(body: Uint8Array): Promise<OpenedSeal> {
    const engine = this.#engine;
    const own = this.#own.identity;
    const identityOnly = new BufferedStores({
      engine,
      db: this.#db,
      identity: own,
      registrationId: this.#own.value.registrationId,
      device: this.#own.value.device,
      peerKey: own.publicKey,
      at: K.session(this.#db, this.#own.value.device, own.publicKey.serialize()),
      session: undefined,
      era: this.#era,
    });
    const content = await engine.sealedSenderDecryptToUsmc(copyBytes(body), identityOnly);
    const certificate = content.senderCertificate();
    const key = certificate.key();
    const account = uuidBytes(certificate.senderE164() ?? '');
    const device = uuidBytes(certificate.senderUuid());
    const type = content.msgType();
    if (
      account === undefined ||
      device === undefined ||
      certificate.senderDeviceId() !== DEVICE_ID ||
      (type !== MESSAGE_TYPE.whisper && type !== MESSAGE_TYPE.preKey) ||
      !this.#holds(idOf<DeviceId>(device), certificate)
    ) {
      throw new CoreError('server-dishonest', 'a sealed message with a certificate that does not hold');
    }
    return {
      account: idOf<AccountId>(account),
      device: idOf<DeviceId>(device),
      identityKey: key,
      type: type === MESSAGE_TYPE.whisper ? 'whisper' : 'preKey',
      contents: content.contents(),
    };
  }

  /**
   * Decrypts what a seal held, with the session that was put aside if the present one cannot. The new state is in the stores, not yet on
   * disk. Throws the engine's error.
   */
  async decrypt(stores: BufferedStores, opened: OpenedSeal): Promise<OwnBytes> {
    try {
      return await this.#decrypt(stores, opened);
    } catch (error) {
      if (isDuplicate(error) || isCoreError(error) || !(await stores.turnAside())) throw error;
      return this.#decrypt(stores, opened);
    }
  }

  async #decrypt(stores: BufferedStores, opened: OpenedSeal): Promise<OwnBytes> {
    const { engine, address } = this.#with(stores.device);
    if (opened.type === 'whisper') {
      const message = engine.SignalMessage.deserialize(opened.contents);
      return engine.signalDecrypt(message, address, this.#address, stores, stores);
    }
    const message = engine.PreKeySignalMessage.deserialize(opened.contents);
    return engine.signalDecryptPreKey(
      message,
      address,
      this.#address,
      stores,
      stores,
      stores,
      stores,
      stores,
    );
  }

  /**
   * Whether an opened message begins a session without a one-time prekey: the server gave none to its sender. Whoever gets the longer-lived
   * keys of this device while it has them can read what was recorded of it; from the first answer on that is over.
   */
  isReduced(opened: OpenedSeal): boolean {
    return opened.type === 'preKey' && this.#lacksOneTime(opened.contents);
  }

  #lacksOneTime(message: OwnBytes): boolean {
    return this.#engine.PreKeySignalMessage.deserialize(message).preKeyId() === null;
  }

  /** The sender's ratchet key in a message that could not be decrypted, 33 bytes; `undefined` if it names none. */
  ratchetKeyOf(opened: OpenedSeal): OwnBytes | undefined {
    const type = opened.type === 'whisper' ? MESSAGE_TYPE.whisper : MESSAGE_TYPE.preKey;
    try {
      return this.#engine.DecryptionErrorMessage.forOriginal(opened.contents, type, 0, DEVICE_ID)
        .ratchetKey()
        ?.serialize();
    } catch {
      return undefined;
    }
  }

  /** A public key of the engine; `undefined` for bytes that are none. */
  publicKey(bytes: Uint8Array): EnginePublicKey | undefined {
    try {
      return this.#engine.PublicKey.deserialize(copyBytes(bytes));
    } catch {
      return undefined;
    }
  }

  /**
   * Puts every session aside: what was restored from an older copy may have been used already, so it only reads from now on. (A session
   * that is merely archived becomes the current one again with the next message that it reads, and would use its keys twice.)
   */
  async putAsideAll(tx: WriteTx): Promise<void> {
    this.#era += 1;
    const rows = await tx.range(T.sessions, {});
    for (const { key, value } of rows) {
      if (!(key instanceof Uint8Array)) continue;
      tx.put(T.sessions, asideKey(key), value);
      tx.delete(T.sessions, key);
    }
    tx.after(() => this.#cache.clear());
  }

  /** Whether a certificate is its own key's word. */
  #holds(device: DeviceId, certificate: EngineSenderCertificate): boolean {
    const bytes = certificate.serialize();
    const known = this.#goodCertificates.get(device);
    if (known !== undefined && equalBytes(known, bytes)) return true;
    if (!certificate.validate(certificate.key(), this.#clock.now())) return false;
    if (this.#goodCertificates.size >= CACHED_SESSIONS) this.#goodCertificates.clear();
    this.#goodCertificates.set(device, bytes);
    return true;
  }

  #with(device: DeviceId): { readonly engine: Engine; readonly address: EngineAddress } {
    return {
      engine: this.#engine,
      address: this.#engine.ProtocolAddress.new(uuidText(device), DEVICE_ID),
    };
  }
}
