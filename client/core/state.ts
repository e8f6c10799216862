/**
 * What views see, in signals: the slices that all views share, and for each view the conversation that it has open. Built from what core
 * keeps, after each commit; nothing here is kept on disk.
 */
import { batch, computed, effect, signal, type ReadonlySignal } from '@preact/signals-core';
import type { AccountId } from '@tacet/protocol/ids';
import { PAGE_LINES, type LineChange } from './conversations.ts';
import type { StoredConversation } from './db/stores.ts';
import { devicesOf } from './account/own-devices.ts';
import type { Home } from './home.ts';
import type {
  ConnectionState,
  ConversationId,
  ConversationSummary,
  DeviceView,
  Line,
  Me,
  OpenConversation,
  PersonView,
  Progress,
  Relation,
  SessionState,
  ViewState,
} from './view.ts';

/** Characters of an id that stand for somebody without a name. */
const SHORT_ID = 8;
/** Lines that a view keeps before the oldest page is let go. */
const LINES_MOST = 600;

/** The slices that all views share. */
export class SharedState {
  readonly session = signal<SessionState>({ kind: 'starting' });
  readonly connection = signal<ConnectionState>({ kind: 'idle' });
  readonly progress = signal<Progress | undefined>(undefined);
  readonly persistent = signal<boolean | undefined>(undefined);
  readonly conversations = signal<readonly ConversationSummary[]>([]);
  readonly devices = signal<readonly DeviceView[]>([]);
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
      this.conversations.value = home === undefined ? [] : summaries(home);
      this.devices.value = home === undefined ? [] : devicesOf(home);
      for (const view of this.#views) view.closeConversation();
    });
  }

  /** One conversation has changed. */
  touched(account: AccountId): void {
    const home = this.#home;
    const stored = home?.conversations.get(account);
    if (home === undefined || stored === undefined) return;
    const summary = summaryOf(home, stored);
    batch(() => {
      const others = this.conversations.value.filter(({ id }) => id !== account);
      this.conversations.value = summary === undefined ? others : insert(others, summary, home);
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
      this.conversations.value = summaries(home);
      this.devices.value = devicesOf(home);
      for (const view of this.#views) view.peopleChanged();
    });
    const { session } = this;
    if (session.value.kind === 'signed-in') session.value = { kind: 'signed-in', me: meOf(home) };
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
  readonly #stopEffects: (() => void)[] = [];
  #opening = 0;

  constructor(shared: SharedState, show: (slices: Partial<ViewState>) => void) {
    this.#shared = shared;
    this.#detach = shared.attach(this);
    let slices: Partial<ViewState> | undefined = {};
    const mirror = <Slice extends keyof ViewState>(
      name: Slice,
      source: ReadonlySignal<ViewState[Slice]>,
    ): void => {
      const stop = effect(() => {
        const value = source.value;
        if (slices === undefined) show({ [name]: value });
        else slices = { ...slices, [name]: value };
      });
      this.#stopEffects.push(stop);
    };
    mirror('session', shared.session);
    mirror('connection', shared.connection);
    mirror('conversations', shared.conversations);
    mirror('open', this.open);
    mirror('devices', shared.devices);
    mirror('progress', shared.progress);
    mirror('unreadTotal', shared.unreadTotal);
    mirror('persistent', shared.persistent);
    const first = slices;
    slices = undefined;
    show(first);
  }

  close(): void {
    this.#detach();
    for (const stop of this.#stopEffects) stop();
  }

  /** Opens a conversation at its newest lines. */
  async openConversation(id: ConversationId): Promise<void> {
    const home = this.#shared.home;
    const stored = home?.conversations.get(id);
    if (home === undefined || stored === undefined) return;
    this.#opening += 1;
    const turn = this.#opening;
    const lines = await home.conversations.page(id, stored.nextOrder);
    if (turn !== this.#opening || this.#shared.home !== home) return;
    const now = home.conversations.get(id) ?? stored;
    const missed = now.nextOrder === stored.nextOrder ? [] : await home.conversations.page(id, now.nextOrder);
    if (turn !== this.#opening) return;
    this.open.value = {
      ...openState(home, now),
      lines: merge(lines, missed),
      hasEarlier: (lines[0]?.order ?? 1) > 1 && lines.length >= PAGE_LINES,
      unreadFrom: now.unread > 0 ? now.readTo + 1 : undefined,
    };
  }

  closeConversation(): void {
    this.#opening += 1;
    this.open.value = undefined;
  }

  /** Adds the page before the lines shown. */
  async loadEarlier(id: ConversationId): Promise<void> {
    const home = this.#shared.home;
    const open = this.open.value;
    if (home === undefined || open?.id !== id || !open.hasEarlier) return;
    const earlier = await home.conversations.page(id, open.lines[0]?.order ?? 1);
    const still = this.open.value;
    if (still?.id !== id) return;
    this.open.value = {
      ...still,
      lines: merge(earlier, still.lines),
      hasEarlier: earlier.length >= PAGE_LINES,
    };
  }

  touched(account: AccountId): void {
    const home = this.#shared.home;
    const open = this.open.value;
    const stored = home?.conversations.get(account);
    if (home === undefined || stored === undefined || open?.id !== account) return;
    this.open.value = { ...open, ...openState(home, stored) };
  }

  lineChanged(account: AccountId, change: LineChange): void {
    const open = this.open.value;
    if (open?.id !== account) return;
    if (change.kind === 'removed') {
      this.open.value = { ...open, lines: open.lines.filter(({ order }) => order !== change.order) };
      return;
    }
    const { line } = change;
    const first = open.lines[0]?.order;
    if (open.hasEarlier && first !== undefined && line.order < first) return;
    const lines = merge(open.lines, [line]);
    const isLong = lines.length > LINES_MOST;
    this.open.value = {
      ...open,
      lines: isLong ? lines.slice(PAGE_LINES) : lines,
      hasEarlier: open.hasEarlier || isLong,
    };
  }

  peopleChanged(): void {
    const open = this.open.value;
    if (open !== undefined) this.touched(open.id);
  }
}

/** Lines of both in order; of the same order the later given. */
function merge(a: readonly Line[], b: readonly Line[]): readonly Line[] {
  const [last] = a.slice(-1);
  const [next] = b;
  if (last === undefined) return b;
  if (next === undefined) return a;
  if (last.order < next.order) return [...a, ...b];
  const byOrder = new Map<number, Line>();
  for (const line of [...a, ...b]) byOrder.set(line.order, line);
  return [...byOrder.values()].sort((x, y) => x.order - y.order);
}

/** How a person is shown. */
export function personOf(home: Home, account: AccountId): PersonView {
  const contact = home.record.contact(account);
  return {
    account,
    username: contact?.username,
    name: contact?.name ?? contact?.username ?? account.slice(0, SHORT_ID),
    picture: home.profiles.pictureName(account),
    trust: contact?.trust ?? 'unverified',
  };
}

/** Who this device belongs to. */
export function meOf(home: Home): Me {
  const { account, device, username } = home.own.value;
  return {
    account,
    device,
    username,
    name: home.record.value.name,
    picture: home.profiles.pictureName(account),
  };
}

function stateOf(home: Home, stored: StoredConversation): Relation | undefined {
  const contact = home.record.contact(stored.account);
  if (contact?.state === 'blocked') return undefined;
  if (contact?.state === 'accepted') return 'accepted';
  return stored.last === undefined ? 'new' : 'request';
}

function openState(
  home: Home,
  stored: StoredConversation,
): Pick<OpenConversation, 'id' | 'person' | 'state' | 'typing' | 'draft'> {
  return {
    id: stored.account,
    person: personOf(home, stored.account),
    state: stateOf(home, stored) ?? 'request',
    typing: home.conversations.isTyping(stored.account),
    draft: stored.draft,
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
        : { text: last.text, at: last.at, mine: last.mine, delivery: last.delivery },
    unread: stored.unread,
    typing: home.conversations.isTyping(stored.account),
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

function summaries(home: Home): readonly ConversationSummary[] {
  return home.conversations
    .all()
    .toSorted((a, b) => b.activityAt - a.activityAt)
    .map((stored) => summaryOf(home, stored))
    .filter((summary) => summary !== undefined);
}
