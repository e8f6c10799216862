/**
 * What services ask of the store about accounts: directory, credentials, sessions, devices, prekeys, invites. Each method is one
 * transaction. Ids and keys are bytes here; text forms stay at the doors.
 */
import { Bytes } from '@tacet/protocol/bytes';
import {
  Bundle as BundleSchema,
  Credentials as CredentialsSchema,
  Directory as DirectorySchema,
  FirstPreKeyUpload,
  PreKeyUpload,
} from '@tacet/protocol/shapes';
import type { Static } from 'typebox';

const BUNDLE = BundleSchema(Bytes);
const CREDENTIALS = CredentialsSchema(Bytes);
const DIRECTORY = DirectorySchema(Bytes);
const FIRST_UPLOAD = FirstPreKeyUpload(Bytes);
const UPLOAD = PreKeyUpload(Bytes);

/** One device's prekeys as handed out. */
export type Bundle = Static<typeof BUNDLE>;
/** Login key, vault and wraps under one version. */
export type Credentials = Static<typeof CREDENTIALS>;
/** What others see of an account. */
export type Directory = Static<typeof DIRECTORY>;
/** The prekeys that a device begins with. */
export type FirstUpload = Static<typeof FIRST_UPLOAD>;
/** Later prekeys. */
export type Upload = Static<typeof UPLOAD>;

/** Bytes with a signature that the server carries and cannot check. */
export interface SignedBytes {
  readonly bytes: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** A ciphertext that its owner replaces whole. */
export interface Versioned {
  readonly version: number;
  readonly sealed: Uint8Array;
}

/** A device list as the server reads it. */
export interface ReadList extends SignedBytes {
  readonly counter: number;
  /** SHA-256 of `bytes`, and of the list before. */
  readonly hash: Uint8Array;
  readonly previous: Uint8Array;
  /** The devices' ids, in the list's order. */
  readonly devices: readonly Uint8Array[];
}

/** A session as it begins. */
export interface NewSession {
  readonly device: Uint8Array;
  readonly account: Uint8Array;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly sessionKey: Uint8Array;
  /** SHA-256 of the refresh token. */
  readonly refreshHash: Uint8Array;
  readonly refreshUntil: number;
}

/** Everything that a sign-up stores. */
export interface NewAccount {
  readonly account: Uint8Array;
  readonly username: string;
  readonly accountKey: Uint8Array;
  readonly credentials: Credentials;
  readonly record: Versioned;
  readonly profile: Versioned;
  readonly deliveryKeyHash: Uint8Array;
  readonly list: ReadList;
  readonly device: Uint8Array;
  readonly prekeys: FirstUpload;
  readonly session: NewSession;
  readonly invite: Uint8Array | undefined;
  /** Whether the server admits nobody without an invite. */
  readonly inviteNeeded: boolean;
}

export type SignUpOutcome =
  { readonly kind: 'created' } | { readonly kind: 'invite-invalid' | 'username-taken' | 'account-exists' };

/** What a login is checked against. */
export interface LoginView {
  readonly account: Uint8Array;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly loginKey: Uint8Array;
}

export interface AccountStore {
  /** All of a sign-up or nothing; takes one use of the invite with it. */
  create(account: NewAccount, now: number): Promise<SignUpOutcome>;
  /** Whether any account exists, and whether one of them administers. */
  population(): Promise<{ readonly any: boolean; readonly administrator: boolean }>;
  loginOf(username: string): Promise<LoginView | undefined>;
  usernameOf(account: Uint8Array): Promise<string | undefined>;
  credentials(account: Uint8Array): Promise<Credentials | undefined>;
  /**
   * Replaces credentials whose version is one below, and ends the pending sessions that the former ones opened: tells their devices.
   * `undefined`: another version is in force.
   */
  changeCredentials(
    account: Uint8Array,
    credentials: Credentials,
  ): Promise<readonly Uint8Array[] | undefined>;
  record(account: Uint8Array): Promise<Versioned | undefined>;
  /** Replaces the record of the version `before`; false: another version is in force. */
  putRecord(account: Uint8Array, record: Versioned, before: number): Promise<boolean>;
  setDeliveryKeyHash(account: Uint8Array, hash: Uint8Array): Promise<boolean>;
  directory(account: Uint8Array): Promise<Directory | undefined>;
  directoryOf(username: string): Promise<Directory | undefined>;
  /** Deletes the account and every row that belongs to it; tells which devices had a session or a queue. */
  delete(account: Uint8Array): Promise<readonly Uint8Array[]>;
}

export interface ProfileStore {
  get(account: Uint8Array): Promise<Versioned | undefined>;
  /** Replaces a profile of a lower version; false: the version in force is not lower. */
  put(account: Uint8Array, profile: Versioned): Promise<boolean>;
}

/** A stored session. */
export interface StoredSession {
  readonly device: Uint8Array;
  readonly account: Uint8Array;
  readonly sessionKey: Uint8Array;
  readonly refreshHash: Uint8Array;
  readonly previousHash: Uint8Array | undefined;
  readonly pending: boolean;
}

/** How a login ended: `taken` when the device id belongs to somebody else. */
export type LoginOutcome =
  | {
      readonly kind: 'opened';
      readonly pending: boolean;
      /** Devices whose sessions have ended for it: the device's own former one, pending ones of others. */
      readonly ended: readonly Uint8Array[];
    }
  | { readonly kind: 'taken' };

export interface SessionStore {
  get(device: Uint8Array): Promise<StoredSession | undefined>;
  /**
   * Opens a session, in place of the device's former one; it is pending unless the list names the device. Pending
   * sessions whose time is over end, and the oldest ones above `pendingMost`.
   */
  open(session: NewSession, pendingMost: number, now: number): Promise<LoginOutcome>;
  /**
   * Puts a new refresh token in place of the one in force, which is kept as the previous one. `undefined`: the session of this key is
   * gone.
   */
  rotate(
    device: Uint8Array,
    sessionKey: Uint8Array,
    refreshHash: Uint8Array,
    refreshUntil: number,
  ): Promise<{ readonly pending: boolean } | undefined>;
  /** Ends a device's session alone. */
  end(device: Uint8Array): Promise<void>;
  /** Deletes pending sessions whose refresh token has ended; listed devices renew by their signature and stay. */
  prune(now: number): Promise<number>;
}

/** What an account's device list has in force, as a change of it needs it. */
export interface ListInForce {
  readonly bytes: Uint8Array;
  readonly counter: number;
  readonly hash: Uint8Array;
}

/** What takes force with a list that removes devices; each part is one version above the one in force. */
export interface KeyRotation {
  readonly credentials: Credentials;
  readonly record: Versioned;
  readonly profile: Versioned;
  readonly deliveryKeyHash: Uint8Array;
}

export type ListOutcome =
  | {
      readonly kind: 'changed';
      /** Devices that had a session or a queue and have none any more. */
      readonly removed: readonly Uint8Array[];
    }
  | { readonly kind: 'list-mismatch' | 'reset-not-due' }
  /** The list would follow, but credentials, record or profile have changed meanwhile; nothing was. */
  | { readonly kind: 'version-mismatch' };

/** A device that a list change adds. */
export interface AddedDevice {
  readonly device: Uint8Array;
  readonly prekeys: FirstUpload;
  readonly session: NewSession;
}

/** What comes with a list: a device that it adds, or what rotates because it removes one. */
export interface ListChange {
  readonly added?: AddedDevice | undefined;
  readonly rotation?: KeyRotation | undefined;
  /** A reset: needs one that this device announced and that is due, puts another account key in force, and ends all of them. */
  readonly reset?:
    { readonly device: Uint8Array; readonly accountKey: Uint8Array; readonly now: number } | undefined;
}

/** A reset that a device announced. It may be finished from `dueAt` on, and lapses `LIMITS.resetLapseMs` later. */
export interface PendingReset {
  readonly device: Uint8Array;
  readonly dueAt: number;
}

export interface ResetStore {
  /** Those that have not lapsed, one of a device at most, the earliest first. */
  list(account: Uint8Array, now: number): Promise<readonly PendingReset[]>;
  /**
   * Announces one of a device, beside those of others. One that the same device announced before stays and is given, unless it has
   * lapsed. `undefined`: the account has no such device.
   */
  begin(account: Uint8Array, reset: PendingReset, now: number): Promise<PendingReset | undefined>;
  /** Ends all of them. Whether there was one. */
  cancel(account: Uint8Array): Promise<boolean>;
  /** Deletes those that have lapsed. */
  prune(now: number): Promise<number>;
}

export interface DeviceStore {
  list(account: Uint8Array): Promise<ListInForce | undefined>;
  /** Devices of an account that have a queue: listed and not departed. */
  active(account: Uint8Array): Promise<readonly Uint8Array[]>;
  /**
   * Puts a list in force if its counter is one above and its `previous` the hash in force (compare-and-set). With the same commit
   * sessions, queues, prekeys and departures of devices that it leaves out end, `change.added` begins, `change.rotation` takes force and ends the account's
   * invites.
   */
  changeList(account: Uint8Array, list: ReadList, change: ListChange): Promise<ListOutcome>;
  /** Ends session, queue and prekeys of a device; keeps its departure notice if the list names the device. */
  depart(account: Uint8Array, device: Uint8Array, departure: SignedBytes | undefined): Promise<void>;
}

/** The prekeys that the server holds for a device: ids in ascending order with the public keys. */
export interface HeldKeys {
  readonly oneTime: readonly HeldKey[];
  readonly oneTimeKyber: readonly HeldKey[];
  readonly signed: HeldKey;
  readonly lastResort: HeldKey;
}
export interface HeldKey {
  readonly id: number;
  readonly publicKey: Uint8Array;
}

/** A bundle and how many one-time keys of the scarcer kind are left. */
export interface HandedOut {
  readonly bundle: Bundle;
  readonly left: number;
}

export interface PrekeyStore {
  held(device: Uint8Array): Promise<HeldKeys | undefined>;
  /** Adds one-time keys whose ids are not held and replaces what else is given; `too-many`: over `most` of a kind, nothing changed. */
  put(device: Uint8Array, upload: Upload, most: number): Promise<HeldKeys | 'too-many' | undefined>;
  /** Takes one bundle of a device. A one-time key leaves with it, for ever; `spare`: one-time keys stay, the last-resort key is given. */
  take(device: Uint8Array, spare: boolean): Promise<HandedOut | undefined>;
}

/** An invite. */
export interface Invite {
  readonly code: Uint8Array;
  /** Absent: the first invite of the server. */
  readonly account: Uint8Array | undefined;
  readonly usesLeft: number;
  readonly expiresAt: number | undefined;
}

export interface InviteStore {
  /** A good invite; expired and used ones are not found. */
  get(code: Uint8Array, now: number): Promise<Invite | undefined>;
  list(account: Uint8Array, now: number): Promise<readonly Invite[]>;
  /** False: the account has `most` open invites already. */
  add(invite: Invite, most: number, now: number): Promise<boolean>;
  /** Deletes invites past their time. */
  prune(now: number): Promise<number>;
  /** False: the account has no such invite. */
  withdraw(account: Uint8Array, code: Uint8Array): Promise<boolean>;
  /** The first invite of the server: the one there is, else `code`; `undefined` once somebody administers. */
  first(code: Uint8Array): Promise<Uint8Array | undefined>;
}
