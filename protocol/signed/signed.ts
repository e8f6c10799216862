/**
 * Bytes that are signed: label, one zero byte, CBOR. They are carried as the byte string that was signed and never encoded again.
 * One label per purpose, all of them in the table below, so that a signature for one use is worth nothing for another.
 * Signing and verifying happen elsewhere (the clients' crypto room, the server's own crypto); this room knows only the shapes.
 */
import type { Static, TSchema } from 'typebox';
import { encodeCbor, parseCbor } from '../cbor.ts';
import { WireError } from '../errors.ts';

/** The label of every signed structure, with the key that signs it. */
export const SIGNED_LABELS = {
  /** Account key (XEdDSA). */
  deviceList: 'Tacet/device-list/v1',
  /** Device identity key (XEdDSA). */
  statement: 'Tacet/device-statement/v1',
  /** Device identity key (XEdDSA). */
  departure: 'Tacet/departure/v1',
  /** Login key (Ed25519, RFC 8032). */
  signUp: 'Tacet/sign-up/v1',
  login: 'Tacet/login/v1',
  addDevice: 'Tacet/add-device/v1',
  changeList: 'Tacet/change-list/v1',
  changeCredentials: 'Tacet/change-credentials/v1',
  deleteAccount: 'Tacet/delete-account/v1',
  cancelReset: 'Tacet/cancel-reset/v1',
  /** Session key of the device (Ed25519). */
  renewal: 'Tacet/renewal/v1',
  beginReset: 'Tacet/begin-reset/v1',
  finishReset: 'Tacet/finish-reset/v1',
  comeBack: 'Tacet/come-back/v1',
} as const;

/** A purpose that something is signed for. */
export type SignedPurpose = keyof typeof SIGNED_LABELS;

/** A signed structure: how its bytes are made and read. */
export interface SignedShape<Schema extends TSchema> {
  readonly purpose: SignedPurpose;
  readonly schema: Schema;
  /** Label, zero byte, CBOR: the exact bytes to sign. */
  encode(value: Static<Schema>): Uint8Array<ArrayBuffer>;
  /** The value in bytes whose signature the caller has checked or will check. Throws `WireError` `malformed-frame`. */
  parse(bytes: Uint8Array): Static<Schema>;
}

/** Declares a signed structure. */
export function defineSigned<Schema extends TSchema>(
  purpose: SignedPurpose,
  schema: Schema,
): SignedShape<Schema> {
  const label = new TextEncoder().encode(`${SIGNED_LABELS[purpose]}\0`);
  return {
    purpose,
    schema,
    encode(value) {
      const body = encodeCbor(value);
      const bytes = new Uint8Array(label.length + body.length);
      bytes.set(label);
      bytes.set(body, label.length);
      return bytes;
    },
    parse(bytes) {
      for (let i = 0; i < label.length; i++) {
        if (bytes[i] !== label[i]) throw new WireError('malformed-frame', 'wrong label');
      }
      return parseCbor(schema, bytes.subarray(label.length));
    },
  };
}
