/** The parts of a device at work that a start does without: each is fetched when it is first wanted, and all soon after the start. */
import type { Giving } from './account/giving.ts';
import type { Meeting } from './account/meeting.ts';
import type { OwnAccount } from './account/own-account.ts';
import type { AccountId } from '@tacet/protocol/ids';
import type { CallKeeper, KeeperNeeds } from './calls/call-keeper.ts';
import type { SaidInCall } from './calls/said-in-call.ts';
import type { Contacts } from './contacts.ts';
import { T } from './db/stores.ts';
import { fetchPart } from './failure.ts';
import type { MessageActs } from './message-acts.ts';
import type { Safety } from './safety/safety.ts';
import type { Services } from './services.ts';

/** When they are fetched. */
const PARTS_AFTER_MS = 8_000;

export class LateParts {
  readonly #services: Services;
  #meeting: Meeting | undefined;
  #giving: Giving | undefined;
  #contacts: Contacts | undefined;
  #acts: MessageActs | undefined;
  #safety: Safety | undefined;
  #calls: CallKeeper | undefined;
  /** What is said about calls is heard in order. */
  #hearing: Promise<void> = Promise.resolve();
  #cancel: (() => void) | undefined;
  #isStopped = false;
  readonly #callNeeds: Omit<KeeperNeeds, 'services'>;

  constructor(services: Services, callNeeds: Omit<KeeperNeeds, 'services'>) {
    this.#services = services;
    this.#callNeeds = callNeeds;
  }

  /** What a start does not need is at hand soon after it, also without a connection. */
  fetchSoon(ownAccount: OwnAccount): void {
    this.#cancel = this.#services.clock.after(PARTS_AFTER_MS, () => {
      const parts = Promise.all([
        this.meeting(),
        this.giving(),
        this.contacts(),
        ownAccount.acts(),
        this.acts(),
        this.safety(),
        this.calls(),
        import('./account/merge.ts'),
        import('./account/rotation.ts'),
        import('./search/searching.ts'),
      ]);
      parts.catch(() => undefined);
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#meeting?.stop();
    this.#isStopped = true;
    this.#calls?.stop();
  }

  /** Whether a call rings here or goes on. */
  get isInCall(): boolean {
    return this.#calls?.isInCall ?? false;
  }

  /** Calls; fetched when they are first wanted. Throws `CoreError` `offline`. */
  async calls(): Promise<CallKeeper> {
    const { CallKeeper } = await fetchPart(() => import('./calls/call-keeper.ts'));
    this.#calls ??= new CallKeeper({ services: this.#services, ...this.#callNeeds });
    if (this.#isStopped) this.#calls.stop();
    await this.#calls.restored;
    return this.#calls;
  }

  /** A call that goes on ends with this device. */
  async leaveCall(isOnline: () => boolean): Promise<void> {
    await this.#calls?.leave(isOnline);
  }

  /** Nothing goes on with this account, nor rings. */
  async endCallWith(account: AccountId, isOnline: () => boolean): Promise<void> {
    await this.#calls?.endWith(account, isOnline);
  }

  /** Somebody has said something about a call. Where the part does not come, a ring stays on the disk. */
  saidInCall(said: SaidInCall): void {
    const heard = this.#hearing.then(async () => (await this.calls()).hear(said));
    this.#hearing = heard.catch(() => undefined);
  }

  /** A ring that came before this core began may still ring. */
  async goOnRinging(): Promise<void> {
    const ring = await this.#services.db.read([T.ring], (tx) => tx.get(T.ring, 'ring'));
    if (ring !== undefined) await this.calls();
  }

  /** Following invites; fetched when it is first wanted. Throws `CoreError` `offline`. */
  async meeting(): Promise<Meeting> {
    const { Meeting } = await fetchPart(() => import('./account/meeting.ts'));
    return (this.#meeting ??= new Meeting(this.#services));
  }

  /** Giving invites; fetched when it is first wanted. Throws `CoreError` `offline`. */
  async giving(): Promise<Giving> {
    const { Giving } = await fetchPart(() => import('./account/giving.ts'));
    return (this.#giving ??= new Giving(this.#services));
  }

  /** People besides invites; fetched when it is first wanted. Throws `CoreError` `offline`. */
  async contacts(): Promise<Contacts> {
    const { Contacts } = await fetchPart(() => import('./contacts.ts'));
    return (this.#contacts ??= new Contacts(this.#services));
  }

  /** What a person does to messages that are there; fetched when it is first wanted. Throws `CoreError` `offline`. */
  async acts(): Promise<MessageActs> {
    const { MessageActs } = await fetchPart(() => import('./message-acts.ts'));
    return (this.#acts ??= new MessageActs(this.#services));
  }

  /** Comparing and deciding about keys; fetched when it is first wanted. Throws `CoreError` `offline`. */
  async safety(): Promise<Safety> {
    const { Safety } = await fetchPart(() => import('./safety/safety.ts'));
    return (this.#safety ??= new Safety(this.#services));
  }
}
