/**
 * Receipts: what the server says of what it has accepted, to be shown to it again once it was restored from an older backup. It cannot check
 * what an account key signs, and accepts only the next counter; a receipt is its own word that a higher one was in force already.
 *
 *     HMAC-SHA-256 over: label Tacet/receipt/v1, 0x00 | kind 1 | account 16 | version 8, big-endian | SHA-256 of what it is for
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { encodeCbor } from '@tacet/protocol/cbor';
import { WireError } from '@tacet/protocol/errors';
import { idBytes } from '@tacet/protocol/ids';
import type { Credentials } from '../store/account-ports.ts';
import type { ReceiptStore } from '../store/receipts.ts';
import type { Caller } from './access-tokens.ts';
import { sha256 } from './signed-requests.ts';

const LABEL = Buffer.from('Tacet/receipt/v1\0');
/** By which clients name a sealed record (docs/sealed-forms.md). */
const RECORD_HASH_LABEL = Buffer.from('Tacet/record-hash/v1\0');
const KINDS = { account: 1, device: 2, list: 3, credentials: 4, record: 5 } as const;

/** What a receipt is for. */
export type ReceiptKind = keyof typeof KINDS;

/** Receipts for what is in force, as a device is told of them. */
export interface ReceiptsInForce {
  readonly account: Uint8Array;
  readonly device: { readonly sessionKey: Uint8Array; readonly receipt: Uint8Array };
  readonly list: { readonly counter: number; readonly receipt: Uint8Array };
  readonly credentials: Credentials & { readonly receipt: Uint8Array };
  readonly record: { readonly version: number; readonly receipt: Uint8Array };
}

/** The hash of a sealed record. */
export function recordHash(sealed: Uint8Array): Uint8Array {
  return createHash('sha256').update(RECORD_HASH_LABEL).update(sealed).digest();
}

/** What the receipt of an account is for: its key (33 bytes), then its name. */
export function accountHash(accountKey: Uint8Array, username: string): Uint8Array {
  return createHash('sha256').update(accountKey).update(username).digest();
}

/** What the receipt of a device is for: its id (16 bytes), then its session key (32). */
export function deviceHash(device: Uint8Array, sessionKey: Uint8Array): Uint8Array {
  return createHash('sha256').update(device).update(sessionKey).digest();
}

/** What the receipt of credentials is for. */
export function credentialsHash({ version, loginKey, vault, wraps }: Credentials): Uint8Array {
  const plain = wraps.map(({ way, sealed }) => ({ way, sealed }));
  return sha256(encodeCbor({ version, loginKey, vault, wraps: plain }));
}

/** Gives receipts and knows its own. */
export class Receipts {
  readonly #key: Uint8Array;
  readonly #store: ReceiptStore;

  /** `key`: 32 bytes. */
  constructor(key: Uint8Array, store: ReceiptStore) {
    this.#key = key;
    this.#store = store;
  }

  /** A receipt, 32 bytes. */
  make(kind: ReceiptKind, account: Uint8Array, version: number, hash: Uint8Array): Uint8Array {
    const head = Buffer.alloc(9);
    head[0] = KINDS[kind];
    head.writeBigUInt64BE(BigInt(version), 1);
    const mac = createHmac('sha256', this.#key).update(LABEL).update(head.subarray(0, 1));
    return mac.update(account).update(head.subarray(1)).update(hash).digest();
  }

  /** Whether it is one. */
  isOurs(
    receipt: Uint8Array,
    kind: ReceiptKind,
    account: Uint8Array,
    version: number,
    hash: Uint8Array,
  ): boolean {
    const made = this.make(kind, account, version, hash);
    return made.length === receipt.length && timingSafeEqual(made, receipt);
  }

  /** For everything that is in force. Throws `WireError` `session-ended`. */
  async inForce(caller: Caller): Promise<ReceiptsInForce> {
    const account = idBytes(caller.account);
    const device = idBytes(caller.device);
    const held = await this.#store.inForce(account, device);
    if (held === undefined) throw new WireError('session-ended', 'the account or device is gone');
    const { username, accountKey, sessionKey, list, credentials, record } = held;
    const { version } = credentials;
    return {
      account: this.make('account', account, 0, accountHash(accountKey, username)),
      device: { sessionKey, receipt: this.make('device', account, 0, deviceHash(device, sessionKey)) },
      list: { counter: list.counter, receipt: this.make('list', account, list.counter, list.hash) },
      credentials: {
        ...credentials,
        receipt: this.make('credentials', account, version, credentialsHash(credentials)),
      },
      record: {
        version: record.version,
        receipt: this.make('record', account, record.version, recordHash(record.sealed)),
      },
    };
  }
}
