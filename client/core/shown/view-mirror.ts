/** What one view sees: the shared slices, and the conversation that it has open with the window of its lines. */
import { effect, signal } from '@preact/signals-core';
import type { AccountId } from '@tacet/protocol/ids';
import type { StoredConversation } from '../db/stored-people.ts';
import type { Home } from '../home.ts';
import {
  addEarlier,
  addLater,
  applyChange,
  PAGE_LINES,
  STEP_LINES,
  type LineChange,
  type LineWindow,
} from './line-window.ts';
import { keep } from './same-content.ts';
import { personOf, relationOf } from './people.ts';
import type { Mirror, SharedState } from './state.ts';
import type { ConversationId, LinePlace, OpenConversation, ViewState } from '../view.ts';

const LATEST: LinePlace = { to: 'latest' };

/** One view's own slice: the conversation that it has open. */
export class ViewMirror implements Mirror {
  readonly open = signal<OpenConversation | undefined>(undefined);
  readonly #shared: SharedState;
  readonly #detach: () => void;
  readonly #stopShowing: () => void;
  #opening = 0;
  /** What was asked for before there was anything to open, and whether it has been opened since. */
  #wish: { readonly id: ConversationId; readonly at: LinePlace | undefined; isOpen: boolean } | undefined;
  /** The reading under way, and what has changed since it began. */
  #missed: { readonly account: AccountId; readonly changes: LineChange[] } | undefined;

  constructor(shared: SharedState, show: (slices: Partial<ViewState>) => void) {
    this.#shared = shared;
    this.#detach = shared.attach(this);
    let shown: Partial<ViewState> = {};
    // One effect for all slices: what one commit changes is one patch, and one picture.
    this.#stopShowing = effect(() => {
      const now: ViewState = {
        session: shared.session.value,
        connection: shared.connection.value,
        conversations: shared.conversations.value,
        open: this.open.value,
        devices: shared.devices.value,
        lock: shared.lock.value,
        resets: shared.resets.value,
        passphrase: shared.passphrase.value,
        refusedInvite: shared.refusedInvite.value,
        encounters: shared.encounters.value,
        alerts: shared.alerts.value,
        outdated: shared.outdated.value,
        progress: shared.progress.value,
        unreadTotal: shared.unreadTotal.value,
        indexing: shared.indexing.value,
        call: shared.call.value,
        notices: shared.notices.value,
        persistent: shared.persistent.value,
      };
      const changed = Object.entries(now).filter(
        ([name, value]) => !(name in shown) || shown[name as keyof ViewState] !== value,
      );
      shown = now;
      if (changed.length > 0) show(Object.fromEntries(changed));
    });
  }

  close(): void {
    this.#detach();
    this.#stopShowing();
  }

  /** What this view will open as soon as there is something to open. */
  wish(id: ConversationId | undefined, at?: LinePlace): void {
    this.#wish = id === undefined ? undefined : { id, at, isOpen: false };
  }

  /** Opens it. The command that asked for it then finds it open. */
  async openWish(): Promise<void> {
    const wish = this.#wish;
    if (wish === undefined) return;
    await this.openConversation(wish.id, wish.at);
    if (this.#wish === undefined && this.open.value?.id === wish.id) this.#wish = { ...wish, isOpen: true };
  }

  /**
   * Opens a conversation: at the place asked for, else where what is unread begins, else at its newest lines. One that is open already
   * moves there.
   */
  async openConversation(id: ConversationId, at?: LinePlace): Promise<void> {
    const wish = this.#wish;
    this.#wish = undefined;
    if (wish?.isOpen === true && wish.id === id && wish.at === at && this.open.value?.id === id) return;
    const home = this.#shared.home;
    const stored = home?.conversations.get(id);
    if (home === undefined || stored === undefined) return;
    const turn = this.#begin(id);
    const place = at ?? (stored.unread > PAGE_LINES / 2 ? { to: 'order', order: stored.readTo + 1 } : LATEST);
    const order =
      place.to === 'day'
        ? await home.conversations.lines.orderAt(id, place.at, stored.nextOrder)
        : place.to === 'order'
          ? place.order
          : undefined;
    const window = await readWindow(home, id, order);
    if (!this.#isCurrent(turn, home)) return;
    const now = home.conversations.get(id) ?? stored;
    const before = this.open.value?.id === id ? this.open.value : undefined;
    this.open.value = {
      ...openState(home, now),
      ...this.#catchUp(window, now),
      unreadFrom: before === undefined ? (now.unread > 0 ? now.readTo + 1 : undefined) : before.unreadFrom,
      target: at === undefined ? undefined : { order, turn },
    };
  }

  closeConversation(): void {
    this.#opening += 1;
    this.open.value = undefined;
  }

  /** Adds the page before the lines shown. */
  loadEarlier(id: ConversationId): Promise<void> {
    return this.#extend(id, 'earlier');
  }

  /** Adds the page after the lines shown. */
  loadLater(id: ConversationId): Promise<void> {
    return this.#extend(id, 'later');
  }

  /** Moves to the newest lines if they are not shown: whoever has just written wants to see it. */
  async showLatest(id: ConversationId): Promise<void> {
    if (this.open.value?.id === id && this.open.value.hasLater) await this.openConversation(id, LATEST);
  }

  touched(account: AccountId): void {
    const home = this.#shared.home;
    const open = this.open.value;
    const stored = home?.conversations.get(account);
    if (home === undefined || stored === undefined || open?.id !== account) return;
    this.open.value = keep(open, { ...open, ...openState(home, stored) });
  }

  lineChanged(account: AccountId, change: LineChange): void {
    if (this.#missed?.account === account) this.#missed.changes.push(change);
    const open = this.open.value;
    if (open?.id !== account) return;
    const seen = this.#shared.home?.conversations.get(account)?.readTo ?? 0;
    const window = applyChange(open, change, seen);
    if (window !== open) this.open.value = { ...open, ...window };
  }

  peopleChanged(): void {
    const open = this.open.value;
    if (open !== undefined) this.touched(open.id);
  }

  async #extend(id: ConversationId, side: 'earlier' | 'later'): Promise<void> {
    const home = this.#shared.home;
    const open = this.open.value;
    if (home === undefined || open?.id !== id || !(side === 'earlier' ? open.hasEarlier : open.hasLater))
      return;
    const { conversations } = home;
    const turn = this.#begin(id);
    const page =
      side === 'earlier'
        ? await conversations.lines.page(id, open.lines[0]?.order ?? 1, STEP_LINES)
        : await conversations.lines.pageFrom(id, (open.lines.at(-1)?.order ?? 0) + 1, STEP_LINES);
    const still = this.open.value;
    const stored = conversations.get(id);
    if (!this.#isCurrent(turn, home) || still?.id !== id || stored === undefined) return;
    const window = side === 'earlier' ? addEarlier(still, page) : addLater(still, page);
    this.open.value = { ...still, ...this.#catchUp(window, stored) };
  }

  /** A reading begins: from now on the changes of its conversation are kept for it, and an earlier one counts no more. */
  #begin(account: AccountId): number {
    this.#opening += 1;
    this.#missed = { account, changes: [] };
    return this.#opening;
  }

  #isCurrent(turn: number, home: Home): boolean {
    return turn === this.#opening && this.#shared.home === home;
  }

  /** What was read, with the changes that came while it was. */
  #catchUp({ lines, hasEarlier, hasLater }: LineWindow, stored: StoredConversation): LineWindow {
    const changes = this.#missed?.changes ?? [];
    this.#missed = undefined;
    return changes.reduce<LineWindow>((window, change) => applyChange(window, change, stored.readTo), {
      lines,
      hasEarlier,
      hasLater,
    });
  }
}

/** The lines around an order: those before it and those from it on. Without an order the newest; what comes meanwhile is caught up. */
async function readWindow(home: Home, id: AccountId, order: number | undefined): Promise<LineWindow> {
  const { conversations } = home;
  const end = conversations.get(id)?.nextOrder ?? 1;
  const from = order ?? end;
  const [before, after] = await Promise.all([
    conversations.lines.page(id, from, PAGE_LINES),
    from < end ? conversations.lines.pageFrom(id, from, PAGE_LINES) : [],
  ]);
  return {
    lines: [...before, ...after],
    hasEarlier: before.length >= PAGE_LINES && (before[0]?.order ?? 1) > 1,
    hasLater: after.length >= PAGE_LINES,
  };
}

/** What an open conversation shows beside its lines. */
function openState(
  home: Home,
  stored: StoredConversation,
): Pick<
  OpenConversation,
  | 'id'
  | 'person'
  | 'state'
  | 'typing'
  | 'draft'
  | 'unread'
  | 'newest'
  | 'timer'
  | 'blocked'
  | 'waiting'
  | 'waitingChanges'
> {
  const held = home.held(stored.account);
  const waiting = held.filter(({ line }) => line === true).length;
  return {
    id: stored.account,
    person: personOf(home, stored.account),
    state: relationOf(home, stored),
    typing: home.conversations.typing.is(stored.account),
    draft: stored.draft,
    unread: stored.unread,
    newest: stored.nextOrder - 1,
    timer: stored.timer?.seconds ?? 0,
    blocked: stored.changedKey !== undefined,
    waiting,
    waitingChanges: held.length - waiting,
  };
}
