/**
 * Content frames: built for one recipient account, the same bytes for all its devices; read from a decrypted message as hostile input
 * and bound to the device that the seal proved and to this account.
 */
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import {
  CONTENT_VERSION,
  ContentFrame,
  encodeForDevice,
  parseForDevice,
  type Link,
  type ListView,
  type Proof,
} from '@tacet/protocol/content/frame';
import { CONTENTS, encodeBody, type Content } from '@tacet/protocol/content/index';
import {
  idBytes,
  idOf,
  type AccountId,
  type DeviceId,
  type EnvelopeId,
  type MessageId,
} from '@tacet/protocol/ids';
import { copyBytes, type OwnBytes } from '../bytes.ts';
import { CoreError } from '../failure.ts';

/** A content before it is framed. */
export interface Draft {
  readonly kind: string;
  readonly body: Uint8Array;
  readonly critical: boolean;
  readonly durable: boolean;
}

/** A content as a draft: its body is encoded once and never again. */
export function draftOf(content: Content): Draft {
  const { durable, critical } = CONTENTS[content.kind];
  return { kind: content.kind, body: encodeBody(content), critical, durable };
}

/** What a frame says besides its content. */
export interface FrameParts {
  readonly id: MessageId;
  readonly sentAt: number;
  readonly from: AccountId;
  readonly device: DeviceId;
  readonly ownList: ListView;
  readonly to: AccountId;
  readonly theirList: ListView;
  readonly link: Link | undefined;
}

/** The CBOR of a frame, not padded: what the chain hashes. */
export function buildFrame(draft: Draft, parts: FrameParts): OwnBytes {
  const frame: ContentFrame = {
    v: CONTENT_VERSION,
    id: idBytes(parts.id),
    sentAt: parts.sentAt,
    from: {
      account: idBytes(parts.from),
      device: idBytes(parts.device),
      list: parts.ownList,
    },
    to: { account: idBytes(parts.to), list: parts.theirList },
    ...(parts.link === undefined ? {} : { link: parts.link }),
    kind: draft.kind,
    critical: draft.critical,
    body: draft.body,
  };
  return copyBytes(encodeCbor(frame));
}

/**
 * A frame, with the proof of the own list if the device needs it, and in a repair the envelope in whose place it comes; padded for
 * encryption. Throws `WireError` `too-large`.
 */
export function padFrame(frame: Uint8Array, proof: Proof | undefined, repairs?: EnvelopeId): OwnBytes {
  return encodeForDevice({
    frame,
    ...(proof === undefined ? {} : { proof }),
    ...(repairs === undefined ? {} : { repairs: idBytes(repairs) }),
  });
}

/** A frame with the bytes that it was read from. */
export interface ReadFrame {
  readonly frame: ContentFrame;
  readonly bytes: OwnBytes;
  readonly proof: Proof | undefined;
  /** The envelope in whose place it comes. */
  readonly repairs: EnvelopeId | undefined;
}

/**
 * Reads a decrypted content and binds it: it must come from the account and device that the seal proved and be meant for this account.
 * Throws `WireError` `malformed-frame` or `CoreError` `server-dishonest`.
 */
export function readContentFrame(
  padded: Uint8Array,
  sender: { readonly account: AccountId; readonly device: DeviceId },
  me: AccountId,
): ReadFrame {
  const { frame: inner, proof, repairs } = parseForDevice(padded);
  const bytes = copyBytes(inner);
  const frame = parseCbor(ContentFrame, bytes);
  if (
    idOf<AccountId>(frame.from.account) !== sender.account ||
    idOf<DeviceId>(frame.from.device) !== sender.device ||
    idOf<AccountId>(frame.to.account) !== me
  ) {
    throw new CoreError('server-dishonest', 'a content that was made by or for somebody else');
  }
  return { frame, bytes, proof, repairs: repairs === undefined ? undefined : idOf<EnvelopeId>(repairs) };
}
