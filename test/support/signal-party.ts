/**
 * One end of a Signal conversation on any implementation of libsignal's interface, in Node or a browser. Its stores keep
 * serialised records only, so that every operation loads and saves state, and trace their calls.
 */
import { toHex } from '../../crypto/bytes.ts';
import type * as ours from '../../crypto/index.ts';

/** The messaging part of libsignal's interface, whoever implements it. */
export type Library = typeof ours;

/** A message on the wire. */
export interface Wire {
  readonly type: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A bundle as bytes, as a server would keep it. */
export interface BundleBytes {
  readonly registrationId: number;
  readonly deviceId: number;
  readonly preKey: { readonly id: number; readonly key: Uint8Array } | undefined;
  readonly signedPreKeyId: number;
  readonly signedPreKey: Uint8Array;
  readonly signedPreKeySignature: Uint8Array;
  readonly identityKey: Uint8Array;
  readonly kyberPreKeyId: number;
  readonly kyberPreKey: Uint8Array;
  readonly kyberPreKeySignature: Uint8Array;
}

type Bytes = Uint8Array<ArrayBuffer>;

function found(record: Bytes | undefined, what: string): Bytes {
  if (record === undefined) throw new Error(`no ${what} of this id`);
  return record;
}

/** Whom a message is for or from. */
export interface Addressee {
  readonly address: ours.ProtocolAddress;
}

/** What a party is made of where it is not random. */
export interface PartyOptions {
  readonly name?: string;
  readonly identity?: ours.IdentityKeyPair;
  readonly registrationId?: number;
}

let lastId = 0;

export class Party {
  readonly library: Library;
  readonly address: ours.ProtocolAddress;
  readonly identity: ours.IdentityKeyPair;
  readonly registrationId: number;
  /** Serialised session records by address. */
  readonly sessions = new Map<string, Bytes>();
  readonly identities = new Map<string, Bytes>();
  readonly preKeys = new Map<number, Bytes>();
  readonly signedPreKeys = new Map<number, Bytes>();
  readonly kyberPreKeys = new Map<number, Bytes>();
  /** (Kyber prekey, signed prekey, base key) of every answered handshake. */
  readonly kyberUses: string[] = [];
  /** Names of store calls in order. */
  readonly trace: string[] = [];
  readonly #addresses = new Map<Addressee, ours.ProtocolAddress>();
  readonly #sessionStore: ours.SessionStore;
  readonly #identityStore: ours.IdentityKeyStore;
  readonly #preKeyStore: ours.PreKeyStore;
  readonly #signedPreKeyStore: ours.SignedPreKeyStore;
  readonly #kyberPreKeyStore: ours.KyberPreKeyStore;
  /** What the trust question answers. */
  trusts = true;

  constructor(library: Library, options: PartyOptions = {}) {
    this.library = library;
    this.address = library.ProtocolAddress.new(options.name ?? crypto.randomUUID(), 1);
    this.identity = options.identity ?? library.IdentityKeyPair.generate();
    this.registrationId =
      options.registrationId ?? 1 + ((crypto.getRandomValues(new Uint16Array(1))[0] ?? 0) % 16_000);
    // oxlint-disable-next-line typescript/no-this-alias -- the stores below are objects of their own
    const party = this;

    this.#sessionStore = new (class extends library.SessionStore {
      override async saveSession(address: ours.ProtocolAddress, record: ours.SessionRecord): Promise<void> {
        party.trace.push('saveSession');
        party.sessions.set(address.toString(), record.serialize());
      }
      override async getSession(address: ours.ProtocolAddress): Promise<ours.SessionRecord | null> {
        party.trace.push('getSession');
        const bytes = party.sessions.get(address.toString());
        return bytes === undefined ? null : library.SessionRecord.deserialize(bytes);
      }
      override async getExistingSessions(addresses: ours.ProtocolAddress[]): Promise<ours.SessionRecord[]> {
        return addresses.map((address) =>
          library.SessionRecord.deserialize(found(party.sessions.get(address.toString()), 'session')),
        );
      }
    })();

    this.#identityStore = new (class extends library.IdentityKeyStore {
      override async getIdentityKey(): Promise<ours.PrivateKey> {
        return party.identity.privateKey;
      }
      override async getIdentityKeyPair(): Promise<ours.IdentityKeyPair> {
        party.trace.push('getIdentityKeyPair');
        return party.identity;
      }
      override async getLocalRegistrationId(): Promise<number> {
        party.trace.push('getLocalRegistrationId');
        return party.registrationId;
      }
      override async saveIdentity(
        address: ours.ProtocolAddress,
        key: ours.PublicKey,
      ): Promise<ours.IdentityChange> {
        party.trace.push('saveIdentity');
        party.identities.set(address.toString(), key.serialize());
        return library.IdentityChange.NewOrUnchanged;
      }
      override async isTrustedIdentity(
        _address: ours.ProtocolAddress,
        _key: ours.PublicKey,
        direction: ours.Direction,
      ): Promise<boolean> {
        party.trace.push(direction === 0 ? 'isTrusted for sending' : 'isTrusted for receiving');
        return party.trusts;
      }
      override async getIdentity(address: ours.ProtocolAddress): Promise<ours.PublicKey | null> {
        const bytes = party.identities.get(address.toString());
        return bytes === undefined ? null : library.PublicKey.deserialize(bytes);
      }
    })();

    this.#preKeyStore = new (class extends library.PreKeyStore {
      override async savePreKey(id: number, record: ours.PreKeyRecord): Promise<void> {
        party.preKeys.set(id, record.serialize());
      }
      override async getPreKey(id: number): Promise<ours.PreKeyRecord> {
        party.trace.push('getPreKey');
        return library.PreKeyRecord.deserialize(found(party.preKeys.get(id), 'prekey'));
      }
      override async removePreKey(id: number): Promise<void> {
        party.trace.push('removePreKey');
        party.preKeys.delete(id);
      }
    })();

    this.#signedPreKeyStore = new (class extends library.SignedPreKeyStore {
      override async saveSignedPreKey(id: number, record: ours.SignedPreKeyRecord): Promise<void> {
        party.signedPreKeys.set(id, record.serialize());
      }
      override async getSignedPreKey(id: number): Promise<ours.SignedPreKeyRecord> {
        party.trace.push('getSignedPreKey');
        return library.SignedPreKeyRecord.deserialize(found(party.signedPreKeys.get(id), 'signed prekey'));
      }
    })();

    this.#kyberPreKeyStore = new (class extends library.KyberPreKeyStore {
      override async saveKyberPreKey(id: number, record: ours.KyberPreKeyRecord): Promise<void> {
        party.kyberPreKeys.set(id, record.serialize());
      }
      override async getKyberPreKey(id: number): Promise<ours.KyberPreKeyRecord> {
        party.trace.push('getKyberPreKey');
        return library.KyberPreKeyRecord.deserialize(found(party.kyberPreKeys.get(id), 'Kyber prekey'));
      }
      override async markKyberPreKeyUsed(
        id: number,
        signedId: number,
        baseKey: ours.PublicKey,
      ): Promise<void> {
        party.trace.push('markKyberPreKeyUsed');
        const use = [id, signedId, toHex(baseKey.serialize())].join(' ');
        if (party.kyberUses.includes(use)) throw new Error('this handshake was answered before');
        party.kyberUses.push(use);
      }
    })();
  }

  /** The stores as the engine's calls take them. */
  get stores() {
    return {
      session: this.#sessionStore,
      identity: this.#identityStore,
      preKey: this.#preKeyStore,
      signedPreKey: this.#signedPreKeyStore,
      kyberPreKey: this.#kyberPreKeyStore,
    } as const;
  }

  /** Makes fresh prekeys and a bundle of their public halves. */
  makeBundle(withOneTimePreKey = true): BundleBytes {
    const { library } = this;
    lastId += 1;
    const id = lastId;
    const signedPreKey = library.PrivateKey.generate();
    const signedPreKeySignature = this.identity.privateKey.sign(signedPreKey.getPublicKey().serialize());
    const kyber = library.KEMKeyPair.generate();
    const kyberPreKeySignature = this.identity.privateKey.sign(kyber.getPublicKey().serialize());
    const oneTime = library.PrivateKey.generate();
    this.signedPreKeys.set(
      id,
      library.SignedPreKeyRecord.new(
        id,
        1_700_000_000_000,
        signedPreKey.getPublicKey(),
        signedPreKey,
        signedPreKeySignature,
      ).serialize(),
    );
    this.kyberPreKeys.set(
      id,
      library.KyberPreKeyRecord.new(id, 1_700_000_000_000, kyber, kyberPreKeySignature).serialize(),
    );
    if (withOneTimePreKey) {
      this.preKeys.set(id, library.PreKeyRecord.new(id, oneTime.getPublicKey(), oneTime).serialize());
    }
    return {
      registrationId: this.registrationId,
      deviceId: this.address.deviceId(),
      preKey: withOneTimePreKey ? { id, key: oneTime.getPublicKey().serialize() } : undefined,
      signedPreKeyId: id,
      signedPreKey: signedPreKey.getPublicKey().serialize(),
      signedPreKeySignature,
      identityKey: this.identity.publicKey.serialize(),
      kyberPreKeyId: id,
      kyberPreKey: kyber.getPublicKey().serialize(),
      kyberPreKeySignature,
    };
  }

  /** The peer's address as this engine's object. */
  addressOf(peer: Addressee): ours.ProtocolAddress {
    let address = this.#addresses.get(peer);
    if (address === undefined) {
      address = this.library.ProtocolAddress.new(peer.address.name(), peer.address.deviceId());
      this.#addresses.set(peer, address);
    }
    return address;
  }

  async processBundle(peer: Party, bundle: BundleBytes = peer.makeBundle(), now?: Date): Promise<void> {
    await this.start(peer, bundle, now);
  }

  /** Starts a session from a bundle. */
  async start(peer: Addressee, bundle: BundleBytes, now?: Date): Promise<void> {
    const { PreKeyBundle, PublicKey, KEMPublicKey } = this.library;
    await this.library.processPreKeyBundle(
      PreKeyBundle.new(
        bundle.registrationId,
        bundle.deviceId,
        bundle.preKey?.id ?? null,
        bundle.preKey === undefined ? null : PublicKey.deserialize(bundle.preKey.key),
        bundle.signedPreKeyId,
        PublicKey.deserialize(bundle.signedPreKey),
        bundle.signedPreKeySignature,
        PublicKey.deserialize(bundle.identityKey),
        bundle.kyberPreKeyId,
        KEMPublicKey.deserialize(bundle.kyberPreKey),
        bundle.kyberPreKeySignature,
      ),
      this.addressOf(peer),
      this.address,
      this.#sessionStore,
      this.#identityStore,
      now,
    );
  }

  async encrypt(peer: Addressee, plaintext: Uint8Array, now?: Date): Promise<Wire> {
    const message = await this.library.signalEncrypt(
      new Uint8Array(plaintext),
      this.addressOf(peer),
      this.address,
      this.#sessionStore,
      this.#identityStore,
      now,
    );
    return { type: message.type(), bytes: message.serialize() };
  }

  async decrypt(peer: Addressee, wire: Wire): Promise<Bytes> {
    const { CiphertextMessageType, PreKeySignalMessage, SignalMessage } = this.library;
    if (wire.type === CiphertextMessageType.PreKey) {
      return this.library.signalDecryptPreKey(
        PreKeySignalMessage.deserialize(wire.bytes),
        this.addressOf(peer),
        this.address,
        this.#sessionStore,
        this.#identityStore,
        this.#preKeyStore,
        this.#signedPreKeyStore,
        this.#kyberPreKeyStore,
      );
    }
    return this.library.signalDecrypt(
      SignalMessage.deserialize(wire.bytes),
      this.addressOf(peer),
      this.address,
      this.#sessionStore,
      this.#identityStore,
    );
  }

  /** This party's record of its sessions with a peer. */
  record(peer: Addressee): ours.SessionRecord {
    return this.library.SessionRecord.deserialize(
      found(this.sessions.get(peer.address.toString()), 'session'),
    );
  }

  /** Archives the current session with a peer. */
  archive(peer: Addressee): void {
    const record = this.record(peer);
    record.archiveCurrentState();
    this.sessions.set(peer.address.toString(), record.serialize());
  }

  /** Everything that is stored, to compare before and after. */
  snapshot(): string {
    const parts = [this.sessions, this.identities, this.preKeys, this.signedPreKeys, this.kyberPreKeys].map(
      (map) => [...map].map(([key, bytes]) => `${key}=${toHex(bytes)}`),
    );
    return JSON.stringify([parts, this.kyberUses]);
  }
}
