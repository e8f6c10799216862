/**
 * The door of core: all that a window imports. It mirrors the view's state into signals and turns commands into messages to the worker.
 * It knows no key, no network and no storage; core itself is never bundled for the window.
 */
import { batch, signal, type ReadonlySignal, type Signal } from '@preact/signals-core';
import { idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import { COMMAND_NAMES, COMMANDS, OWNING, WORDS } from './command-table.ts';
import { firstSignals, type StateSignals } from './first-state.ts';
import { StateHearer } from './patches.ts';
import type { Commands, ConversationId, Failure, LinePlace, SessionState, ViewState } from './view.ts';
import type { CommandName, PortLike, ToCore, ToView } from './worker-messages.ts';

export { FIRST_STATE, type StateSignals } from './first-state.ts';
export { isSameContent } from './shown/same-content.ts';
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

/** A text that was given to core by `sendText` and is not known to be on disk: no line shows it yet. */
export interface Unstored {
  /** The id that its message will have. */
  readonly id: MessageId;
  readonly to: ConversationId;
  readonly text: string;
}

/** A window's end: state to render, commands to give. */
export interface Door {
  readonly state: StateSignals;
  readonly commands: Commands;
  /**
   * In the order in which they were given. One goes when core refuses it, and once the lines that core has shown hold it; for a moment
   * both may have it, told apart by the id.
   */
  readonly unstored: ReadonlySignal<readonly Unstored[]>;
  /** How often another core has taken the account over. What lives only as long as a core, such as a code to scan, is asked for anew. */
  readonly takeovers: ReadonlySignal<number>;
  /** Whether core runs in another tab: a call that goes on is heard and seen there. */
  readonly isElsewhere: ReadonlySignal<boolean>;
  /** Tells core whether the person has this view before the eyes. */
  attend(attention: { readonly visible: boolean; readonly focused: boolean }): void;
  /** Takes the account over from another tab: one that runs another version of the app, or any where no call goes on. */
  takeOver(): void;
  /** Tells core that this view is gone. Commands under way are refused as `cancelled`. */
  close(): void;
}

interface Waiting {
  readonly name: CommandName;
  readonly key: Uint8Array;
  readonly args: readonly unknown[];
  /** Whose account was shown when it was given: it is never done for another one. */
  readonly of: AccountId | undefined;
  /** How many cores were asked. */
  asked: number;
  /** Core is locked: asked again once somebody has unlocked it. */
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

/** Whose account a view shows once it shows this session. */
function accountAfter(before: AccountId | undefined, session: SessionState): AccountId | undefined {
  if (session.kind === 'signed-in') return session.me.account;
  return session.kind === 'signed-out' || session.kind === 'ended' ? undefined : before;
}

/** Opens the door to core behind `port` (a worker, or a message port into one). `random` gives bytes for the keys of calls. */
export function openDoor(port: PortLike, random: (length: number) => Uint8Array): MainDoor {
  const signals = firstSignals();
  const unstored = signal<readonly Unstored[]>([]);
  const waiting = new Map<number, Waiting>();
  let current = port;
  let turn = 0;
  let lastId = 0;
  let closed = false;
  /** Whose account this view shows, also while it is locked or another core starts. */
  let account: AccountId | undefined;
  let attention = { visible: true, focused: true };
  /** The conversation that this view has open, for the next core. */
  let opened: readonly unknown[] | undefined;
  /** After a takeover: what the new core has told so far. Shown as one once it stands where the one before stood. */
  let held: Partial<ViewState> | undefined;
  /** What the present core counts its lists by. */
  let hearer = new StateHearer();
  /** What was asked for in one takeover reveals nothing of a later one. */
  const takeovers = signal(0);
  const isElsewhere = signal(false);
  /** Texts whose lines are among what is held. */
  let storedBehind: readonly MessageId[] = [];

  function apply<Slice extends keyof ViewState>(slice: Slice, value: ViewState[Slice]): void {
    (signals[slice] as Signal<ViewState[Slice]>).value = value;
  }

  function show(slices: Partial<ViewState>): void {
    batch(() => {
      for (const slice of Object.keys(slices) as (keyof ViewState)[]) apply(slice, slices[slice] as never);
    });
    if (slices.session !== undefined) {
      account = accountAfter(account, slices.session);
      resume(slices.session.kind);
    }
  }

  /** What found core locked, because it carries words or was asked before a takeover, goes on with the person, or ends with the account. */
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
    const mayWait = one !== undefined && (one.asked > 1 || WORDS.has(one.name));
    if (mayWait && failure.code === 'not-signed-in' && isLocked()) {
      one.isParked = true;
      return;
    }
    waiting.delete(id);
    if (one?.name === 'sendText') forgetUnstored([idOf<MessageId>(one.key)]);
    one?.reject(new Refusal(failure));
  }

  function forgetUnstored(ids: readonly MessageId[]): void {
    unstored.value = unstored.value.filter(({ id }) => !ids.includes(id));
  }

  function answer(id: number, value: unknown): void {
    const one = waiting.get(id);
    waiting.delete(id);
    if (one?.name === 'sendText') {
      const message = idOf<MessageId>(one.key);
      if (held === undefined) forgetUnstored([message]);
      else storedBehind = [...storedBehind, message];
    }
    one?.resolve(value);
  }

  function isLocked(): boolean {
    return (held?.session ?? signals.session.value).kind === 'locked';
  }

  function receive(event: { readonly data: unknown }): void {
    const message = event.data as ToView;
    switch (message.kind) {
      case 'served':
        turn = message.turn;
        isElsewhere.value = message.elsewhere === true;
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
        answer(message.id, message.value);
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
    const takeover = takeovers.peek() + 1;
    takeovers.value = takeover;
    const reveal = (): void => {
      if (held === undefined || takeover !== takeovers.peek()) return;
      const slices = held;
      const shown = storedBehind;
      held = undefined;
      storedBehind = [];
      batch(() => {
        show(slices);
        if (shown.length > 0) forgetUnstored(shown);
      });
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
    const { name, key, args, of } = one;
    one.asked += 1;
    // Before the call: a core of another tab never hears of it, unless a call goes on there.
    if (OWNING.has(name) && isElsewhere.peek()) current.postMessage({ kind: 'take-over' } satisfies ToCore);
    current.postMessage({ kind: 'call', turn, id, key, name, args, of } satisfies ToCore);
  }

  function call(name: CommandName, args: readonly unknown[]): Promise<unknown> {
    if (closed) return Promise.reject(new Refusal({ code: 'cancelled' }));
    if (name === 'openConversation') opened = args;
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      const one: Waiting = {
        name,
        key: random(16),
        args,
        of: account,
        asked: 0,
        isParked: false,
        resolve,
        reject,
      };
      waiting.set(id, one);
      if (name === 'sendText') {
        const [to, text] = args as Parameters<Commands['sendText']>;
        unstored.value = [...unstored.value, { id: idOf<MessageId>(one.key), to, text }];
      }
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
    unstored,
    takeovers,
    isElsewhere,
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
      unstored.value = [];
    },
  };
}
