/** What the keeping of the account record needs of its device, and what it says of a version on the server. */
import type { AccountId } from '@tacet/protocol/ids';
import type { RecordKey } from '@tacet/crypto/vault';
import type { Background } from '../background.ts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import type { Clock } from '../ports.ts';
import type { Rest } from '../transport/rest.ts';
import type { TwoClocks } from '../two-clocks.ts';

/** What the record needs. */
export interface RecordNeeds {
  readonly db: SealedDb;
  readonly rest: Rest;
  readonly clock: Clock;
  /** Decides which invites are forgotten. */
  readonly twoClocks: Pick<TwoClocks, 'earliest'>;
  readonly background: Background;
  readonly account: AccountId;
  /** The record key that this device has. */
  recordKey(): RecordKey;
  /** Whether the own list in force, as far as known, names that key. */
  isKeyCurrent(): boolean;
  /** Reads the own list; whether it names another record key than this device has. The new one comes inside the encryption. */
  awaitsKey(): Promise<boolean>;
  token(): Promise<string>;
  /** Told after every change, own or merged. */
  changed(): void;
  /** A version is on the server: the other own devices are told. */
  uploaded(version: number): void;
  /** A version of another own device was taken in. */
  taken(): void;
  /** The server has shown an older record than the one known, or another one under a known version. */
  contradicted(): void;
  /** Whether a restored server may have an older record than this device, which is then brought there. */
  mayBring(): boolean;
  /** It was brought, or needs not be. */
  brought(): void;
  /** Keeps the server's receipt for a version. The transaction holds `T.record`. */
  keepReceipt(tx: WriteTx, version: number, receipt: string): Promise<void>;
  /** The server's receipt for a version of the record, if it is kept, 32 bytes. */
  receiptOf(version: number): Promise<Uint8Array | undefined>;
  /** `RecordKeeper.isOutdated` has changed. */
  outdated(): void;
}

/** The newest version on the server. */
export interface Newest {
  readonly version: number;
  readonly hash: Uint8Array;
}
