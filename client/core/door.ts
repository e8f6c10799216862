/**
 * The door of core: all that a window imports. It mirrors the view's state into signals and turns commands into messages to the worker.
 * It knows no key, no network and no storage; core itself is never bundled for the window.
 */
import { batch, signal, type ReadonlySignal, type Signal } from '@preact/signals-core';
import type { Commands, Failure, ViewState } from './view.ts';
import type { CommandName, PortLike, ToCore, ToView } from './worker-messages.ts';

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
  /** Tells core that this view is gone. Commands under way are refused as `cancelled`. */
  close(): void;
}

/** What a view shows before core has said anything. */
export const FIRST_STATE: ViewState = {
  session: { kind: 'starting' },
  connection: { kind: 'idle' },
  conversations: [],
  open: undefined,
  progress: undefined,
  unreadTotal: 0,
  persistent: undefined,
};

const COMMANDS: { readonly [Name in CommandName]: true } = {
  readServer: true,
  readInvite: true,
  suggestPassphrase: true,
  estimatePassphrase: true,
  signUp: true,
  signIn: true,
  signOut: true,
  takeOver: true,
  makeInvite: true,
  followInvite: true,
  startConversation: true,
  openConversation: true,
  loadEarlier: true,
  acceptRequest: true,
  sendText: true,
  retrySend: true,
  markRead: true,
  setTyping: true,
  setDraft: true,
  setName: true,
  setPicture: true,
  readPicture: true,
  connectNow: true,
};

/** Names of all commands, in the order of `Commands`. */
export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Refusal) => void;
}

/** Opens the door to core behind `port` (a worker, or a message port into one). */
export function openDoor(port: PortLike): Door {
  const signals = {
    session: signal(FIRST_STATE.session),
    connection: signal(FIRST_STATE.connection),
    conversations: signal(FIRST_STATE.conversations),
    open: signal(FIRST_STATE.open),
    progress: signal(FIRST_STATE.progress),
    unreadTotal: signal(FIRST_STATE.unreadTotal),
    persistent: signal(FIRST_STATE.persistent),
  } satisfies { [Slice in keyof ViewState]: Signal<ViewState[Slice]> };
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let closed = false;

  function apply<Slice extends keyof ViewState>(slice: Slice, value: ViewState[Slice]): void {
    (signals[slice] as Signal<ViewState[Slice]>).value = value;
  }

  function receive(event: { readonly data: unknown }): void {
    const message = event.data as ToView;
    switch (message.kind) {
      case 'patch':
        batch(() => {
          for (const slice of Object.keys(message.slices) as (keyof ViewState)[]) {
            apply(slice, message.slices[slice] as never);
          }
        });
        return;
      case 'answer':
        waiting.get(message.id)?.resolve(message.value);
        waiting.delete(message.id);
        return;
      case 'refused':
        waiting.get(message.id)?.reject(new Refusal(message.failure));
        waiting.delete(message.id);
    }
  }

  function call(name: CommandName, args: readonly unknown[]): Promise<unknown> {
    if (closed) return Promise.reject(new Refusal({ code: 'cancelled' }));
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      port.postMessage({ kind: 'call', id, name, args } satisfies ToCore);
    });
  }

  const commands = Object.fromEntries(
    COMMAND_NAMES.map((name) => [name, (...args: readonly unknown[]) => call(name, args)]),
  ) as unknown as Commands;

  port.addEventListener('message', receive);
  port.start?.();
  return {
    state: signals,
    commands,
    close() {
      if (closed) return;
      closed = true;
      port.postMessage({ kind: 'close' } satisfies ToCore);
      port.removeEventListener('message', receive);
      for (const { reject } of waiting.values()) reject(new Refusal({ code: 'cancelled' }));
      waiting.clear();
    },
  };
}
