/**
 * What a person does about somebody's account key: reading the safety number, holding a scanned code against it, marking somebody as
 * verified or no longer so, and deciding about a key that has changed. Decisions go into the account record, so that all own devices
 * share them. The rule that a changed key stops sending is not here but before every encryption (`messages/recipients.ts`).
 */
import type { AccountId, MessageId } from '@tacet/protocol/ids';
import type { WriteTx } from '../db/sealed.ts';
import { DIRECTORY_TABLES } from '../people/directory.ts';
import { CoreError } from '../failure.ts';
import { nameOfKey } from '../key-name.ts';
import type { Services } from '../services.ts';
import type { CodeComparison, SafetyNumber } from '../view.ts';
import { readSafetyCode, safetyNumber, type KeyedAccount } from './safety-code.ts';
import { setTrust } from './trust.ts';

/** A scanned code is no longer than this; what is longer is something else. */
const CODE_MOST_BYTES = 1_024;

/** The keys of contacts, as this person judges them. */
export class Safety {
  readonly #s: Services;

  constructor(services: Services) {
    this.#s = services;
  }

  /** The number of the key that is shown for somebody: the changed one while it waits for a decision. */
  read(account: AccountId): SafetyNumber {
    return safetyNumber(this.#own, { account, accountKey: this.#shownKey(account) });
  }

  /** Holds what a camera has read against that number. Changes nothing. */
  compare(account: AccountId, scanned: Uint8Array): CodeComparison {
    const shown = this.#shownKey(account);
    if (!(scanned instanceof Uint8Array) || scanned.length > CODE_MOST_BYTES) return 'not-a-code';
    const reading = readSafetyCode(this.#own, { account, accountKey: shown }, scanned);
    const before = this.#s.record.contact(account)?.accountKey;
    if (reading !== 'different' || before === undefined || !this.#s.directory.isBlocked(account))
      return reading;
    const earlier = readSafetyCode(this.#own, { account, accountKey: before }, scanned);
    return earlier === 'equal' ? 'equal-to-earlier' : reading;
  }

  /**
   * Marks somebody as verified. `digits`: the number that was compared; where the key has changed since it was shown this throws
   * `CoreError` `key-changed`.
   */
  async verify(account: AccountId, digits: string): Promise<void> {
    await this.#decide(async (tx) => {
      if (this.read(account).digits !== digits) return 'key-changed';
      if (this.#s.directory.isBlocked(account))
        this.#s.directory.changedKeys.believe(tx, account, 'verified');
      else setTrust(this.#s, tx, account, 'verified');
      return undefined;
    });
  }

  /** Takes the mark away. Throws `CoreError` `key-changed` while a changed key waits: that is decided about first. */
  async unverify(account: AccountId): Promise<void> {
    await this.#decide(async (tx) => {
      if (this.#s.directory.isBlocked(account)) return 'key-changed';
      if (this.#s.record.contact(account)?.trust === 'verified') setTrust(this.#s, tx, account, 'unverified');
      return undefined;
    });
  }

  /**
   * Goes on with the changed key of somebody who was verified, without having compared it. `shownKey`: the one that was shown, named as by
   * `nameOfKey`; where another waits by now this throws `CoreError` `key-changed`.
   */
  async goOnUnverified(account: AccountId, shownKey: string | undefined): Promise<void> {
    await this.#decide(async (tx) => {
      if (!this.#s.directory.isBlocked(account)) return undefined;
      if (nameOfKey(this.#shownKey(account)) !== shownKey) return 'key-changed';
      this.#s.directory.changedKeys.believe(tx, account, 'unverified');
      return undefined;
    });
  }

  /** Stays with the key that was verified before, because the person still shows that one. */
  async keepEarlierKey(account: AccountId): Promise<void> {
    await this.#decide(async (tx) => {
      this.#s.directory.changedKeys.disbelieve(tx, account);
      return undefined;
    });
  }

  /**
   * Sends what was written before a key change. Throws `CoreError` `key-changed` while nothing has been decided about the key, and where
   * another one is in force than the one that was shown.
   */
  async sendHeld(
    account: AccountId,
    shownKey: string | undefined,
    message: MessageId | undefined,
  ): Promise<void> {
    const isGoing = shownKey !== undefined && (await this.#s.outbox.held.send(account, shownKey, message));
    if (!isGoing) throw new CoreError('key-changed', 'not the key that was shown');
  }

  get #own(): KeyedAccount {
    const { account, accountKey } = this.#s.own.value;
    return { account, accountKey };
  }

  #shownKey(account: AccountId): Uint8Array {
    const changed = this.#s.conversations.get(account)?.changedKey;
    const key = changed?.accountKey ?? this.#s.record.contact(account)?.accountKey;
    if (key === undefined) throw new CoreError('conversation-unknown', 'nobody of this id is known');
    return key;
  }

  /** Runs a decision in one transaction; nothing is thrown inside it. */
  async #decide(decide: (tx: WriteTx) => Promise<'key-changed' | undefined>): Promise<void> {
    const refused = await this.#s.db.write(DIRECTORY_TABLES, decide);
    if (refused !== undefined) throw new CoreError(refused, 'the key is another one now');
  }
}
