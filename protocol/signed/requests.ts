/**
 * Requests that change who may do what. The request is the signed byte string itself: origin (so that another server cannot use it),
 * a single-use challenge of the server (so that it cannot be replayed), and the change. The server checks the Ed25519 signatures
 * with Node's own crypto.
 */
import { Array as List, Object as Shape, Optional, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import {
  CLOSED,
  Credentials,
  EC_KEY_BYTES,
  FirstPreKeyUpload,
  HASH_BYTES,
  Id,
  Instant,
  Origin,
  Signed,
  Username,
  Versioned,
} from '../shapes.ts';
import { defineSigned } from './signed.ts';

const fresh = { origin: Origin, challenge: Bytes(HASH_BYTES) };
const listed = Signed(Bytes, LIMITS.deviceListMaxBytes);

export const SignUp = Shape(
  {
    ...fresh,
    /** Absent on a server that is open to all. */
    invite: Optional(Id(Bytes)),
    username: Username,
    account: Id(Bytes),
    accountKey: Bytes(EC_KEY_BYTES),
    credentials: Credentials(Bytes),
    record: Versioned(Bytes, LIMITS.recordMaxBytes),
    profile: Versioned(Bytes, LIMITS.profileMaxBytes),
    /** SHA-256 of the delivery key. */
    deliveryKeyHash: Bytes(HASH_BYTES),
    /** Counter 1, with this one device. */
    list: listed,
    device: Id(Bytes),
    sessionKey: Bytes(HASH_BYTES),
    prekeys: FirstPreKeyUpload(Bytes),
  },
  CLOSED,
);
export type SignUp = Static<typeof SignUp>;
/** Signed by the login key that it names. */
export const signedSignUp = defineSigned('signUp', SignUp);

export const Login = Shape(
  { ...fresh, username: Username, device: Id(Bytes), sessionKey: Bytes(HASH_BYTES) },
  CLOSED,
);
export type Login = Static<typeof Login>;
/** Signed by the login key. */
export const signedLogin = defineSigned('login', Login);

export const AddDevice = Shape(
  { ...fresh, account: Id(Bytes), device: Id(Bytes), list: listed, prekeys: FirstPreKeyUpload(Bytes) },
  CLOSED,
);
export type AddDevice = Static<typeof AddDevice>;
/** Signed by the login key; posted by the pending device itself. */
export const signedAddDevice = defineSigned('addDevice', AddDevice);

/** What rotates with a removal: nothing that the removed device knew opens anything newer. */
export const Rotation = Shape(
  {
    credentials: Credentials(Bytes),
    record: Versioned(Bytes, LIMITS.recordMaxBytes),
    profile: Versioned(Bytes, LIMITS.profileMaxBytes),
    /** SHA-256 of the delivery key. */
    deliveryKeyHash: Bytes(HASH_BYTES),
  },
  CLOSED,
);
export type Rotation = Static<typeof Rotation>;

export const ChangeList = Shape({ ...fresh, account: Id(Bytes), list: listed, rotation: Rotation }, CLOSED);
export type ChangeList = Static<typeof ChangeList>;
/** Signed by the login key: removes devices and rotates what they knew, all in one commit. */
export const signedChangeList = defineSigned('changeList', ChangeList);

export const ChangeCredentials = Shape(
  { ...fresh, account: Id(Bytes), credentials: Credentials(Bytes) },
  CLOSED,
);
export type ChangeCredentials = Static<typeof ChangeCredentials>;
/** Signed by the login key in force; the version is the one in force + 1. */
export const signedChangeCredentials = defineSigned('changeCredentials', ChangeCredentials);

export const DeleteAccount = Shape({ ...fresh, account: Id(Bytes), username: Username }, CLOSED);
export type DeleteAccount = Static<typeof DeleteAccount>;
/** Signed by the login key. */
export const signedDeleteAccount = defineSigned('deleteAccount', DeleteAccount);

export const Renewal = Shape({ ...fresh, device: Id(Bytes) }, CLOSED);
export type Renewal = Static<typeof Renewal>;
/** Signed by the device's session key. */
export const signedRenewal = defineSigned('renewal', Renewal);

export const BeginReset = Shape({ ...fresh, account: Id(Bytes), device: Id(Bytes) }, CLOSED);
export type BeginReset = Static<typeof BeginReset>;
/** Signed by the session key of a listed device whose person has lost the passphrase. */
export const signedBeginReset = defineSigned('beginReset', BeginReset);

export const CancelReset = Shape({ ...fresh, account: Id(Bytes) }, CLOSED);
export type CancelReset = Static<typeof CancelReset>;
/** Signed by the login key. */
export const signedCancelReset = defineSigned('cancelReset', CancelReset);

export const FinishReset = Shape(
  {
    ...fresh,
    account: Id(Bytes),
    device: Id(Bytes),
    /** The new one. */
    accountKey: Bytes(EC_KEY_BYTES),
    /** Counter + 1, with this device alone, signed by the new account key. */
    list: listed,
    rotation: Rotation,
  },
  CLOSED,
);
export type FinishReset = Static<typeof FinishReset>;
/** Signed by the session key of the device that began the reset. */
export const signedFinishReset = defineSigned('finishReset', FinishReset);

/** What a server that was restored from a backup may have lost of an account, with the receipts that it gave for it (`getReceipts`). */
export const ComeBack = Shape(
  {
    ...fresh,
    /** Of the restore. */
    epoch: Id(Bytes),
    account: Id(Bytes),
    username: Username,
    accountKey: Bytes(EC_KEY_BYTES),
    accountReceipt: Bytes(HASH_BYTES),
    device: Id(Bytes),
    sessionKey: Bytes(HASH_BYTES),
    deviceReceipt: Bytes(HASH_BYTES),
    /** The newest that the device knows. */
    list: listed,
    listReceipt: Bytes(HASH_BYTES),
    credentials: Credentials(Bytes),
    credentialsReceipt: Bytes(HASH_BYTES),
    /** For an account that the server has lost: the version after the one of the receipt. */
    record: Versioned(Bytes, LIMITS.recordMaxBytes),
    before: Shape({ hash: Bytes(HASH_BYTES), receipt: Bytes(HASH_BYTES) }, CLOSED),
    profile: Versioned(Bytes, LIMITS.profileMaxBytes),
    deliveryKeyHash: Bytes(HASH_BYTES),
    /** The signed ones as they are now, and their statement: what the backup holds may be older. */
    prekeys: FirstPreKeyUpload(Bytes),
    /** Open invites, for one use each, and codes that are over. */
    invites: List(Shape({ code: Id(Bytes), expiresAt: Instant }, CLOSED), {
      maxItems: LIMITS.invitesPerAccount,
    }),
    overInvites: List(Id(Bytes), { maxItems: LIMITS.overInvitesMost }),
  },
  CLOSED,
);
export type ComeBack = Static<typeof ComeBack>;
/** Signed by the session key that the device's receipt names. */
export const signedComeBack = defineSigned('comeBack', ComeBack);
