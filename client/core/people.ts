/**
 * Asking the server about people: directory entries, bundles, profiles. The own account and contacts whose delivery key is known are
 * asked for over the anonymous connection, everybody else over the session. What comes is judged and kept before anybody uses it.
 */
import { decodeB64u, encodeB64u } from '@tacet/protocol/bytes';
import { parseCbor } from '@tacet/protocol/cbor';
import { ProfileDocument } from '@tacet/protocol/content/record';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { getDirectory } from '@tacet/protocol/rest/devices';
import { strangerBundles } from '@tacet/protocol/rest/people';
import { deriveDeliveryKey, keyFrom, openProfile, type ProfileKey } from '@tacet/crypto/vault';
import type { RecordKeeper } from './account/record.ts';
import type { Session } from './account/session.ts';
import { copyBytes } from './bytes.ts';
import type { SealedDb } from './db/sealed.ts';
import type { SignedBytes } from './db/stored-device.ts';
import { verifyList, verifyStatement, type ListedDevice } from './device-lists.ts';
import { DIRECTORY_TABLES, type Directory } from './people/directory.ts';
import type { DirectoryEntry, Person } from './people/person.ts';
import { withinShare, type StrangerShare } from './people/within-day.ts';
import type { Clock } from './ports.ts';
import { CoreError, isCoreError } from './failure.ts';
import type { CheckedBundle } from './sessions/sessions.ts';
import type { AnonymousConnection } from './transport/anonymous.ts';
import type { Rest } from './transport/rest.ts';

/** A bundle as it came, in bytes. */
interface RawBundle {
  readonly device: Uint8Array;
  readonly signed: { readonly id: number; readonly publicKey: Uint8Array; readonly signature: Uint8Array };
  readonly kyber: { readonly id: number; readonly publicKey: Uint8Array; readonly signature: Uint8Array };
  readonly oneTime?: { readonly id: number; readonly publicKey: Uint8Array } | undefined;
  readonly statement: SignedBytes;
}

/** A person and the bundles asked for, of devices that may be written to. */
export interface Fetched {
  readonly person: Person;
  readonly bundles: ReadonlyMap<DeviceId, CheckedBundle>;
}

/** The JSON form of a directory entry in bytes. Throws `CoreError` `server-dishonest`. */
export function entryFromJson(json: {
  readonly account: string;
  readonly accountKey: string;
  readonly list: { readonly bytes: string; readonly signature: string };
  readonly departures: readonly { readonly bytes: string; readonly signature: string }[];
}): DirectoryEntry {
  return {
    account: idOf<AccountId>(fromB64u(json.account)),
    accountKey: fromB64u(json.accountKey),
    list: signedFromJson(json.list),
    departures: json.departures.map(signedFromJson),
  };
}

function signedFromJson(json: { readonly bytes: string; readonly signature: string }): SignedBytes {
  return { bytes: fromB64u(json.bytes), signature: fromB64u(json.signature) };
}

function fromB64u(text: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeB64u(text);
  if (bytes === undefined) throw new CoreError('server-dishonest', 'base64url that is none');
  return bytes;
}

/** The entry of a CBOR answer. */
export function entryFromFrame(directory: {
  readonly account: Uint8Array;
  readonly accountKey: Uint8Array;
  readonly list: SignedBytes;
  readonly departures: readonly SignedBytes[];
}): DirectoryEntry {
  return { ...directory, account: idOf<AccountId>(directory.account) };
}

/** Asks one account's entry with a delivery key, without keeping anything: the first look at an inviter. */
export async function askEntry(
  anonymous: AnonymousConnection,
  account: AccountId,
  deliveryKey: Uint8Array,
): Promise<DirectoryEntry> {
  const { entry } = await askBundles(anonymous, account, deliveryKey, []);
  return entry;
}

async function askBundles(
  anonymous: AnonymousConnection,
  account: AccountId,
  deliveryKey: Uint8Array,
  devices: readonly DeviceId[],
): Promise<{ readonly entry: DirectoryEntry; readonly bundles: readonly RawBundle[] }> {
  const answer = await anonymous.request({
    kind: 'fetch-bundles',
    account: idBytes(account),
    deliveryKey,
    devices: devices.map(idBytes),
  });
  if (answer.kind !== 'bundles') throw new CoreError('server-dishonest', 'an answer to something else');
  const entry = entryFromFrame(answer.directory);
  if (entry.account !== account) throw new CoreError('server-dishonest', 'the entry of somebody else');
  return { entry, bundles: answer.bundles };
}

/** Everything asked about people. */
export class People {
  readonly #db: SealedDb;
  readonly #rest: Rest;
  readonly #session: Session;
  readonly #anonymous: AnonymousConnection;
  readonly #record: RecordKeeper;
  readonly #directory: Directory;
  readonly #clock: Clock;
  /** Delivery keys that were refused since the start; they are not tried again, unless they are told again. */
  readonly #refused = new Set<string>();
  /** The server has shown an own list that the account has not signed, or one that contradicts what is known: this one. */
  onCaught: ((what: 'older-state' | 'forged-devices', list: SignedBytes) => void) | undefined;

  constructor(
    db: SealedDb,
    rest: Rest,
    session: Session,
    anonymous: AnonymousConnection,
    record: RecordKeeper,
    directory: Directory,
    clock: Clock,
  ) {
    this.#db = db;
    this.#rest = rest;
    this.#session = session;
    this.#anonymous = anonymous;
    this.#record = record;
    this.#directory = directory;
    this.#clock = clock;
  }

  /** The delivery key for an account, unless it was refused. */
  deliveryKey(account: AccountId): Uint8Array | undefined {
    const key =
      account === this.#directory.ownAccount
        ? deriveDeliveryKey(keyFrom<ProfileKey>(this.#record.value.profileKey))
        : this.#record.contact(account)?.deliveryKey;
    return key === undefined || this.#refused.has(encodeB64u(key)) ? undefined : key;
  }

  /** Notes that a delivery key was refused: from now on this person is reached as a stranger reaches. */
  refuse(account: AccountId): void {
    const key = this.deliveryKey(account);
    if (key !== undefined) this.#refused.add(encodeB64u(key));
  }

  /** Notes that somebody has told his delivery key: it may have been refused because the server had not heard of it yet. */
  told(account: AccountId): void {
    const key = this.#record.contact(account)?.deliveryKey;
    if (key !== undefined) this.#refused.delete(encodeB64u(key));
  }

  /** Asks for an account's entry and bundles, and keeps what holds. Throws `ShareUsed`, `WireError`, `CoreError`. */
  async fetch(account: AccountId, devices: readonly DeviceId[], share: StrangerShare): Promise<Fetched> {
    const { entry, bundles } = await this.#ask(account, devices, share);
    const person = await this.keep(entry);
    const checked = new Map<DeviceId, CheckedBundle>();
    for (const bundle of bundles) {
      const device = this.#directory.deviceOf(account, idOf<DeviceId>(bundle.device));
      if (device === undefined) throw new CoreError('server-dishonest', 'a bundle of an unlisted device');
      if (await this.#check(account, device, bundle)) checked.set(device.device, { ...bundle, device });
    }
    return { person, bundles: checked };
  }

  /** Asks for an entry with a delivery key that is not in the record (yet), else as a stranger asks. Keeps nothing. */
  async askAs(account: AccountId, deliveryKey: Uint8Array): Promise<DirectoryEntry> {
    try {
      return await askEntry(this.#anonymous, account, deliveryKey);
    } catch (error) {
      if (!isWireError(error, 'delivery-refused')) throw error;
      const json = await this.#session.with((token) =>
        this.#rest.call(strangerBundles, { body: { account }, token }),
      );
      return entryFromJson(json.directory);
    }
  }

  /** Reads the own entry. */
  async fetchOwn(): Promise<Person> {
    const known = this.#directory.ownView.counter;
    const json = await this.#session.with((token) => this.#rest.call(getDirectory, { token }));
    const entry = entryFromJson(json);
    if (entry.account !== this.#directory.ownAccount) {
      throw new CoreError('server-dishonest', 'the entry of somebody else');
    }
    try {
      return await this.keep(entry);
    } catch (error) {
      // What came into force meanwhile makes an honest answer look old.
      const isSame = known === this.#directory.ownView.counter;
      if (isSame && isCoreError(error, 'server-dishonest') && this.#isOwnWord(entry)) {
        this.onCaught?.('older-state', entry.list);
      }
      throw error;
    }
  }

  /** Whether the own account key has signed a list of the own account. */
  #isOwnWord({ account, list }: DirectoryEntry): boolean {
    try {
      verifyList(account, this.#directory.proof.accountKey, list);
      return true;
    } catch {
      return false;
    }
  }

  /** Judges an entry and puts it into force. Throws `CoreError` `server-dishonest`, `key-changed`. */
  async keep(entry: DirectoryEntry): Promise<Person> {
    const isOwn = entry.account === this.#directory.ownAccount;
    if (isOwn && !this.#isOwnWord(entry)) this.onCaught?.('forged-devices', entry.list);
    const person = await this.#directory.settle(entry, DIRECTORY_TABLES, async (_tx, settled) => settled);
    if (person === undefined) throw new CoreError('key-changed', 'the key of a verified contact has changed');
    return person;
  }

  /**
   * A contact's profile, if there is a newer one than `above` that opens. One that does not is sealed under a key that this contact has
   * rotated to and not told yet, or forged; neither is shown, and what he tells next makes it read again.
   */
  async fetchProfile(
    account: AccountId,
    profileKey: Uint8Array,
    above: number,
  ): Promise<{ readonly version: number; readonly document: ProfileDocument } | undefined> {
    const deliveryKey = this.deliveryKey(account);
    if (deliveryKey === undefined) return undefined;
    const answer = await this.#anonymous.request({
      kind: 'fetch-profile',
      account: idBytes(account),
      deliveryKey,
    });
    if (answer.kind !== 'profile') throw new CoreError('server-dishonest', 'an answer to something else');
    const { version, sealed } = answer.profile;
    if (version <= above) return undefined;
    try {
      const key = keyFrom<ProfileKey>(profileKey);
      const plain = openProfile(key, copyBytes(sealed), { account: idBytes(account), version });
      return { version, document: parseCbor(ProfileDocument, plain) };
    } catch {
      return undefined;
    }
  }

  async #ask(
    account: AccountId,
    devices: readonly DeviceId[],
    share: StrangerShare,
  ): Promise<{ readonly entry: DirectoryEntry; readonly bundles: readonly RawBundle[] }> {
    const deliveryKey = this.deliveryKey(account);
    if (deliveryKey !== undefined) {
      try {
        return await askBundles(this.#anonymous, account, deliveryKey, devices);
      } catch (error) {
        if (!isWireError(error, 'delivery-refused')) throw error;
        this.refuse(account);
      }
    }
    const needs = { db: this.#db, directory: this.#directory, clock: this.#clock };
    const json = await withinShare(needs, account, share, () =>
      this.#session.with((token) => this.#rest.call(strangerBundles, { body: { account }, token })),
    );
    const entry = entryFromJson(json.directory);
    if (entry.account !== account) throw new CoreError('server-dishonest', 'the entry of somebody else');
    const bundles = json.bundles.map((bundle) => ({
      device: fromB64u(bundle.device),
      signed: publicFromJson(bundle.signed),
      kyber: publicFromJson(bundle.kyber),
      oneTime:
        bundle.oneTime === undefined
          ? undefined
          : { id: bundle.oneTime.id, publicKey: fromB64u(bundle.oneTime.publicKey) },
      statement: signedFromJson(bundle.statement),
    }));
    return { entry, bundles };
  }

  /** Whether a bundle's device may be written to. Throws `CoreError` `server-dishonest` for a statement that does not hold. */
  async #check(account: AccountId, device: ListedDevice, bundle: RawBundle): Promise<boolean> {
    const seenAt = this.#directory.signs.statedAt(account, device.device);
    const statement = verifyStatement(device, bundle.statement, bundle, seenAt);
    await this.#db.write(DIRECTORY_TABLES, async (tx) =>
      this.#directory.signs.noteStatement(tx, account, device.device, statement.statedAt),
    );
    return this.#directory.signs.isActive(account, device.device);
  }
}

function publicFromJson(json: {
  readonly id: number;
  readonly publicKey: string;
  readonly signature: string;
}): { readonly id: number; readonly publicKey: Uint8Array; readonly signature: Uint8Array } {
  return { id: json.id, publicKey: fromB64u(json.publicKey), signature: fromB64u(json.signature) };
}
