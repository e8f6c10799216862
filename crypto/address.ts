/**
 * Protocol addresses and service ids: who a session is with. An address is a name (for Tacet the device's UUID) and a
 * device id from 1 to 127; a service id is a UUID of one of two kinds, written plainly or behind `PNI:`.
 */
import { compareBytes, toHex, fromHex } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { MAX_DEVICE_ID, MIN_DEVICE_ID } from './consts.ts';
import { CryptoError } from './errors.ts';

export const ServiceIdKind = { Aci: 0, Pni: 1 } as const;
export type ServiceIdKind = (typeof ServiceIdKind)[keyof typeof ServiceIdKind];

const UUID_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/iu;

/** 16 bytes of a UUID in its hyphenated form, either case; `undefined` for any other text. */
export function parseUuid(text: string): Bytes | undefined {
  return UUID_FORM.test(text) ? fromHex(text.replaceAll('-', '')) : undefined;
}

/** Hyphenated lower-case form of 16 bytes. */
export function formatUuid(bytes: Uint8Array): string {
  const hex = toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function invalid(what: string): CryptoError {
  return new CryptoError('misuse', `invalid argument: invalid ${what}`);
}

/** A UUID with its kind. Use `Aci` and `Pni`. */
export class ServiceId {
  /** Kind byte and UUID, 17 bytes. */
  readonly #fixedWidth: Bytes;

  constructor(fixedWidth: Uint8Array) {
    if (fixedWidth.length !== 17) throw new TypeError('invalid Service-Id-FixedWidthBinary');
    this.#fixedWidth = new Uint8Array(fixedWidth);
  }

  /** The 17-byte form without the kind byte where the kind is the plain one. */
  getServiceIdBinary(): Bytes {
    return this.#fixedWidth.slice(this.#kind() === ServiceIdKind.Aci ? 1 : 0);
  }

  getServiceIdFixedWidthBinary(): Bytes {
    return this.#fixedWidth.slice();
  }

  getServiceIdString(): string {
    return (this.#kind() === ServiceIdKind.Aci ? '' : 'PNI:') + this.getRawUuid();
  }

  toString(): string {
    return `<${this.#kind() === ServiceIdKind.Aci ? 'ACI' : 'PNI'}:${this.getRawUuid()}>`;
  }

  getRawUuid(): string {
    return formatUuid(this.#fixedWidth.subarray(1));
  }

  getRawUuidBytes(): Bytes {
    return this.#fixedWidth.slice(1);
  }

  isEqual(other: ServiceId): boolean {
    return ServiceId.comparator(this, other) === 0;
  }

  #kind(): number {
    return this.#fixedWidth[0] ?? 0;
  }

  static comparator(this: void, left: ServiceId, right: ServiceId): number {
    return compareBytes(left.#fixedWidth, right.#fixedWidth);
  }

  static parseFromServiceIdFixedWidthBinary(fixedWidth: Uint8Array): ServiceId {
    if (fixedWidth[0] === ServiceIdKind.Aci) return new Aci(fixedWidth);
    if (fixedWidth[0] === ServiceIdKind.Pni) return new Pni(fixedWidth);
    throw new TypeError('unknown type in Service-Id-FixedWidthBinary');
  }

  static parseFromServiceIdBinary(binary: Uint8Array): ServiceId {
    if (binary.length === 16) return Aci.fromUuidBytes(binary);
    if (binary.length === 17 && binary[0] === ServiceIdKind.Pni) return new Pni(binary);
    throw invalid('Service-Id-Binary');
  }

  static parseFromServiceIdString(text: string): ServiceId {
    const isPni = text.startsWith('PNI:');
    const uuid = parseUuid(isPni ? text.slice(4) : text);
    if (uuid === undefined) throw invalid('Service-Id-String');
    return isPni ? Pni.fromUuidBytes(uuid) : Aci.fromUuidBytes(uuid);
  }
}

function withKind(kind: ServiceIdKind, uuid: ArrayLike<number>): Bytes {
  const bytes = new Uint8Array(17);
  if (uuid.length !== 16) throw new TypeError('invalid UUID');
  bytes[0] = kind;
  bytes.set(uuid, 1);
  return bytes;
}

function uuidBytes(uuid: string): Bytes {
  const bytes = parseUuid(uuid);
  if (bytes === undefined) throw new TypeError('invalid UUID');
  return bytes;
}

/** An account or device UUID. */
export class Aci extends ServiceId {
  static fromUuid(uuid: string): Aci {
    return Aci.fromUuidBytes(uuidBytes(uuid));
  }

  static fromUuidBytes(uuid: ArrayLike<number>): Aci {
    return new Aci(withKind(ServiceIdKind.Aci, uuid));
  }
}

/** libsignal's second kind of UUID; Tacet makes none. */
export class Pni extends ServiceId {
  static fromUuid(uuid: string): Pni {
    return Pni.fromUuidBytes(uuidBytes(uuid));
  }

  static fromUuidBytes(uuid: ArrayLike<number>): Pni {
    return new Pni(withKind(ServiceIdKind.Pni, uuid));
  }
}

/** A name and a device id. */
export class ProtocolAddress {
  readonly #name: string;
  readonly #deviceId: number;
  #wire: Bytes | undefined;

  private constructor(name: string, deviceId: number) {
    this.#name = name;
    this.#deviceId = deviceId;
  }

  /** Throws `bad-address` (InvalidProtocolAddress) unless the device id is an integer from 1 to 127. */
  static new(name: string | ServiceId, deviceId: number): ProtocolAddress {
    if (!Number.isInteger(deviceId) || deviceId < MIN_DEVICE_ID || deviceId > MAX_DEVICE_ID) {
      throw new CryptoError('bad-address', 'device id is not between 1 and 127', {
        operation: 'ProtocolAddress_New',
      });
    }
    return new ProtocolAddress(typeof name === 'string' ? name : name.getServiceIdString(), deviceId);
  }

  name(): string {
    return this.#name;
  }

  deviceId(): number {
    return this.#deviceId;
  }

  /** `null`, as libsignal has it, when the name is no service id. */
  serviceId(): ServiceId | null {
    const wire = this._wireForm();
    return wire === undefined ? null : ServiceId.parseFromServiceIdFixedWidthBinary(wire.subarray(0, 17));
  }

  toString(): string {
    return `${this.#name}.${this.#deviceId}`;
  }

  /**
   * Kind byte, UUID and device id, 18 bytes: half of a message's address field; `undefined` when the name is no
   * service id. Shared: never changed.
   */
  _wireForm(): Bytes | undefined {
    if (this.#wire === undefined) {
      const isPni = this.#name.startsWith('PNI:');
      const uuid = parseUuid(isPni ? this.#name.slice(4) : this.#name);
      if (uuid === undefined) return undefined;
      const wire = new Uint8Array(18);
      wire[0] = isPni ? ServiceIdKind.Pni : ServiceIdKind.Aci;
      wire.set(uuid, 1);
      wire[17] = this.#deviceId;
      this.#wire = wire;
    }
    return this.#wire;
  }
}
