/**
 * What stands inside the encryption. A content frame says who speaks to whom under which device lists, carries the numbering that makes
 * loss, reordering and forks visible, and a body whose shape is named by `kind`. Kinds of a newer version parse as far as the frame, so
 * that they can be shown as such. The frame is the same bytes for every device of its recipient, since the numbering hashes them; beside
 * it stands what only some devices need. Both are padded (`padContent`) and then encrypted, once for each device.
 */
import {
  Array as List,
  Boolean as Bool,
  Integer,
  Object as Shape,
  Optional,
  String,
  type Static,
} from 'typebox';
import { Bytes } from '../bytes.ts';
import { encodeCbor, parseCbor } from '../cbor.ts';
import { LIMITS } from '../limits.ts';
import { padContent, unpadContent } from '../padding.ts';
import { CLOSED, Counter, EC_KEY_BYTES, HASH_BYTES, Id, Instant, Signed } from '../shapes.ts';

/** The newest content version that this code reads, stated in the device statement. */
export const CONTENT_VERSION = 1;
/** The oldest content version that is accepted. */
export const CONTENT_FLOOR = 1;

/** Counter and hash of a device list; the hash is SHA-256 over the signed bytes. */
export const ListView = Shape({ counter: Counter, hash: Bytes(HASH_BYTES) }, CLOSED);
export type ListView = Static<typeof ListView>;

/** How far a device of the other side has been read without a gap. */
export const Seen = Shape({ device: Id(Bytes), epoch: Id(Bytes), number: Counter }, CLOSED);

/** The number at which a device that was listed later came into a chain. */
export const Start = Shape(
  { device: Id(Bytes), number: Integer({ minimum: 2, maximum: Number.MAX_SAFE_INTEGER }) },
  CLOSED,
);

/** The number at which a device came into a chain. */
const Came = Shape(
  { device: Id(Bytes), number: Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) },
  CLOSED,
);

/**
 * How far the numbering of the install epoch before had come, and for which devices of the recipient it was made: what is missing of it
 * is missed although nothing more comes in it.
 */
export const Ended = Shape(
  {
    epoch: Id(Bytes),
    number: Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    devices: List(Came, { maxItems: LIMITS.devicesPerAccount }),
  },
  CLOSED,
);
export type Ended = Static<typeof Ended>;

/**
 * Numbering of durable contents per (sending device, install epoch, conversation), from 1. `previous`: SHA-256, labelled
 * `Tacet/chain-link/v1`, over the salt and the frame bytes of the one before (32 zero bytes for the first).
 */
export const Link = Shape(
  {
    epoch: Id(Bytes),
    number: Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    previous: Bytes(HASH_BYTES),
    salt: Bytes(HASH_BYTES),
    seen: List(Seen, { maxItems: 2 * LIMITS.devicesPerAccount }),
    /** The baselines of devices that were not there from number 1. */
    starts: List(Start, { maxItems: LIMITS.devicesPerAccount }),
    /** Where something was numbered in another epoch before. */
    before: Optional(Ended),
  },
  CLOSED,
);
export type Link = Static<typeof Link>;

export const ContentFrame = Shape(
  {
    v: Integer({ minimum: 1, maximum: 255 }),
    /** Message id, equal on all devices. */
    id: Id(Bytes),
    sentAt: Instant,
    from: Shape(
      {
        account: Id(Bytes),
        device: Id(Bytes),
        list: ListView,
      },
      CLOSED,
    ),
    /** Whom the sender means, and the newest list of theirs that it knows. Binds the content to its recipient. */
    to: Shape({ account: Id(Bytes), list: ListView }, CLOSED),
    /** Present in durable contents only. */
    link: Optional(Link),
    kind: String({ pattern: '^[a-z][a-z-]{0,31}$' }),
    /** A reader that does not know this kind must say so and must not go on as if nothing had been said. */
    critical: Bool(),
    body: Bytes(0, LIMITS.contentMaxBytes),
  },
  CLOSED,
);
export type ContentFrame = Static<typeof ContentFrame>;

/** Account key and whole list of the sender. */
export const Proof = Shape(
  { accountKey: Bytes(EC_KEY_BYTES), list: Signed(Bytes, LIMITS.deviceListMaxBytes) },
  CLOSED,
);
export type Proof = Static<typeof Proof>;

/** What is encrypted for one device. */
export const ForDevice = Shape(
  {
    /** CBOR of a content frame. */
    frame: Bytes(0, LIMITS.contentMaxBytes),
    /** To a device that has not shown yet, by the list that it names, that it knows the sender's. */
    proof: Optional(Proof),
    /** In a repair: the envelope that could not be read, or did not come, and whose frame this is. */
    repairs: Optional(Id(Bytes)),
  },
  CLOSED,
);
export type ForDevice = Static<typeof ForDevice>;

/** Encodes and pads. Throws `WireError` `too-large`. */
export function encodeForDevice(content: ForDevice): Uint8Array<ArrayBuffer> {
  return padContent(encodeCbor(content));
}

/** What stands in a decrypted, padded content. Throws `WireError` `malformed-frame`. */
export function parseForDevice(padded: Uint8Array): ForDevice {
  return parseCbor(ForDevice, unpadContent(padded));
}
