/**
 * What views see, in signals: the slices that all views share, and for each view the conversation that it has open. Built from what core
 * keeps, after each commit; nothing here is kept on disk.
 */
import { batch, computed, effect, signal, type ReadonlySignal } from '@preact/signals-core';
import type { AccountId } from '@tacet/protocol/ids';
import type { StoredConversation } from './db/stores.ts';
import { alertsOf } from './account/alerts.ts';
import { devicesOf, passphraseOf, resetsOf } from './account/own-devices.ts';
import type { Home } from './home.ts';
import { nameOfKey } from './key-name.ts';
import {
  addEarlier,
  addLater,
  applyChange,
  PAGE_LINES,
  STEP_LINES,
  type LineChange,
  type LineWindow,
} from './line-window.ts';
import { areSame, isSameContent } from './same-content.ts';
import type {
  AlertView,
  ConnectionState,
  ConversationId,
  ConversationSummary,
  DeviceView,
  LinePlace,
  LockView,
  Me,
  NoticeLevel,
  OpenConversation,
  PassphraseView,
  PersonView,
  RefusedInvite,
  ResetView,
  Progress,
  Relation,
  SessionState,
  ViewState,
} from './view.ts';

/** Characters of an id that stand for somebody without a name. */
const SHORT_ID = 8;
const LATEST: LinePlace = { to: 'latest' };

/** The slices that all views share. */
export class SharedState {
  readonly session = signal<SessionState>({ kind: 'starting' });
  readonly connection = signal<ConnectionState>({ kind: 'idle' });
  readonly progress = signal<Progress | undefined>(undefined);
  readonly indexing = signal<ViewState['indexing']>(undefined);
  readonly persistent = signal<boolean | undefined>(undefined);
  readonly conversations = signal<readonly ConversationSummary[]>([]);
  readonly devices = signal<readonly DeviceView[]>([]);
  readonly lock = signal<LockView | undefined>(undefined);
  readonly notices = signal<NoticeLevel>('private');
  readonly resets = signal<readonly ResetView[]>([]);
  readonly passphrase = signal<PassphraseView>({ asked: false });
  readonly refusedInvite = signal<RefusedInvite | undefined>(undefined);
  readonly alerts = signal<readonly AlertView[]>([]);
  readonly outdated = signal(false);
  readonly unreadTotal: ReadonlySignal<number> = computed(() =>
    this.conversations.value.reduce((sum, { unread }) => sum + unread, 0),
  );
  readonly #views = new Set<ViewMirror>();
  #home: Home | undefined;

  get home(): Home | undefined {
    return this.#home;
  }

  /** From now on this device's state is shown; `undefined`: none. */
  show(home: Home | undefined): void {
    this.#home = home;
    batch(() => {
      this.conversations.value = home === undefined ? [] : summaries(home, []);
      this.devices.value = home === undefined ? [] : devicesOf(home);
      this.resets.value = home === undefined ? [] : resetsOf(home);
      this.passphrase.value = home === undefined ? { asked: false } : passphraseOf(home);
      this.refusedInvite.value = home === undefined ? undefined : refusedInviteOf(home);
      this.alerts.value = home === undefined ? [] : alertsOf(home);
      this.outdated.value = home?.record.isOutdated ?? false;
      for (const view of this.#views) view.closeConversation();
    });
  }

  /** One conversation has changed. */
  touched(account: AccountId): void {
    const home = this.#home;
    const stored = home?.conversations.get(account);
    if (home === undefined || stored === undefined) return;
    const before = this.conversations.value;
    const others = before.filter(({ id }) => id !== account);
    const summary = keep(
      before.find(({ id }) => id === account),
      summaryOf(home, stored),
    );
    const after = summary === undefined ? others : insert(others, summary, home);
    batch(() => {
      if (!areSame(before, after)) this.conversations.value = after;
      for (const view of this.#views) view.touched(account);
    });
  }

  lineChanged(account: AccountId, change: LineChange): void {
    for (const view of this.#views) view.lineChanged(account, change);
  }

  /** Names or trust have changed. */
  peopleChanged(): void {
    const home = this.#home;
    if (home === undefined) return;
    batch(() => {
      this.conversations.value = summaries(home, this.conversations.value);
      this.devices.value = devicesOf(home);
      this.resets.value = resetsOf(home);
      this.passphrase.value = passphraseOf(home);
      this.refusedInvite.value = refusedInviteOf(home);
      this.alerts.value = alertsOf(home);
      this.outdated.value = home.record.isOutdated;
      for (const view of this.#views) view.peopleChanged();
    });
    const { session } = this;
    if (session.value.kind === 'signed-in') session.value = { kind: 'signed-in', me: meOf(home) };
  }

  /** Reads what each view wants to see first. What fails here fails again, and is told, when the view's command is run. */
  async openWishes(): Promise<void> {
    await Promise.all([...this.#views].map((view) => view.openWish().catch(() => undefined)));
  }

  attach(view: ViewMirror): () => void {
    this.#views.add(view);
    return () => this.#views.delete(view);
  }
}

/** One view's own slice: the conversation that it has open. */
export class ViewMirror {
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
        alerts: shared.alerts.value,
        outdated: shared.outdated.value,
        progress: shared.progress.value,
        unreadTotal: shared.unreadTotal.value,
        indexing: shared.indexing.value,
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

/** How a person is shown. */
export function personOf(home: Home, account: AccountId): PersonView {
  const contact = home.record.contact(account);
  const username = contact?.username;
  const claims = username === undefined ? home.directory.get(account)?.stored.username : undefined;
  return {
    account,
    username,
    ...(claims === undefined ? {} : { claims }),
    name: contact?.name ?? username ?? account.slice(0, SHORT_ID),
    picture: home.profiles.pictureName(account),
    key: keyName(home, account),
    trust: contact?.trust ?? 'unverified',
    ...(home.directory.isBlocked(account) ? { changed: true } : {}),
  };
}

/** The invite that could not be answered, until the person has seen it. */
function refusedInviteOf({ own }: Home): RefusedInvite | undefined {
  const { answering } = own.value;
  return answering?.refused === true ? { username: answering.username } : undefined;
}

/** The account key that is shown for somebody. */
function keyName(home: Home, account: AccountId): string | undefined {
  const changed = home.conversations.get(account)?.changedKey;
  const key = changed?.accountKey ?? home.record.contact(account)?.accountKey;
  return key === undefined ? undefined : nameOfKey(key);
}

/** Who this device belongs to. */
export function meOf(home: Home): Me {
  const { account, device, username } = home.own.value;
  const { settings } = home.record.value;
  return {
    account,
    device,
    username,
    name: home.record.value.name,
    defaultTimer: settings.timer ?? 0,
    readReceipts: settings.readReceipts,
    typing: settings.typing,
    picture: home.profiles.pictureName(account),
  };
}

function stateOf(home: Home, stored: StoredConversation): Relation {
  const contact = home.record.contact(stored.account);
  if (contact?.state === 'blocked') return 'blocked';
  if (contact?.state === 'accepted') return 'accepted';
  return stored.last === undefined ? 'new' : 'request';
}

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
    state: stateOf(home, stored),
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

function summaryOf(home: Home, stored: StoredConversation): ConversationSummary | undefined {
  const state = stateOf(home, stored);
  if (state === undefined) return undefined;
  const { last } = stored;
  return {
    id: stored.account,
    person: personOf(home, stored.account),
    state,
    last:
      last === undefined
        ? undefined
        : {
            text: last.text,
            at: last.at,
            mine: last.mine,
            delivery: last.delivery,
            ...(last.deleted === true ? { deleted: true } : {}),
          },
    unread: stored.unread,
    typing: home.conversations.typing.is(stored.account),
    draft: stored.draft,
  };
}

function activityOf(home: Home, id: ConversationId): number {
  return home.conversations.get(id)?.activityAt ?? 0;
}

/** Newest first; the list given is in order. */
function insert(
  ordered: readonly ConversationSummary[],
  summary: ConversationSummary,
  home: Home,
): readonly ConversationSummary[] {
  const at = activityOf(home, summary.id);
  const index = ordered.findIndex(({ id }) => activityOf(home, id) <= at);
  return index < 0 ? [...ordered, summary] : [...ordered.slice(0, index), summary, ...ordered.slice(index)];
}

/** All in order, in the very objects of `before` where nothing of them has changed: views are told of new objects only. */
function summaries(home: Home, before: readonly ConversationSummary[]): readonly ConversationSummary[] {
  const known = new Map(before.map((summary) => [summary.id, summary]));
  const after = home.conversations
    .all()
    .toSorted((a, b) => b.activityAt - a.activityAt)
    .map((stored) => keep(known.get(stored.account), summaryOf(home, stored)))
    .filter((summary) => summary !== undefined);
  return areSame(before, after) ? before : after;
}

/** `after`, or `before` where it says the same. */
function keep<Value>(before: Value, after: Value): Value {
  return isSameContent(before, after) ? before : after;
}
