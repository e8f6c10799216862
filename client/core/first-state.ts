/** What a view shows before core has said anything, and the signals in which a window keeps what core says then. */
import { signal, type ReadonlySignal, type Signal } from '@preact/signals-core';
import type { ViewState } from './view.ts';

/** One signal for each slice of the view's state. */
export type StateSignals = { readonly [Slice in keyof ViewState]: ReadonlySignal<ViewState[Slice]> };

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
  encounters: [],
  alerts: [],
  outdated: false,
  progress: undefined,
  unreadTotal: 0,
  indexing: undefined,
  call: undefined,
  notices: 'private',
  persistent: undefined,
};

type WritableSignals = { readonly [Slice in keyof ViewState]: Signal<ViewState[Slice]> };

/** Signals that hold the first state. */
export function firstSignals(): WritableSignals {
  return {
    session: signal(FIRST_STATE.session),
    connection: signal(FIRST_STATE.connection),
    conversations: signal(FIRST_STATE.conversations),
    open: signal(FIRST_STATE.open),
    devices: signal(FIRST_STATE.devices),
    lock: signal(FIRST_STATE.lock),
    resets: signal(FIRST_STATE.resets),
    passphrase: signal(FIRST_STATE.passphrase),
    refusedInvite: signal(FIRST_STATE.refusedInvite),
    encounters: signal(FIRST_STATE.encounters),
    alerts: signal(FIRST_STATE.alerts),
    outdated: signal(FIRST_STATE.outdated),
    progress: signal(FIRST_STATE.progress),
    unreadTotal: signal(FIRST_STATE.unreadTotal),
    indexing: signal(FIRST_STATE.indexing),
    call: signal(FIRST_STATE.call),
    notices: signal(FIRST_STATE.notices),
    persistent: signal(FIRST_STATE.persistent),
  };
}
