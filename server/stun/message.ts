/**
 * STUN messages (RFC 8489) as far as a basic STUN server needs them (section 12): it reads Binding requests and answers with the address
 * that they came from. No authentication, no indications, nothing over TCP.
 *
 *     0                   1                   2                   3
 *     |0 0|  type (14)    |  length of attributes |
 *     |  magic cookie 0x2112A442                  |
 *     |  transaction id (96 bits)                 |
 *     |  attributes: type (16), length (16), value padded to 4 bytes … |
 */
import { isIPv4 } from 'node:net';
import { crc32 } from 'node:zlib';
import { groupsOf, withoutMapping } from '../plugins/client-address.ts';

const HEADER_BYTES = 20;
const MAGIC_COOKIE = 0x2112_a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const BINDING_ERROR = 0x0111;

const MAPPED_ADDRESS_XORED = 0x0020;
const ERROR_CODE = 0x0009;
const UNKNOWN_ATTRIBUTES = 0x000a;
const FINGERPRINT = 0x8028;
const FINGERPRINT_BYTES = 8;
/** What the CRC-32 of a fingerprint is combined with (section 14.7). */
const FINGERPRINT_MASK = 0x5354_554e;
/** Attributes from here on may be passed over by who does not know them (section 14). */
const COMPREHENSION_OPTIONAL = 0x8000;

/** The longest request that is read: no client's Binding request has more than a few attributes. */
export const REQUEST_MAX_BYTES = 548;
/** Unknown attributes that an error names at most. */
const NAMED_MOST = 8;

/** A Binding request. */
export interface BindingRequest {
  /** Cookie and transaction id, 16 bytes, as they came: the answer has the same. */
  readonly transaction: Uint8Array;
  /** Its answer ends with a fingerprint too. */
  readonly hasFingerprint: boolean;
  /** Types of attributes that must be understood and are not. */
  readonly unknown: readonly number[];
}

/** Where a request came from. */
export interface Endpoint {
  /** An IPv4 or IPv6 address. */
  readonly address: string;
  readonly port: number;
}

/** Reads a datagram; `undefined`: it is no Binding request, and gets no answer. */
export function parseBindingRequest(bytes: Buffer): BindingRequest | undefined {
  if (bytes.length < HEADER_BYTES || bytes.length > REQUEST_MAX_BYTES || bytes.length % 4 !== 0)
    return undefined;
  if (bytes.readUInt16BE(0) !== BINDING_REQUEST || bytes.readUInt32BE(4) !== MAGIC_COOKIE) return undefined;
  if (bytes.readUInt16BE(2) !== bytes.length - HEADER_BYTES) return undefined;
  const unknown: number[] = [];
  let hasFingerprint = false;
  for (let at = HEADER_BYTES; at < bytes.length;) {
    const [type, length] = [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2)];
    const next = at + 4 + Math.ceil(length / 4) * 4;
    // A fingerprint is the last attribute.
    if (next > bytes.length || hasFingerprint) return undefined;
    if (type === FINGERPRINT) {
      if (length !== 4 || bytes.readUInt32BE(at + 4) !== fingerprintOf(bytes.subarray(0, at)))
        return undefined;
      hasFingerprint = true;
    } else if (type < COMPREHENSION_OPTIONAL) unknown.push(type);
    at = next;
  }
  return { transaction: bytes.subarray(4, HEADER_BYTES), hasFingerprint, unknown };
}

/** The answer to a request: its endpoint, or that it asks for something unknown (420, section 6.3.1). */
export function answerBinding(request: BindingRequest, from: Endpoint): Buffer {
  const { transaction, unknown, hasFingerprint } = request;
  const attributes =
    unknown.length === 0
      ? [attribute(MAPPED_ADDRESS_XORED, xoredAddress(from, transaction))]
      : [
          attribute(ERROR_CODE, Buffer.from([0, 0, 4, 20])),
          attribute(UNKNOWN_ATTRIBUTES, typesOf(unknown.slice(0, NAMED_MOST))),
        ];
  const type = unknown.length === 0 ? BINDING_SUCCESS : BINDING_ERROR;
  const body = Buffer.concat(attributes);
  const header = Buffer.alloc(4);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(body.length + (hasFingerprint ? FINGERPRINT_BYTES : 0), 2);
  const message = Buffer.concat([header, transaction, body]);
  if (!hasFingerprint) return message;
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(fingerprintOf(message));
  return Buffer.concat([message, attribute(FINGERPRINT, crc)]);
}

/** CRC-32 over everything before the attribute, whose length the header already counts. */
function fingerprintOf(before: Buffer): number {
  return (crc32(before) ^ FINGERPRINT_MASK) >>> 0;
}

function attribute(type: number, value: Buffer): Buffer {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  padded.writeUInt16BE(type, 0);
  padded.writeUInt16BE(value.length, 2);
  value.copy(padded, 4);
  return padded;
}

function typesOf(types: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * types.length);
  types.forEach((type, i) => bytes.writeUInt16BE(type, 2 * i));
  return bytes;
}

/** XOR-MAPPED-ADDRESS (section 14.2): hidden from translators that rewrite every address they see. */
function xoredAddress({ address, port }: Endpoint, transaction: Uint8Array): Buffer {
  const bytes = addressBytes(address);
  const value = Buffer.alloc(4 + bytes.length);
  value.writeUInt8(bytes.length === 4 ? 1 : 2, 1);
  value.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), 2);
  bytes.forEach((byte, i) => value.writeUInt8(byte ^ (transaction[i] ?? 0), 4 + i));
  return value;
}

/** The 4 or 16 bytes of an address as the system writes it. */
function addressBytes(address: string): readonly number[] {
  const plain = withoutMapping(address);
  if (isIPv4(plain)) return plain.split('.').map(Number);
  return groupsOf(plain).flatMap((group) => [group >> 8, group & 0xff]);
}
