/**
 * What all views see, in signals. Built from what core keeps, after each commit; nothing here is kept on disk. What each view has open is
 * its own (`view-mirror.ts`).
 */
import { batch, computed, signal, type ReadonlySignal } from '@preact/signals-core';
import type { AccountId } from '@tacet/protocol/ids';
import { alertsOf } from '../account/alerts.ts';
import { devicesOf, passphraseOf, resetsOf } from '../account/own-devices.ts';
import type { Home } from '../home.ts';
import type { LineChange } from './line-window.ts';
import { encountersOf } from '../safety/encounters.ts';
import { areSame, keep } from './same-content.ts';
import { meOf, personOf } from './people.ts';
import { insert, summaries, summaryOf } from './summaries.ts';
import type {
  AlertView,
  CallView,
  ConnectionState,
  ConversationSummary,
  DeviceView,
  EncounterView,
  LockView,
  NoticeLevel,
  PassphraseView,
  Progress,
  RefusedInvite,
  ResetView,
  SessionState,
  ViewState,
} from '../view.ts';

/** What is told to one view. */
export interface Mirror {
  closeConversation(): void;
  touched(account: AccountId): void;
  lineChanged(account: AccountId, change: LineChange): void;
  peopleChanged(): void;
  /** Opens what the view wants to see first. */
  openWish(): Promise<void>;
}

/** The slices that all views share. */
export class SharedState {
  readonly session = signal<SessionState>({ kind: 'starting' });
  readonly connection = signal<ConnectionState>({ kind: 'idle' });
  readonly progress = signal<Progress | undefined>(undefined);
  readonly indexing = signal<ViewState['indexing']>(undefined);
  readonly persistent = signal<boolean | undefined>(undefined);
  readonly call = signal<CallView | undefined>(undefined);
  readonly conversations = signal<readonly ConversationSummary[]>([]);
  readonly devices = signal<readonly DeviceView[]>([]);
  readonly lock = signal<LockView | undefined>(undefined);
  readonly notices = signal<NoticeLevel>('private');
  readonly resets = signal<readonly ResetView[]>([]);
  readonly passphrase = signal<PassphraseView>({ asked: false });
  readonly refusedInvite = signal<RefusedInvite | undefined>(undefined);
  readonly encounters = signal<readonly EncounterView[]>([]);
  readonly alerts = signal<readonly AlertView[]>([]);
  readonly outdated = signal(false);
  readonly unreadTotal: ReadonlySignal<number> = computed(() =>
    this.conversations.value.reduce((sum, { unread }) => sum + unread, 0),
  );
  readonly #views = new Set<Mirror>();
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
      this.encounters.value = home === undefined ? [] : encountersIn(home);
      this.alerts.value = home === undefined ? [] : alertsOf(home);
      this.outdated.value = home?.record.isOutdated ?? false;
      this.call.value = undefined;
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
      this.encounters.value = keep(this.encounters.value, encountersIn(home));
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

  attach(view: Mirror): () => void {
    this.#views.add(view);
    return () => this.#views.delete(view);
  }
}

/** Codes that were scanned face to face. */
function encountersIn(home: Home): readonly EncounterView[] {
  return encountersOf(home, (account) => {
    const { username, claims, trust } = personOf(home, account);
    const name = home.record.contact(account)?.name ?? username;
    return { name, username, claims, verified: trust === 'verified' };
  });
}

/** The invite that could not be answered, until the person has seen it. */
function refusedInviteOf({ own }: Home): RefusedInvite | undefined {
  const { answering } = own.value;
  return answering?.refused === true ? { username: answering.username } : undefined;
}
