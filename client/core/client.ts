/**
 * The façade of core: opens a client over its ports and serves views of it. Everything else of this room is behind it.
 */
import type { Engine } from './engine.ts';
import type { Ports } from './ports.ts';
import type { Commands, ViewState } from './view.ts';

/** One view of a client: its commands, and its own open conversation. */
export interface View {
  readonly commands: Commands;
  close(): void;
}

/** A running client. */
export interface Client {
  /** Attaches a view; `show` is called at once with the whole state, then with the slices that changed. */
  attach(show: (slices: Partial<ViewState>) => void): View;
  /** Ends sockets, timers and the lock. What is stored stays. */
  close(): Promise<void>;
}

export type OpenClient = (ports: Ports, engine: Engine) => Client;
