/**
 * The façade of core: opens a client over its ports, owns the one signed-in device, serves views. Where several tabs share a device,
 * `tabs/tabs.ts` sees to it that one of them has a client; the database refuses a second one's writes.
 */
import { ready } from '@tacet/crypto';
import { idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import { PassphraseStrength } from './account/passphrase-strength.ts';
import { Background } from './background.ts';
import { accountCommands } from './commands/account.ts';
import { callCommands } from './commands/calls.ts';
import { conversationCommands } from './commands/conversation.ts';
import { deviceCommands } from './commands/device.ts';
import { peopleCommands } from './commands/people.ts';
import type { CommandNeeds } from './commands/needs.ts';
import type { CoreParts } from './core-parts.ts';
import { DeviceLife } from './device-life.ts';
import type { Engine } from './engine.ts';
import type { Ports } from './ports.ts';
import { SharedState } from './shown/state.ts';
import { ViewMirror } from './shown/view-mirror.ts';
import { Rest } from './transport/rest.ts';
import type { Commands, ViewState } from './view.ts';

/** One view of a client: its commands, and its own open conversation. */
export interface View {
  readonly commands: Commands;
  /** The commands for one call that may be repeated: what it makes gets its id from the key, so that it is made once. */
  keyed(key: MessageId): Commands;
  /** Whether the person looks at this view. */
  attend(attention: Attention): void;
  /** Whose account is at work, if any is. */
  account(): AccountId | undefined;
  close(): void;
}

/** Whether a view can be seen, and whether what the person types goes there. */
export interface Attention {
  readonly visible: boolean;
  readonly focused: boolean;
}

/** A running client. */
export interface Client {
  /** Attaches a view; `show` is called at once with the whole state, then with the slices that changed. */
  attach(show: (slices: Partial<ViewState>) => void): View;
  /** Resolves once it is known whether somebody is signed in here. */
  readonly started: Promise<void>;
  /** Ends sockets and timers. What is stored stays. */
  close(): Promise<void>;
  /** Failures of work that nobody waited for: for tests and diagnostics. */
  readonly background: Background;
}

/**
 * Opens a client. It starts at once; what it finds is told by its state. `lost`: another client has claimed the database, and this one
 * writes nothing any more.
 */
export function openClient(ports: Ports, engine: Engine, lost: () => void = () => undefined): Client {
  const core = new Core(ports, engine, lost);
  core.begin();
  return core;
}

class Core implements Client {
  readonly background = new Background();
  readonly #parts: CoreParts;
  readonly #life: DeviceLife;
  /** What each view says about the person's attention. */
  readonly #attention = new Map<ViewMirror, Attention>();
  #started: Promise<void> = Promise.resolve();

  constructor(ports: Ports, engine: Engine, lost: () => void) {
    const loaded = ready({ random: ports.random, now: () => ports.clock.now() });
    loaded.catch(() => undefined);
    this.#parts = {
      ports,
      engine,
      rest: new Rest(ports.http, ports.clock),
      state: new SharedState(),
      background: this.background,
      strength: new PassphraseStrength(),
      ready: loaded,
      isWatched: () => [...this.#attention.values()].some(({ focused }) => focused),
      lost,
    };
    this.#life = new DeviceLife(this.#parts);
  }

  begin(): void {
    this.#started = this.#life.start();
    this.background.run(this.#started, 'start');
  }

  get started(): Promise<void> {
    return this.#started;
  }

  attach(show: (slices: Partial<ViewState>) => void): View {
    const { state, ports } = this.#parts;
    const mirror = new ViewMirror(state, show);
    const freshKey = (): MessageId => idOf<MessageId>(ports.random(16));
    return {
      commands: this.#commands(mirror, freshKey),
      keyed: (key) => this.#commands(mirror, () => key),
      account: () => state.home?.own.value.account,
      attend: (attention) => this.#attention.set(mirror, attention),
      close: () => {
        this.#attention.delete(mirror);
        mirror.close();
      },
    };
  }

  close(): Promise<void> {
    return this.#life.close();
  }

  #commands(mirror: ViewMirror, key: () => MessageId): Commands {
    const needs: CommandNeeds = {
      ...this.#parts,
      life: this.#life,
      started: this.#started,
      mirror,
      key,
    };
    return {
      ...accountCommands(needs),
      ...peopleCommands(needs),
      ...conversationCommands(needs),
      ...deviceCommands(needs),
      ...callCommands(needs),
    };
  }
}
