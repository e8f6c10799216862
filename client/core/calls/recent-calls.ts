/**
 * Calls that are over, for a little while: a ring that is overtaken by its own end does not ring, nor one that comes again. And how often
 * somebody has rung lately. In memory: what is older than a ring lasts is of no use.
 */
import type { CallEnd } from '@tacet/protocol/content/call';
import type { AccountId, CallId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { Clock } from '../ports.ts';

const MINUTE_MS = 60_000;
/** Twice as long as a ring may be on its way. */
const KEPT_MS = 2 * LIMITS.callRingMs;
/** Of one account: nobody makes it forget what others said. */
const KEPT_MOST = 32;
/** Rings of one account in a minute, whatever becomes of them. */
const RINGS_MOST = 6;
/** Rings of one account in ten minutes that sound here and are not taken here. */
const UNANSWERED_MOST = 3;
const UNANSWERED_MS = 10 * MINUTE_MS;
/** Words about one call that is over, or taken, are answered so often. */
const ANSWERS_MOST = 16;

interface Ended {
  readonly account: AccountId;
  readonly at: number;
  readonly why: CallEnd;
  /** It was a call of this device, and not only heard to be over. */
  readonly wasHere: boolean;
}

export class RecentCalls {
  readonly #clock: Clock;
  /** By account and call: of others' calls nobody else speaks. */
  readonly #ended = new Map<string, Ended>();
  /** When they came, and when they sounded. */
  readonly #rings = new Map<AccountId, readonly number[]>();
  readonly #sounded = new Map<AccountId, readonly number[]>();
  readonly #answers = new Map<CallId, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A call is over, or is said to be. What is known stays. */
  note(call: CallId, ended: Omit<Ended, 'at'>): void {
    this.#forgetOld();
    const name = nameOf(call, ended.account);
    if (this.#ended.has(name)) return;
    const ofAccount = [...this.#ended].filter(([, { account }]) => account === ended.account);
    const [oldest] = ofAccount;
    if (ofAccount.length >= KEPT_MOST && oldest !== undefined) this.#ended.delete(oldest[0]);
    this.#ended.set(name, { ...ended, at: this.#clock.now() });
  }

  of(call: CallId, account: AccountId): Ended | undefined {
    this.#forgetOld();
    return this.#ended.get(nameOf(call, account));
  }

  /** Whether a ring of this account counts; counts it. */
  mayCome(account: AccountId): boolean {
    const lately = this.#lately(this.#rings, account, MINUTE_MS);
    if (lately.length >= RINGS_MOST) return false;
    this.#rings.set(account, [...lately, this.#clock.now()]);
    return true;
  }

  /** Whether a ring of this account may sound, or is a missed call at once. */
  maySound(account: AccountId): boolean {
    return this.#lately(this.#sounded, account, UNANSWERED_MS).length < UNANSWERED_MOST;
  }

  /** A ring of this account sounds. */
  sounded(account: AccountId): void {
    const lately = this.#lately(this.#sounded, account, UNANSWERED_MS);
    this.#sounded.set(account, [...lately, this.#clock.now()]);
  }

  /** The person has taken a call of this account here, or calls it: its rings before that count no more. */
  answered(account: AccountId): void {
    this.#rings.delete(account);
    this.#sounded.delete(account);
  }

  #lately(
    times: ReadonlyMap<AccountId, readonly number[]>,
    account: AccountId,
    ms: number,
  ): readonly number[] {
    const now = this.#clock.now();
    return (times.get(account) ?? []).filter((at) => Math.abs(now - at) < ms);
  }

  /** Whether a word about this call is answered once more; counts it. */
  mayAnswer(call: CallId): boolean {
    const answered = this.#answers.get(call) ?? 0;
    if (answered >= ANSWERS_MOST) return false;
    if (this.#answers.size >= KEPT_MOST) this.#answers.clear();
    this.#answers.set(call, answered + 1);
    return true;
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [name, { at }] of this.#ended) {
      if (Math.abs(now - at) >= KEPT_MS) this.#ended.delete(name);
    }
  }
}

function nameOf(call: CallId, account: AccountId): string {
  return `${account} ${call}`;
}
