/** The parts of a device at work that a start does without: each is fetched when it is first wanted, and all soon after the start. */
import type { Giving } from './account/giving.ts';
import type { Meeting } from './account/meeting.ts';
import type { OwnAccount } from './account/own-account.ts';
import type { Contacts } from './contacts.ts';
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
  #cancel: (() => void) | undefined;

  constructor(services: Services) {
    this.#services = services;
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
