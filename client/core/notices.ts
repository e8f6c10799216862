/**
 * When a new message is told of outside the page, and how much. Only where the person looks at no tab; the device's own setting says
 * what may be shown, and what may not be shown does not leave core. A conversation is named by a keyed hash: what a system keeps of a
 * notification tells nothing without the local key.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import type { AccountId } from '@tacet/protocol/ids';
import { T } from './db/stores.ts';
import type { Home } from './home.ts';
import type { Clock, NoticePort } from './ports.ts';
import type { SharedState } from './shown/state.ts';
import type { ConversationId, NoticeLevel } from './view.ts';

/** What a person has set nothing else for. */
export const FIRST_LEVEL: NoticeLevel = 'private';
export const LEVELS: readonly NoticeLevel[] = ['none', 'private', 'name', 'full'];
/** Messages that come together are told of together, and one that comes while the person is just turning away is told of too. */
const GATHER_MS = 200;
/** Characters of a text that are shown. */
const TEXT_MOST = 200;

/** The notices of one signed-in device. */
export class Notices {
  readonly #home: Home;
  readonly #state: SharedState;
  readonly #clock: Clock;
  readonly #port: NoticePort;
  readonly #isWatched: () => boolean;
  /** Unread messages when last looked at. */
  readonly #unread = new Map<AccountId, number>();
  readonly #due = new Set<AccountId>();
  #cancel: (() => void) | undefined;
  #stopped = false;

  /** `isWatched`: whether the person looks at a view. */
  constructor(home: Home, state: SharedState, clock: Clock, port: NoticePort, isWatched: () => boolean) {
    this.#home = home;
    this.#state = state;
    this.#clock = clock;
    this.#port = port;
    this.#isWatched = isWatched;
    for (const { account, unread } of home.conversations.all()) this.#unread.set(account, unread);
  }

  /** Reads the setting. */
  async load(): Promise<void> {
    const stored = await this.#home.db.read([T.notices], (tx) => tx.get(T.notices, 'notices'));
    this.#state.notices.value = stored ?? FIRST_LEVEL;
  }

  async setLevel(level: NoticeLevel): Promise<void> {
    await this.#home.db.write([T.notices], async (tx) => tx.put(T.notices, 'notices', level));
    this.#state.notices.value = level;
  }

  /** A conversation has changed. */
  touched(account: AccountId): void {
    if (this.#stopped) return;
    const unread = this.#home.conversations.get(account)?.unread ?? 0;
    const before = this.#unread.get(account) ?? 0;
    this.#unread.set(account, unread);
    if (unread === 0 && before > 0) {
      this.#due.delete(account);
      this.#port.withdraw(this.#tokenOf(account));
    }
    if (unread <= before || this.#state.notices.value === 'none') return;
    this.#due.add(account);
    this.#cancel ??= this.#clock.after(GATHER_MS, () => this.#tell());
  }

  /** The conversation that a notice was about. */
  find(token: string): ConversationId | undefined {
    return this.#home.conversations.all().find(({ account }) => this.#tokenOf(account) === token)?.account;
  }

  /** Takes back what the system may still show, of this run or an earlier one: the app is locked, or nobody is signed in any more. */
  withdrawAll(): void {
    for (const { account, unread } of this.#home.conversations.all()) {
      if (unread > 0) this.#port.withdraw(this.#tokenOf(account));
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #tokenOf(account: AccountId): string {
    return encodeB64u(this.#home.db.hide(`notice ${account}`));
  }

  #tell(): void {
    this.#cancel = undefined;
    const due = [...this.#due];
    this.#due.clear();
    if (this.#isWatched()) return;
    for (const account of due) {
      // Nobody is told of somebody whom he has blocked.
      const summary = this.#state.conversations.value.find(({ id }) => id === account);
      if (summary === undefined) continue;
      const level = summary.state === 'accepted' ? this.#state.notices.value : 'private';
      const mayName = level === 'name' || level === 'full';
      const isMissedCall = this.#home.conversations.endsInMissedCall(account);
      const mayQuote = level === 'full' && summary.last?.mine === false && !isMissedCall;
      this.#port.show({
        token: this.#tokenOf(account),
        count: summary.unread,
        ...(isMissedCall ? { missedCall: true } : {}),
        ...(mayName ? { name: summary.person.name } : {}),
        ...(mayQuote ? { text: summary.last.text.slice(0, TEXT_MOST) } : {}),
      });
    }
  }
}
