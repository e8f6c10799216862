/**
 * The Signal engine that core runs on, by shape: the part of libsignal's messaging interface that core uses. `@tacet/crypto` has it, and
 * so has `@signalapp/libsignal-client`. Everything that belongs to an account (vault, record, invites, signed lists) uses Tacet's own
 * crypto whatever the engine. Stored sessions belong to the engine that made them.
 */
type Bytes = Uint8Array<ArrayBuffer>;

export interface EnginePublicKey {
  serialize(): Bytes;
  equals(other: EnginePublicKey): boolean;
}
export interface EnginePrivateKey {
  serialize(): Bytes;
  sign(message: Bytes): Bytes;
}
export interface EngineIdentityKeyPair {
  readonly publicKey: EnginePublicKey;
  readonly privateKey: EnginePrivateKey;
  serialize(): Bytes;
}
export interface EngineKemPublicKey {
  serialize(): Bytes;
}
export interface EngineKemKeyPair {
  getPublicKey(): EngineKemPublicKey;
}
export interface EngineAddress {
  name(): string;
  deviceId(): number;
}
export interface EnginePreKeyRecord {
  publicKey(): EnginePublicKey;
  serialize(): Bytes;
}
export interface EngineSignedPreKeyRecord {
  publicKey(): EnginePublicKey;
  signature(): Bytes;
  serialize(): Bytes;
}
export interface EngineKyberPreKeyRecord {
  publicKey(): EngineKemPublicKey;
  signature(): Bytes;
  serialize(): Bytes;
}
export interface EngineSessionRecord {
  serialize(): Bytes;
  archiveCurrentState(): void;
  hasCurrentState(now?: Date): boolean;
  currentRatchetKeyMatches(key: EnginePublicKey): boolean;
}
export interface EngineCiphertext {
  type(): number;
  serialize(): Uint8Array;
}
export interface EngineServerCertificate {
  key(): EnginePublicKey;
}
export interface EngineSenderCertificate {
  serialize(): Bytes;
  key(): EnginePublicKey;
  senderUuid(): string;
  senderE164(): string | null;
  senderDeviceId(): number;
  validate(trustRoot: EnginePublicKey, time: number): boolean;
}
export interface EngineSealedContent {
  contents(): Bytes;
  msgType(): number;
  senderCertificate(): EngineSenderCertificate;
}
/** A message that has been parsed and not yet decrypted. */
export interface EngineMessage {
  serialize(): Bytes;
}
/** One that begins a session. */
export interface EnginePreKeyMessage extends EngineMessage {
  /** The one-time prekey of its recipient that it uses; `null` for none. */
  preKeyId(): number | null;
}
export interface EnginePreKeyBundle {
  registrationId(): number;
}

export interface EngineSessionStore {
  saveSession(name: EngineAddress, record: EngineSessionRecord): Promise<void>;
  getSession(name: EngineAddress): Promise<EngineSessionRecord | null>;
  getExistingSessions(addresses: EngineAddress[]): Promise<EngineSessionRecord[]>;
}
export interface EngineIdentityStore {
  getIdentityKey(): Promise<EnginePrivateKey>;
  getIdentityKeyPair(): Promise<EngineIdentityKeyPair>;
  getLocalRegistrationId(): Promise<number>;
  saveIdentity(name: EngineAddress, key: EnginePublicKey): Promise<0 | 1>;
  isTrustedIdentity(name: EngineAddress, key: EnginePublicKey, direction: 0 | 1): Promise<boolean>;
  getIdentity(name: EngineAddress): Promise<EnginePublicKey | null>;
}
export interface EnginePreKeyStore {
  savePreKey(id: number, record: EnginePreKeyRecord): Promise<void>;
  getPreKey(id: number): Promise<EnginePreKeyRecord>;
  removePreKey(id: number): Promise<void>;
}
export interface EngineSignedPreKeyStore {
  saveSignedPreKey(id: number, record: EngineSignedPreKeyRecord): Promise<void>;
  getSignedPreKey(id: number): Promise<EngineSignedPreKeyRecord>;
}
export interface EngineKyberPreKeyStore {
  saveKyberPreKey(id: number, record: EngineKyberPreKeyRecord): Promise<void>;
  getKyberPreKey(id: number): Promise<EngineKyberPreKeyRecord>;
  markKyberPreKeyUsed(id: number, signedPreKeyId: number, baseKey: EnginePublicKey): Promise<void>;
}

/** Whisper and PreKey, as `EngineCiphertext.type()` and `EngineSealedContent.msgType()` give them. */
export const MESSAGE_TYPE = { whisper: 2, preKey: 3 } as const;
/** libsignal's error number of a message that was decrypted before. */
export const DUPLICATED_MESSAGE = 1;

/** The calls and classes of the engine, with libsignal's names and argument orders. */
export interface Engine {
  readonly PublicKey: { deserialize(bytes: Bytes): EnginePublicKey };
  readonly PrivateKey: { generate(): EnginePrivateKey & { getPublicKey(): EnginePublicKey } };
  readonly IdentityKeyPair: {
    generate(): EngineIdentityKeyPair;
    deserialize(bytes: Bytes): EngineIdentityKeyPair;
  };
  readonly KEMPublicKey: { deserialize(bytes: Bytes): EngineKemPublicKey };
  readonly KEMKeyPair: { generate(): EngineKemKeyPair };
  readonly ProtocolAddress: { ['new'](name: string, deviceId: number): EngineAddress };
  readonly PreKeyRecord: {
    ['new'](id: number, publicKey: EnginePublicKey, privateKey: EnginePrivateKey): EnginePreKeyRecord;
    deserialize(bytes: Bytes): EnginePreKeyRecord;
  };
  readonly SignedPreKeyRecord: {
    ['new'](
      id: number,
      timestamp: number,
      publicKey: EnginePublicKey,
      privateKey: EnginePrivateKey,
      signature: Bytes,
    ): EngineSignedPreKeyRecord;
    deserialize(bytes: Bytes): EngineSignedPreKeyRecord;
  };
  readonly KyberPreKeyRecord: {
    ['new'](
      id: number,
      timestamp: number,
      keyPair: EngineKemKeyPair,
      signature: Bytes,
    ): EngineKyberPreKeyRecord;
    deserialize(bytes: Bytes): EngineKyberPreKeyRecord;
  };
  readonly PreKeyBundle: {
    ['new'](
      registrationId: number,
      deviceId: number,
      preKeyId: number | null,
      preKey: EnginePublicKey | null,
      signedPreKeyId: number,
      signedPreKey: EnginePublicKey,
      signedPreKeySignature: Bytes,
      identityKey: EnginePublicKey,
      kyberPreKeyId: number,
      kyberPreKey: EngineKemPublicKey,
      kyberPreKeySignature: Bytes,
    ): EnginePreKeyBundle;
  };
  readonly SessionRecord: { deserialize(bytes: Bytes): EngineSessionRecord };
  readonly SignalMessage: { deserialize(bytes: Bytes): EngineMessage };
  readonly PreKeySignalMessage: { deserialize(bytes: Bytes): EnginePreKeyMessage };
  readonly ServerCertificate: {
    ['new'](keyId: number, serverKey: EnginePublicKey, trustRoot: EnginePrivateKey): EngineServerCertificate;
  };
  readonly SenderCertificate: {
    ['new'](
      senderUuid: string,
      senderE164: string | null,
      senderDeviceId: number,
      senderKey: EnginePublicKey,
      expiration: number,
      signerCert: EngineServerCertificate,
      signerKey: EnginePrivateKey,
    ): EngineSenderCertificate;
  };
  readonly UnidentifiedSenderMessageContent: {
    ['new'](
      message: EngineCiphertext,
      sender: EngineSenderCertificate,
      contentHint: number,
      groupId: null,
    ): EngineSealedContent;
  };
  readonly DecryptionErrorMessage: {
    forOriginal(
      bytes: Bytes,
      type: number,
      timestamp: number,
      originalSenderDeviceId: number,
    ): { ratchetKey(): EnginePublicKey | undefined };
  };
  /** Set where no call waits for anything but promises that are fulfilled already: such calls may run inside a database transaction. */
  readonly isImmediate?: true;
  processPreKeyBundle(
    bundle: EnginePreKeyBundle,
    address: EngineAddress,
    localAddress: EngineAddress,
    sessionStore: EngineSessionStore,
    identityStore: EngineIdentityStore,
    now?: Date,
  ): Promise<void>;
  signalEncrypt(
    message: Bytes,
    address: EngineAddress,
    localAddress: EngineAddress,
    sessionStore: EngineSessionStore,
    identityStore: EngineIdentityStore,
    now?: Date,
  ): Promise<EngineCiphertext>;
  signalDecrypt(
    message: EngineMessage,
    address: EngineAddress,
    localAddress: EngineAddress,
    sessionStore: EngineSessionStore,
    identityStore: EngineIdentityStore,
  ): Promise<Bytes>;
  signalDecryptPreKey(
    message: EngineMessage,
    address: EngineAddress,
    localAddress: EngineAddress,
    sessionStore: EngineSessionStore,
    identityStore: EngineIdentityStore,
    preKeyStore: EnginePreKeyStore,
    signedPreKeyStore: EngineSignedPreKeyStore,
    kyberPreKeyStore: EngineKyberPreKeyStore,
  ): Promise<Bytes>;
  sealedSenderEncrypt(
    content: EngineSealedContent,
    address: EngineAddress,
    identityStore: EngineIdentityStore,
  ): Promise<Bytes>;
  sealedSenderDecryptToUsmc(message: Bytes, identityStore: EngineIdentityStore): Promise<EngineSealedContent>;
}

/** Whether the engine's error says that this very message was decrypted before. */
export function isDuplicate(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === DUPLICATED_MESSAGE;
}
