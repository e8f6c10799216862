/**
 * Branded identifiers. In memory and in JSON an id is the base64url text of its bytes (22 characters for 16 bytes), in CBOR and in
 * the database the bytes. Signal addresses use the UUID text (RFC 9562 section 4), made by `uuidText`.
 */
import { decodeB64u, encodeB64u } from './bytes.ts';

declare const brand: unique symbol;
/** Nominal typing: values of one brand refuse another's. */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name };

/** An account: a random UUID. */
export type AccountId = Brand<string, 'AccountId'>;
/** A device: a random UUID, which is also its Signal address name. */
export type DeviceId = Brand<string, 'DeviceId'>;
/** An envelope: random 128 bits chosen by the sender, unique per recipient device. */
export type EnvelopeId = Brand<string, 'EnvelopeId'>;
/** A message: random 128 bits chosen by the author, the same on every device of the conversation. */
export type MessageId = Brand<string, 'MessageId'>;
/** A call: random 128 bits chosen by the caller. */
export type CallId = Brand<string, 'CallId'>;
/** An invite's code: random 128 bits made by the server, part of the link's path. */
export type InviteCode = Brand<string, 'InviteCode'>;
/** A room of the media server: derived from the call's secret. */
export type RoomId = Brand<string, 'RoomId'>;
/** Somebody in a room: random, made by the media server, of no meaning elsewhere. */
export type ParticipantId = Brand<string, 'ParticipantId'>;
/** A stream that a participant sends. */
export type ProducerId = Brand<string, 'ProducerId'>;
/** A stream as one participant gets it. */
export type ConsumerId = Brand<string, 'ConsumerId'>;

/** Every id. */
export type AnyId =
  | AccountId
  | DeviceId
  | EnvelopeId
  | MessageId
  | CallId
  | InviteCode
  | RoomId
  | ParticipantId
  | ProducerId
  | ConsumerId;

/** Bytes in every id. */
export const ID_BYTES = 16;

function parseId(text: string): string | undefined {
  if (text.length !== 22) return undefined;
  return decodeB64u(text) === undefined ? undefined : text;
}

/** Parses the text form of an account id. */
export function parseAccountId(text: string): AccountId | undefined {
  return parseId(text) as AccountId | undefined;
}
/** Parses the text form of an invite code. */
export function parseInviteCode(text: string): InviteCode | undefined {
  return parseId(text) as InviteCode | undefined;
}

/** The text form of 16 bytes that a schema has already measured. */
export function idOf<Id extends AnyId>(bytes: Uint8Array): Id {
  return encodeB64u(bytes) as string as Id;
}

/** The 16 bytes of an id. */
export function idBytes(id: AnyId): Uint8Array<ArrayBuffer> {
  const bytes = decodeB64u(id);
  if (bytes?.length !== ID_BYTES) throw new TypeError('not an id');
  return bytes;
}

/** The UUID text (8-4-4-4-12, lower case) of an id, the form that Signal addresses use. */
export function uuidText(id: AccountId | DeviceId): string {
  const hex = Array.from(idBytes(id), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The id bytes of a UUID text; `undefined` unless it is in canonical lower-case form. */
export function uuidBytes(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text)) return undefined;
  const hex = text.replaceAll('-', '');
  return Uint8Array.from({ length: ID_BYTES }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
