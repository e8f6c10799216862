/**
 * An identity that is made for one call and the one Signal session between the two of it: in memory alone, gone with the call. The callee
 * begins it with the bundle of the caller's join; the caller answers in it.
 *
 *   message = type 1 (2 whisper, 3 prekey) | ciphertext
 */
import type { CallBundle } from '@tacet/protocol/content/call-join';
import { copyBytes, joinBytes, type OwnBytes } from '../bytes.ts';
import {
  MESSAGE_TYPE,
  type Engine,
  type EngineAddress,
  type EngineIdentityKeyPair,
  type EngineIdentityStore,
  type EngineKyberPreKeyRecord,
  type EngineKyberPreKeyStore,
  type EnginePreKeyRecord,
  type EnginePreKeyStore,
  type EnginePrivateKey,
  type EnginePublicKey,
  type EngineSessionRecord,
  type EngineSessionStore,
  type EngineSignedPreKeyRecord,
  type EngineSignedPreKeyStore,
} from '../engine.ts';
import { CoreError } from '../failure.ts';
import type { RandomBytes } from '../ports.ts';
import type { Side } from './joins.ts';

const DEVICE_ID = 1;
const KEY_ID = 1;

function fault(): CoreError {
  return new CoreError('unexpected', 'a call identity has one session and no other keys');
}

/** The five stores of one session: nothing of them leaves the memory. */
class CallStores
  implements
    EngineSessionStore,
    EngineIdentityStore,
    EnginePreKeyStore,
    EngineSignedPreKeyStore,
    EngineKyberPreKeyStore
{
  readonly #engine: Engine;
  readonly #identity: EngineIdentityKeyPair;
  readonly #registrationId: number;
  readonly #signed: EngineSignedPreKeyRecord;
  readonly #kyber: EngineKyberPreKeyRecord;
  #peer: EnginePublicKey | undefined;
  /** Serialised: what fails half way has changed nothing. */
  #session: OwnBytes | undefined;
  #isBegun = false;

  constructor(
    engine: Engine,
    identity: EngineIdentityKeyPair,
    registrationId: number,
    signed: EngineSignedPreKeyRecord,
    kyber: EngineKyberPreKeyRecord,
  ) {
    this.#engine = engine;
    this.#identity = identity;
    this.#registrationId = registrationId;
    this.#signed = signed;
    this.#kyber = kyber;
  }

  /** Whose messages are read and written: set once. */
  know(peer: EnginePublicKey): void {
    if (this.#peer !== undefined) throw fault();
    this.#peer = peer;
  }

  get hasSession(): boolean {
    return this.#session !== undefined;
  }

  async saveSession(_name: EngineAddress, record: EngineSessionRecord): Promise<void> {
    this.#session = record.serialize();
  }
  async getSession(): Promise<EngineSessionRecord | null> {
    return this.#session === undefined ? null : this.#engine.SessionRecord.deserialize(this.#session);
  }
  async getExistingSessions(): Promise<EngineSessionRecord[]> {
    if (this.#session === undefined) throw fault();
    return [this.#engine.SessionRecord.deserialize(this.#session)];
  }
  async getIdentityKey(): Promise<EnginePrivateKey> {
    return this.#identity.privateKey;
  }
  async getIdentityKeyPair(): Promise<EngineIdentityKeyPair> {
    return this.#identity;
  }
  async getLocalRegistrationId(): Promise<number> {
    return this.#registrationId;
  }
  async saveIdentity(): Promise<0 | 1> {
    return 0;
  }
  async isTrustedIdentity(_name: EngineAddress, key: EnginePublicKey): Promise<boolean> {
    return this.#peer !== undefined && key.equals(this.#peer);
  }
  async getIdentity(): Promise<EnginePublicKey | null> {
    return this.#peer ?? null;
  }
  async savePreKey(): Promise<void> {
    throw fault();
  }
  async getPreKey(): Promise<EnginePreKeyRecord> {
    throw fault();
  }
  async removePreKey(): Promise<void> {
    throw fault();
  }
  async saveSignedPreKey(): Promise<void> {
    throw fault();
  }
  async getSignedPreKey(id: number): Promise<EngineSignedPreKeyRecord> {
    if (id !== KEY_ID) throw fault();
    return this.#signed;
  }
  async saveKyberPreKey(): Promise<void> {
    throw fault();
  }
  async getKyberPreKey(id: number): Promise<EngineKyberPreKeyRecord> {
    if (id !== KEY_ID) throw fault();
    return this.#kyber;
  }
  /** One session is begun with this identity: a beginning that comes again, or another one, is refused. */
  async markKyberPreKeyUsed(): Promise<void> {
    if (this.#isBegun) throw fault();
    this.#isBegun = true;
  }
}

export class CallIdentity {
  /** What the join tells of it. */
  readonly bundle: CallBundle;
  readonly #engine: Engine;
  readonly #side: Side;
  readonly #now: () => Date;
  readonly #stores: CallStores;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    engine: Engine,
    side: Side,
    { random, now }: { readonly random: RandomBytes; readonly now: () => number },
  ) {
    this.#engine = engine;
    this.#side = side;
    this.#now = () => new Date(now());
    const identity = engine.IdentityKeyPair.generate();
    const [high = 0, low = 0] = random(2);
    const registrationId = (((high << 8) | low) % 0x3fff) + 1;
    const signedKey = engine.PrivateKey.generate();
    const signedPublic = signedKey.getPublicKey();
    const signature = identity.privateKey.sign(signedPublic.serialize());
    const kyberPair = engine.KEMKeyPair.generate();
    const kyberPublic = kyberPair.getPublicKey().serialize();
    const kyberSignature = identity.privateKey.sign(kyberPublic);
    this.#stores = new CallStores(
      engine,
      identity,
      registrationId,
      engine.SignedPreKeyRecord.new(KEY_ID, now(), signedPublic, signedKey, signature),
      engine.KyberPreKeyRecord.new(KEY_ID, now(), kyberPair, kyberSignature),
    );
    this.bundle = {
      registrationId,
      identityKey: identity.publicKey.serialize(),
      signed: { id: KEY_ID, publicKey: signedPublic.serialize(), signature },
      kyber: { id: KEY_ID, publicKey: kyberPublic, signature: kyberSignature },
    };
  }

  /** Whether something can be said: the callee's can once the other side is known, the caller's once it has heard something. */
  get canSay(): boolean {
    return this.#stores.hasSession;
  }

  /** The other side, by its join: messages of anybody else do not open. The callee begins the session. Throws for a bundle that does not hold. */
  meet(bundle: CallBundle): Promise<void> {
    return this.#inTurn(async () => {
      const engine = this.#engine;
      const identityKey = engine.PublicKey.deserialize(copyBytes(bundle.identityKey));
      this.#stores.know(identityKey);
      if (this.#side === 'caller') return;
      const { signed, kyber, registrationId } = bundle;
      const made = engine.PreKeyBundle.new(
        registrationId,
        DEVICE_ID,
        null,
        null,
        signed.id,
        engine.PublicKey.deserialize(copyBytes(signed.publicKey)),
        copyBytes(signed.signature),
        identityKey,
        kyber.id,
        engine.KEMPublicKey.deserialize(copyBytes(kyber.publicKey)),
        copyBytes(kyber.signature),
      );
      const { theirs, mine } = this.#addresses();
      await engine.processPreKeyBundle(made, theirs, mine, this.#stores, this.#stores, this.#now());
    });
  }

  /** Encrypts for the other side. Throws where nothing can be said yet. */
  seal(plain: OwnBytes): Promise<OwnBytes> {
    return this.#inTurn(async () => {
      if (!this.canSay) throw fault();
      const { theirs, mine } = this.#addresses();
      const stores = this.#stores;
      const message = await this.#engine.signalEncrypt(plain, theirs, mine, stores, stores, this.#now());
      return joinBytes(Uint8Array.of(message.type()), message.serialize());
    });
  }

  /** Decrypts what the other side said, each message once. Throws the engine's error for anything else. */
  open(message: Uint8Array): Promise<OwnBytes> {
    return this.#inTurn(async () => {
      const engine = this.#engine;
      const stores = this.#stores;
      const { theirs, mine } = this.#addresses();
      const ciphertext = copyBytes(message.subarray(1));
      if (message[0] === MESSAGE_TYPE.whisper) {
        return engine.signalDecrypt(
          engine.SignalMessage.deserialize(ciphertext),
          theirs,
          mine,
          stores,
          stores,
        );
      }
      // Only the callee begins.
      if (message[0] !== MESSAGE_TYPE.preKey || this.#side === 'callee') throw fault();
      const parsed = engine.PreKeySignalMessage.deserialize(ciphertext);
      return engine.signalDecryptPreKey(parsed, theirs, mine, stores, stores, stores, stores, stores);
    });
  }

  #addresses(): { readonly theirs: EngineAddress; readonly mine: EngineAddress } {
    const other = this.#side === 'caller' ? 'callee' : 'caller';
    return {
      theirs: this.#engine.ProtocolAddress.new(other, DEVICE_ID),
      mine: this.#engine.ProtocolAddress.new(this.#side, DEVICE_ID),
    };
  }

  /** One step with the session at a time. */
  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
