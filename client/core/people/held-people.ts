/**
 * The people whose lists this device holds, the own account among them: in memory, and in the table behind it. Who may be put there is
 * not decided here.
 */
import type { AccountId } from '@tacet/protocol/ids';
import type { Row, SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { StoredPerson } from '../db/stored-people.ts';
import { verifyList } from '../device-lists.ts';
import type { Person } from './person.ts';

export class HeldPeople {
  readonly #db: SealedDb;
  readonly #people = new Map<AccountId, Person>();
  /** Told when what is held of somebody has changed. */
  onKept: ((account: AccountId) => void) | undefined;

  /** Verifies again what was stored. */
  constructor(db: SealedDb, rows: readonly Row<StoredPerson>[]) {
    this.#db = db;
    for (const { value } of rows) {
      this.add({ stored: value, list: verifyList(value.account, value.accountKey, value.list) });
    }
  }

  get(account: AccountId): Person | undefined {
    return this.#people.get(account);
  }

  /** Holds somebody in memory alone. */
  add(person: Person): void {
    this.#people.set(person.stored.account, person);
  }

  /** Holds somebody. The transaction holds `T.people`, here and below. */
  keep(tx: WriteTx, person: Person): void {
    this.add(person);
    const { account } = person.stored;
    tx.put(T.people, K.account(this.#db, account), person.stored);
    tx.after(() => this.onKept?.(account));
  }

  drop(tx: WriteTx, account: AccountId): void {
    this.#people.delete(account);
    tx.delete(T.people, K.account(this.#db, account));
  }

  /** Changes what is kept about a person besides the list. */
  edit(tx: WriteTx, account: AccountId, change: (stored: StoredPerson) => StoredPerson): void {
    const held = this.get(account);
    if (held === undefined) return;
    const stored = change(held.stored);
    if (stored === held.stored) return;
    this.keep(tx, { ...held, stored });
  }
}
