/** The account record as this device has it: in memory, read once, and in local storage. What may be put there is not decided here. */
import { parseCbor } from '@tacet/protocol/cbor';
import { AccountRecord, type Contact } from '@tacet/protocol/content/record';
import { idOf, type AccountId } from '@tacet/protocol/ids';
import type { WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { StoredRecord } from '../db/stored-device.ts';
import type { Newest } from './record-needs.ts';

export class HeldRecord {
  readonly #changed: () => void;
  #stored: StoredRecord;
  #value: AccountRecord;
  #contacts: ReadonlyMap<AccountId, Contact>;

  /** `value`: what `stored` holds, where it has been read. `changed` is told after every commit that changes it. */
  constructor(changed: () => void, stored: StoredRecord, value = parseCbor(AccountRecord, stored.plain)) {
    this.#changed = changed;
    this.#stored = stored;
    this.#value = value;
    this.#contacts = byAccount(value);
  }

  get value(): AccountRecord {
    return this.#value;
  }
  get stored(): StoredRecord {
    return this.#stored;
  }
  /** Length of its CBOR, bytes. */
  get size(): number {
    return this.#stored.plain.length;
  }
  /** The newest version that is known to be on the server. */
  get newest(): Newest {
    const { version, hash } = this.#stored;
    return { version, hash };
  }

  contact(account: AccountId): Contact | undefined {
    return this.#contacts.get(account);
  }

  /** Puts another in its place, `value` being what `stored` holds. The transaction holds `T.record`. */
  keep(tx: WriteTx, stored: StoredRecord, value: AccountRecord): void {
    tx.put(T.record, 'record', stored);
    this.#stored = stored;
    this.#value = value;
    this.#contacts = byAccount(value);
    tx.after(this.#changed);
  }
}

function byAccount({ contacts }: AccountRecord): ReadonlyMap<AccountId, Contact> {
  return new Map(contacts.map((contact) => [idOf<AccountId>(contact.account), contact]));
}
