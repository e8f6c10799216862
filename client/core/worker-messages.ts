/**
 * What crosses the border between a view and the worker that holds core: calls and their answers, and patches of the view's state.
 * Both ends come from one build, so the shapes are types only; nothing of the network arrives here.
 */
import type { Commands, Failure, ViewState } from './view.ts';

/** Names of the commands. */
export type CommandName = keyof Commands;

/** View → core. */
export type ToCore =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly name: CommandName;
      readonly args: readonly unknown[];
    }
  /** The view is gone. */
  | { readonly kind: 'close' };

/** Core → view. */
export type ToView =
  /** Slices that changed, each whole. */
  | { readonly kind: 'patch'; readonly slices: Partial<ViewState> }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly failure: Failure };

/** What both ends need of a `MessagePort`, a `Worker` or a worker's global scope. */
export interface PortLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  removeEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  /** Message ports deliver nothing before this. */
  start?(): void;
}
