/**
 * What an account keeps sealed on the server for its own devices (the account record) and for its contacts (the profile). The server
 * sees sizes and versions. Each record names the hash of the sealed one that it replaces, so that versions cannot be exchanged.
 *
 * Own devices may run different builds. A later build may add optional fields to the record, its contacts, invites, names and settings:
 * an earlier one keeps them as they are. What an earlier build must not go on with unaware is a new `v`.
 */
import {
  Array as List,
  Boolean as Bool,
  Integer,
  Literal,
  Object as Shape,
  Optional,
  String,
  Union,
  type Static,
} from 'typebox';
import { Bytes } from '../bytes.ts';
import { CLOSED, Counter, EC_KEY_BYTES, HASH_BYTES, Id, Instant, Username } from '../shapes.ts';
import { ListView } from './frame.ts';
import { Picture } from './picture.ts';
import { TIMER_MAX_SECONDS } from './timer.ts';

/** Longest shown name, in UTF-16 units. */
export const NAME_MAX = 64;
/** Contacts and invites that a record may hold. */
export const CONTACTS_MAX = 3_000;
export const INVITES_MAX = 200;
/** Names of own devices, some of them of devices that are gone. */
export const DEVICE_NAMES_MAX = 64;

const Name = String({ minLength: 1, maxLength: NAME_MAX });

/** One person as the account's devices agree on him. Fields with an instant of their own are merged by it. */
export const Contact = Shape({
  account: Id(Bytes),
  accountKey: Bytes(EC_KEY_BYTES),
  trust: Union([Literal('unverified'), Literal('by-invite'), Literal('verified')]),
  /** When this key came into force, or was last judged. */
  believedAt: Instant,
  /**
   * When the person last judged the key himself: compared it, took the mark away, or went on with a changed one. Absent: never. Of two
   * devices' words the later one stands; what a device believes by itself never stands against one.
   */
  judgedAt: Optional(Instant),
  /** Nobody but himself has said that this is his key: the directory has not shown it yet. */
  hearsay: Optional(Literal(true)),
  /** `request`: has written and is not answered. */
  state: Union([Literal('accepted'), Literal('request'), Literal('blocked')]),
  /** When the state last changed. */
  changedAt: Instant,
  /** Highest list that was ever seen under this key. */
  list: ListView,
  deliveryKey: Optional(Bytes(HASH_BYTES)),
  profileKey: Optional(Bytes(HASH_BYTES)),
  /** When the keys were last told. */
  keysAt: Instant,
  username: Optional(Username),
  name: Optional(Name),
});
export type Contact = Static<typeof Contact>;

/** An invite of this account, until its time is over. */
export const OpenInvite = Shape({
  code: Id(Bytes),
  /** Zeros once it is closed. */
  secret: Bytes(HASH_BYTES),
  expiresAt: Instant,
  madeAt: Optional(Instant),
  /** Made to be scanned by somebody who is there. */
  scan: Optional(Literal(true)),
  /** When the link was first copied or shared. Absent: nobody has been given it, as far as this account knows. */
  givenAt: Optional(Instant),
  /** When it was used or withdrawn. */
  closedAt: Optional(Instant),
  /** Who came by it. */
  by: Optional(Id(Bytes)),
});
export type OpenInvite = Static<typeof OpenInvite>;

/** What a person calls one of the own devices. Nobody else is told. */
export const DeviceName = Shape({ device: Id(Bytes), name: Name, namedAt: Instant });
export type DeviceName = Static<typeof DeviceName>;

export const AccountRecord = Shape({
  v: Literal(1),
  /** Hash of the sealed record that it replaces, which a removal may be many versions above; zeros in the first. */
  previous: Bytes(HASH_BYTES),
  /** Highest own device list. */
  list: ListView,
  profileKey: Bytes(HASH_BYTES),
  /** How often the profile key was rotated; absent: never. */
  profileKeyNumber: Optional(Counter),
  /** Grows with every change of the profile. */
  profileVersion: Counter,
  name: Name,
  nameAt: Instant,
  /** The own picture, and when it was set or taken away. */
  picture: Optional(Picture),
  pictureAt: Optional(Instant),
  settings: Shape({
    readReceipts: Bool(),
    typing: Bool(),
    /** Calls always go through the server; absent for no. */
    relayCalls: Optional(Bool()),
    /** Seconds of the timer that conversations begin with; absent for none. */
    timer: Optional(Integer({ minimum: 0, maximum: TIMER_MAX_SECONDS })),
    changedAt: Instant,
  }),
  contacts: List(Contact, { maxItems: CONTACTS_MAX }),
  invites: List(OpenInvite, { maxItems: INVITES_MAX }),
  /** Absent as long as no device has a name. */
  devices: Optional(List(DeviceName, { maxItems: DEVICE_NAMES_MAX })),
});
export type AccountRecord = Static<typeof AccountRecord>;

/** The profile that contacts read. The username is the person's own claim; the picture is shown only if `isPicture`. */
export const ProfileDocument = Shape(
  { v: Literal(1), name: Name, username: Username, picture: Optional(Picture) },
  CLOSED,
);
export type ProfileDocument = Static<typeof ProfileDocument>;
