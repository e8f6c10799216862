/**
 * One device, many tabs. Every tab has a worker; the one that holds the owner lock runs core, the others are views over a channel and
 * wait in line. The browser passes the lock on at once when the owner closes or crashes; an owner that hangs or is frozen is noticed by
 * its silence and robbed. A robbed owner can write nothing: the database knows its owner's number (`db/sealed.ts`).
 *
 * [Note: Channels between tabs] All goes over broadcast channels, which every browser has in workers and which reach only pages of this
 * origin and storage partition: scripts that could as well open the database. A message port cannot cross them, so each view has a
 * channel of its own name for calls and patches; only who-is-there goes to all. Each ownership has a random term, each
 * serving of a view by it a random name, and a message of another one is dropped: an owner that wakes up late neither hears nor says
 * anything, and of what a view asks in a row no later part arrives where an earlier one did not. Tabs of another build are answered
 * with nothing but the build.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import type { Client } from '../client.ts';
import type { TabChannel, TabPorts } from '../ports.ts';
import { parseToCore, type PortLike, type ToCore, type ToView } from '../worker-messages.ts';
import { lifelineOf, TABS_CHANNEL, viewChannel } from './names.ts';
import { OwnerWatch } from './owner-watch.ts';
import { ServedViews } from './served-views.ts';
import { parseCall, parseTabMessage, type CallMessage, type TabMessage } from './tab-messages.ts';

type Role =
  /** Nobody is known to own the account, or it runs another build. */
  | { readonly kind: 'seeking'; readonly otherBuild: boolean }
  | { readonly kind: 'owner'; readonly term: string; readonly client: Client }
  | { readonly kind: 'view'; readonly term: string; readonly serving: string | undefined };

/** A tab at work. */
export interface Tab {
  /** The name by which the browser tells that this worker lives; known once the line is held. */
  readonly lifeline: Promise<string>;
  /** Serves the window of this tab. */
  serveWindow(port: PortLike): void;
}

/** Joins the tabs. `openOwner` opens core when this tab is the owner; `lost` tells that its database was claimed by another. */
export function openTab(ports: TabPorts, openOwner: (lost: () => void) => Client): Tab {
  return new JoinedTab(ports, openOwner);
}

class JoinedTab implements Tab {
  readonly lifeline: Promise<string>;
  readonly #ports: TabPorts;
  readonly #openOwner: (lost: () => void) => Client;
  readonly #id: string;
  readonly #tabs: TabChannel;
  readonly #mine: TabChannel;
  readonly #watch: OwnerWatch;
  readonly #served: ServedViews;
  #role: Role = { kind: 'seeking', otherBuild: false };
  #window: PortLike | undefined;
  #turn = 0;
  #isAlive = false;
  #isClosed = false;

  constructor(ports: TabPorts, openOwner: (lost: () => void) => Client) {
    this.#ports = ports;
    this.#openOwner = openOwner;
    this.#id = encodeB64u(ports.random(16));
    this.#served = new ServedViews(ports, this.#id);
    this.#tabs = ports.openChannel(TABS_CHANNEL, (message) => this.#fromTabs(parseTabMessage(message)));
    this.#mine = ports.openChannel(viewChannel(this.#id), (message) => this.#fromOwner(parseCall(message)));
    this.#watch = new OwnerWatch(ports.clock, {
      ping: () => this.#ping(),
      silent: () => this.#own(true),
    });
    this.lifeline = ports.lifelines.hold(lifelineOf(this.#id)).then(() => lifelineOf(this.#id));
    this.lifeline.then(
      () => {
        this.#isAlive = true;
        // An owner may have been heard of before the lifeline was held: nothing was asked of it yet.
        if (this.#role.kind === 'view' && this.#role.serving === undefined) this.#attach(this.#role.term);
        else this.#seek();
      },
      () => undefined,
    );
    this.#own(false);
  }

  serveWindow(port: PortLike): void {
    this.#window = port;
    port.addEventListener('message', ({ data }) => {
      const message = parseToCore(data);
      if (message !== undefined) this.#fromWindow(message);
    });
    port.start?.();
    if (this.#role.kind === 'owner') this.#serveOwnWindow(this.#role.client);
    else if (this.#role.kind === 'view') this.#attach(this.#role.term);
    else if (this.#role.otherBuild) this.#showOtherVersion();
  }

  /** Waits for the lock, or takes it. */
  #own(steal: boolean): void {
    this.#ports.lock.acquire({ steal, lost: () => this.#lost() }).then(
      () => this.#owned(),
      // Replaced by another request for the lock.
      () => undefined,
    );
  }

  #owned(): void {
    if (this.#isClosed) {
      this.#ports.lock.release();
      return;
    }
    if (this.#role.kind === 'owner') return;
    const term = encodeB64u(this.#ports.random(16));
    this.#watch.stop();
    const client = this.#openOwner(() => {
      if (this.#role.kind !== 'owner' || this.#role.term !== term) return;
      this.#ports.lock.release();
      this.#lost();
    });
    this.#role = { kind: 'owner', term, client };
    if (this.#window !== undefined) this.#serveOwnWindow(client);
    this.#announce(term);
  }

  /** Takes the account from the tab that serves this view. What the window asks from now on waits for this tab's own core. */
  #takeOver(): void {
    this.#watch.stop();
    this.#role = { kind: 'seeking', otherBuild: false };
    this.#turn += 1;
    this.#own(true);
  }

  /** Another tab has taken the lock or the database. Nothing that core still says reaches a view. */
  #lost(): void {
    const role = this.#role;
    if (role.kind !== 'owner') return;
    this.#role = { kind: 'seeking', otherBuild: false };
    this.#served.end();
    role.client.background.run(role.client.close(), 'give the account to another tab');
    if (this.#isClosed) return;
    this.#own(false);
    this.#seek();
  }

  /** Asks who owns the account. */
  #seek(): void {
    if (this.#role.kind !== 'seeking' || !this.#isAlive) return;
    this.#say({ kind: 'who' });
    this.#watch.start('seeking');
  }

  #announce(term: string): void {
    this.#say({ kind: 'owner', term, build: this.#ports.build });
  }

  #say(message: TabMessage): void {
    this.#tabs.post(message);
  }

  #fromTabs(message: TabMessage | undefined): void {
    if (message === undefined || this.#isClosed) return;
    const role = this.#role;
    switch (message.kind) {
      case 'who':
        if (role.kind === 'owner') this.#answerWho(role.term);
        return;
      case 'owner':
        if (role.kind !== 'owner') this.#follow(message.term, message.build);
        return;
      case 'attach':
        if (role.kind === 'owner' && message.term === role.term) this.#served.serve(role.client, message);
    }
  }

  /** An owner that was frozen may not know yet that it was robbed; it asks before it speaks. */
  #answerWho(term: string): void {
    this.#ports.lock.holds().then(
      (holds) => {
        if (holds && this.#role.kind === 'owner' && this.#role.term === term) this.#announce(term);
      },
      () => undefined,
    );
  }

  #follow(term: string, build: string): void {
    if (build !== this.#ports.build) {
      this.#role = { kind: 'seeking', otherBuild: true };
      this.#watch.stop();
      this.#showOtherVersion();
      return;
    }
    if (this.#role.kind === 'view' && this.#role.term === term) return;
    this.#role = { kind: 'view', term, serving: undefined };
    this.#watch.start('serving');
    this.#attach(term);
  }

  #attach(term: string): void {
    if (!this.#isAlive || this.#window === undefined) return;
    const serving = encodeB64u(this.#ports.random(16));
    this.#role = { kind: 'view', term, serving };
    // What the window asks before it knows of this would overtake what it asks again then.
    this.#turn += 1;
    this.#say({ kind: 'attach', term, view: this.#id, serving });
  }

  #showOtherVersion(): void {
    this.#toWindow({ kind: 'patch', slices: { session: { kind: 'other-version' } } });
  }

  #serveOwnWindow(client: Client): void {
    this.#served.serveOwn(client, (message) => this.#toWindow(message));
  }

  /** As a view: what the owner says on this tab's own channel. */
  #fromOwner(message: CallMessage | undefined): void {
    if (message === undefined || this.#role.kind !== 'view' || message.serving !== this.#role.serving) return;
    if (message.kind === 'pong') this.#watch.heard();
    if (message.kind !== 'to-view') return;
    this.#watch.heard();
    if (message.message.kind === 'patch') this.#watch.saw(message.message.slices);
    this.#toWindow(message.message);
  }

  #toOwner(message: (serving: string) => CallMessage): void {
    if (this.#role.kind === 'view' && this.#role.serving !== undefined) {
      this.#mine.post(message(this.#role.serving));
    }
  }

  #ping(): void {
    if (this.#role.kind === 'view') {
      this.#toOwner((serving) => ({ serving, kind: 'ping' }));
    } else if (this.#role.kind === 'seeking') {
      this.#say({ kind: 'who' });
    }
  }

  #toWindow(message: ToView): void {
    if (message.kind !== 'served') {
      this.#window?.postMessage(message);
      return;
    }
    this.#turn += 1;
    const served: ToView = { kind: 'served', turn: this.#turn };
    this.#window?.postMessage(this.#role.kind === 'view' ? { ...served, elsewhere: true } : served);
  }

  #fromWindow(message: ToCore): void {
    if (message.kind === 'take-over') {
      if (this.#role.kind === 'seeking') this.#own(true);
      else if (this.#role.kind === 'view' && !this.#watch.isCalling) this.#takeOver();
      return;
    }
    // Meant for a core that is gone: the window asks again when it is served.
    if (message.kind === 'call' && message.turn !== this.#turn) return;
    if (message.kind === 'attention') this.#watch.attend(message.visible);
    if (this.#role.kind === 'owner') this.#served.deliverOwn(message);
    else if (this.#role.kind === 'view') {
      this.#toOwner((serving) => ({ serving, kind: 'to-core', message }));
    }
    if (message.kind === 'close') this.#close();
  }

  /** The page goes away: the next tab need not wait for the end of this worker. */
  #close(): void {
    this.#isClosed = true;
    this.#watch.stop();
    const role = this.#role;
    if (role.kind !== 'owner') return;
    this.#served.end();
    role.client.background.run(
      role.client.close().finally(() => this.#ports.lock.release()),
      'close',
    );
  }
}
