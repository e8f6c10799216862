/**
 * The door of core: all that a window imports. It mirrors the view's state into signals and turns commands into messages to the worker.
 * It knows no key, no network and no storage; core itself is never bundled for the window.
 */
import { batch, signal, type ReadonlySignal, type Signal } from '@preact/signals-core';
import { StateHearer } from './patches.ts';
import type { Commands, Failure, LinePlace, ViewState } from './view.ts';
import type { CommandName, PortLike, ToCore, ToView } from './worker-messages.ts';

export { isSameContent } from './same-content.ts';
export type * from './view.ts';
export type { PortLike } from './worker-messages.ts';

/** A command that core refused. `failure.code` keys the text for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(`refused: ${failure.code}`);
    this.failure = failure;
  }
}

/** The failure in anything that a command threw. */
export function failureOf(error: unknown): Failure {
  return error instanceof Refusal ? error.failure : { code: 'unexpected' };
}

/** One signal for each slice of the view's state. */
export type StateSignals = { readonly [Slice in keyof ViewState]: ReadonlySignal<ViewState[Slice]> };

/** A window's end: state to render, commands to give. */
export interface Door {
  readonly state: StateSignals;
  readonly commands: Commands;
  /** Tells core whether the person has this view before the eyes. */
  attend(attention: { readonly visible: boolean; readonly focused: boolean }): void;
  /** Takes the account over from a tab that runs another version of the app. */
  takeOver(): void;
  /** Tells core that this view is gone. Commands under way are refused as `cancelled`. */
  close(): void;
}

/** What a view shows before core has said anything. */
export const FIRST_STATE: ViewState = {
  session: { kind: 'starting' },
  connection: { kind: 'idle' },
  conversations: [],
  open: undefined,
  devices: [],
  lock: undefined,
  resets: [],
  passphrase: { asked: false },
  refusedInvite: undefined,
  alerts: [],
  outdated: false,
  progress: undefined,
  unreadTotal: 0,
  indexing: undefined,
  notices: 'private',
  persistent: undefined,
};

/**
 * What becomes of a call whose core ended before it answered. `again`: the next core is asked the same, because doing it twice is as
 * doing it once (what a command makes has its id from the call's key). `once`: refused as `cancelled`.
 */
type Repeat = 'again' | 'once';

const COMMANDS: { readonly [Name in CommandName]: Repeat } = {
  readServer: 'again',
  readInvite: 'again',
  suggestPassphrase: 'again',
  estimatePassphrase: 'again',
  signUp: 'once',
  signIn: 'once',
  signOut: 'once',
  makeInvite: 'once',
  offerInvite: 'again',
  noteGivenInvite: 'again',
  readOwnInvites: 'again',
  withdrawInvite: 'again',
  followInvite: 'once',
  seeRefusedInvite: 'again',
  seeAlert: 'again',
  startConversation: 'again',
  openConversation: 'again',
  loadEarlier: 'again',
  loadLater: 'again',
  readDetails: 'again',
  prepareSearch: 'again',
  stopIndexing: 'again',
  searchMessages: 'again',
  acceptRequest: 'again',
  block: 'again',
  unblock: 'again',
  sendText: 'again',
  editMessage: 'again',
  react: 'again',
  deleteForEveryone: 'again',
  deleteForMe: 'again',
  clearHistory: 'again',
  setTimer: 'again',
  setDefaultTimer: 'again',
  setPrivacy: 'again',
  readSafetyNumber: 'again',
  compareCode: 'again',
  verify: 'again',
  unverify: 'again',
  goOnUnverified: 'again',
  keepEarlierKey: 'again',
  sendHeld: 'again',
  discardHeld: 'again',
  retrySend: 'again',
  markRead: 'again',
  setTyping: 'again',
  setDraft: 'again',
  setName: 'again',
  readRecentEmoji: 'again',
  noteEmoji: 'again',
  setPicture: 'again',
  readPicture: 'again',
  renameDevice: 'again',
  changePassphrase: 'once',
  checkPassphrase: 'again',
  postponePassphrase: 'again',
  seePassphraseChange: 'again',
  beginReset: 'again',
  cancelReset: 'once',
  finishReset: 'once',
  deleteAccount: 'once',
  wipe: 'again',
  setLock: 'once',
  clearLock: 'once',
  lock: 'again',
  unlock: 'again',
  noteActivity: 'again',
  removeDevice: 'once',
  readFaults: 'again',
  setNotices: 'again',
  findNoticed: 'again',
  connectNow: 'again',
};

/** Names of all commands, in the order of `Commands`. */
export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

interface Waiting {
  readonly name: CommandName;
  readonly key: Uint8Array;
  readonly args: readonly unknown[];
  /** How many cores were asked. */
  asked: number;
  /** The next core is locked: asked again once somebody has unlocked it. */
  isParked: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Refusal) => void;
}

/** A door whose port can be exchanged when the worker behind it has ended. */
export interface MainDoor extends Door {
  /** Goes on with another worker: what waits is asked there again. */
  moveTo(port: PortLike): void;
  /** The worker has failed. One that has not served yet never will: the session is broken, and what waits is refused. */
  failed(failure: Failure): void;
}

/** Opens the door to core behind `port` (a worker, or a message port into one). `random` gives bytes for the keys of calls. */
export function openDoor(port: PortLike, random: (length: number) => Uint8Array): MainDoor {
  const signals = {
    session: signal(FIRST_STATE.session),
    connection: signal(FIRST_STATE.connection),
    conversations: signal(FIRST_STATE.conversations),
    open: signal(FIRST_STATE.open),
    devices: signal(FIRST_STATE.devices),
    lock: signal(FIRST_STATE.lock),
    resets: signal(FIRST_STATE.resets),
    passphrase: signal(FIRST_STATE.passphrase),
    refusedInvite: signal(FIRST_STATE.refusedInvite),
    alerts: signal(FIRST_STATE.alerts),
    outdated: signal(FIRST_STATE.outdated),
    progress: signal(FIRST_STATE.progress),
    unreadTotal: signal(FIRST_STATE.unreadTotal),
    indexing: signal(FIRST_STATE.indexing),
    notices: signal(FIRST_STATE.notices),
    persistent: signal(FIRST_STATE.persistent),
  } satisfies { [Slice in keyof ViewState]: Signal<ViewState[Slice]> };
  const waiting = new Map<number, Waiting>();
  let current = port;
  let turn = 0;
  let lastId = 0;
  let closed = false;
  let attention = { visible: true, focused: true };
  /** The conversation that this view has open, for the next core. */
  let opened: readonly unknown[] | undefined;
  /** After a takeover: what the new core has told so far. Shown as one once it stands where the one before stood. */
  let held: Partial<ViewState> | undefined;
  /** What the present core counts its lists by. */
  let hearer = new StateHearer();

  function apply<Slice extends keyof ViewState>(slice: Slice, value: ViewState[Slice]): void {
    (signals[slice] as Signal<ViewState[Slice]>).value = value;
  }

  function show(slices: Partial<ViewState>): void {
    batch(() => {
      for (const slice of Object.keys(slices) as (keyof ViewState)[]) apply(slice, slices[slice] as never);
    });
    if (slices.session !== undefined) resume(slices.session.kind);
  }

  /** What was asked before a takeover and found the next core locked goes on with the person, or ends with the account. */
  function resume(session: ViewState['session']['kind']): void {
    for (const [id, one] of waiting) {
      if (!one.isParked || session === 'locked' || session === 'starting') continue;
      one.isParked = false;
      if (session === 'signed-in') send(id, one);
      else refuse(id, { code: 'not-signed-in' });
    }
  }

  function refuse(id: number, failure: Failure): void {
    const one = waiting.get(id);
    if (one !== undefined && failure.code === 'not-signed-in' && one.asked > 1 && isLocked()) {
      one.isParked = true;
      return;
    }
    waiting.delete(id);
    one?.reject(new Refusal(failure));
  }

  function isLocked(): boolean {
    return (held?.session ?? signals.session.value).kind === 'locked';
  }

  function receive(event: { readonly data: unknown }): void {
    const message = event.data as ToView;
    switch (message.kind) {
      case 'served':
        turn = message.turn;
        hearer = new StateHearer();
        ask();
        return;
      case 'patch': {
        const { slices, fits } = hearer.hear(message);
        if (held === undefined) show(slices);
        else held = { ...held, ...slices };
        if (!fits) current.postMessage({ kind: 'tell-all' } satisfies ToCore);
        return;
      }
      case 'answer':
        waiting.get(message.id)?.resolve(message.value);
        waiting.delete(message.id);
        return;
      case 'refused':
        refuse(message.id, message.failure);
    }
  }

  /** A core has begun to serve: it learns where this view stands and what is still to be done, in the order in which it was asked. */
  function ask(): void {
    current.postMessage({ kind: 'attention', ...attention } satisfies ToCore);
    for (const [id, one] of waiting) {
      if (one.asked > 0 && COMMANDS[one.name] === 'once') {
        refuse(id, { code: 'cancelled' });
      } else {
        send(id, one);
      }
    }
    if (signals.session.value.kind === 'starting') return;
    held = {};
    const reveal = (): void => {
      if (held === undefined) return;
      const slices = held;
      held = undefined;
      show(slices);
    };
    call('openConversation', whereItWas()).then(reveal, reveal);
  }

  /** The conversation that this view has open; somebody who reads further up is brought back there. */
  function whereItWas(): readonly unknown[] {
    const id = opened?.[0];
    const open = signals.open.value;
    if (open === undefined || open.id !== id || !open.hasLater) return [id];
    const order = open.lines[Math.floor(open.lines.length / 2)]?.order;
    return order === undefined ? [id] : [id, { to: 'order', order } satisfies LinePlace];
  }

  function send(id: number, one: Waiting): void {
    const { name, key, args } = one;
    one.asked += 1;
    current.postMessage({ kind: 'call', turn, id, key, name, args } satisfies ToCore);
  }

  function call(name: CommandName, args: readonly unknown[]): Promise<unknown> {
    if (closed) return Promise.reject(new Refusal({ code: 'cancelled' }));
    if (name === 'openConversation') opened = args;
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      const one: Waiting = { name, key: random(16), args, asked: 0, isParked: false, resolve, reject };
      waiting.set(id, one);
      if (turn > 0) send(id, one);
    });
  }

  const commands = Object.fromEntries(
    COMMAND_NAMES.map((name) => [name, (...args: readonly unknown[]) => call(name, args)]),
  ) as unknown as Commands;

  function listen(): void {
    current.addEventListener('message', receive);
    current.start?.();
  }

  listen();
  return {
    state: signals,
    commands,
    attend(next) {
      attention = next;
      if (turn > 0) current.postMessage({ kind: 'attention', ...next } satisfies ToCore);
    },
    takeOver: () => current.postMessage({ kind: 'take-over' } satisfies ToCore),
    moveTo(next) {
      current.removeEventListener('message', receive);
      current = next;
      turn = 0;
      listen();
    },
    failed(failure) {
      if (closed || turn > 0) return;
      show({ session: { kind: 'broken', failure } });
      for (const id of waiting.keys()) refuse(id, failure);
    },
    close() {
      if (closed) return;
      closed = true;
      current.postMessage({ kind: 'close' } satisfies ToCore);
      current.removeEventListener('message', receive);
      for (const { reject } of waiting.values()) reject(new Refusal({ code: 'cancelled' }));
      waiting.clear();
    },
  };
}
