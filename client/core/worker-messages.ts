/**
 * What crosses the border between a view and the worker that holds core: calls and their answers, and patches of the view's state.
 * Both ends come from one build (`tabs/tabs.ts` keeps others apart), but on the channels between tabs any page of the origin can speak: the
 * frames are read here, what a call's arguments hold is checked by the commands. Nothing of the network arrives here.
 */
import { ID_BYTES, parseAccountId, type AccountId } from '@tacet/protocol/ids';
import type { StatePatch } from './patches.ts';
import type { Commands, Failure } from './view.ts';

/** Names of the commands. */
export type CommandName = keyof Commands;

/** View → core. */
export type ToCore =
  | {
      readonly kind: 'call';
      /** Which core the view believes to speak to: the number of its `served`. */
      readonly turn: number;
      readonly id: number;
      /** 16 random bytes of the view. A call that is repeated after a takeover has the same ones, so that it is done once. */
      readonly key: Uint8Array;
      readonly name: CommandName;
      readonly args: readonly unknown[];
      /** Whose account the view showed when the call was given: a core of another account does not do it. Absent where none was shown. */
      readonly of?: AccountId | undefined;
    }
  /** Whether the person has the view before the eyes, and whether what he types goes there. */
  | { readonly kind: 'attention'; readonly visible: boolean; readonly focused: boolean }
  /** The view has lost count of a list: it wants its whole state anew. */
  | { readonly kind: 'tell-all' }
  /** The person wants this tab to own the account, although another tab has it: with another version of the app, or because this one is to call. */
  | { readonly kind: 'take-over' }
  /** The view is gone. */
  | { readonly kind: 'close' };

/** Core → view. */
export type ToView =
  /** From now on a core serves this view; what was asked of an earlier one and is unanswered is lost. Numbered from 1. `elsewhere`: it runs in another tab. */
  | { readonly kind: 'served'; readonly turn: number; readonly elsewhere?: true | undefined }
  /** What changed since the patch before; the first of a serving is whole. */
  | ({ readonly kind: 'patch' } & StatePatch)
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

/** Whether a message is an object with properties. */
export function isRecord(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null;
}

/** No command has more arguments. */
const ARGS_MOST = 8;

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** A view's message, or `undefined` for anything else. Whether a command of the name exists is for who serves it. */
export function parseToCore(data: unknown): ToCore | undefined {
  if (!isRecord(data)) return undefined;
  const { kind, turn, id, key, name, args, of, visible, focused } = data;
  switch (kind) {
    case 'call': {
      const isKey = key instanceof Uint8Array && key.length === ID_BYTES;
      if (!isCount(turn) || !isCount(id) || !isKey || typeof name !== 'string') return undefined;
      if (!Array.isArray(args) || args.length > ARGS_MOST) return undefined;
      const account = typeof of === 'string' ? parseAccountId(of) : undefined;
      if (of !== undefined && account === undefined) return undefined;
      return {
        kind,
        turn,
        id,
        key,
        name: name as CommandName,
        args: args as readonly unknown[],
        ...(account === undefined ? {} : { of: account }),
      };
    }
    case 'attention':
      if (typeof visible !== 'boolean' || typeof focused !== 'boolean') return undefined;
      return { kind, visible, focused };
    case 'tell-all':
    case 'take-over':
    case 'close':
      return { kind };
    default:
      return undefined;
  }
}

function isPiece(piece: unknown): boolean {
  if (!isRecord(piece)) return false;
  return 'put' in piece ? Array.isArray(piece['put']) : isCount(piece['from']) && isCount(piece['count']);
}

function isList(list: unknown): boolean {
  if (!isRecord(list)) return false;
  const { base, number, pieces } = list;
  return isCount(base) && isCount(number) && Array.isArray(pieces) && pieces.every(isPiece);
}

/** The lists of a patch, or `undefined` where one has another shape. Their entries are core's own. */
function parseLists(conversations: unknown, open: unknown): Omit<StatePatch, 'slices'> | undefined {
  const isOpen = open === 'closed' || (isRecord(open) && isRecord(open['rest']) && isList(open['lines']));
  if ((conversations !== undefined && !isList(conversations)) || (open !== undefined && !isOpen)) {
    return undefined;
  }
  return {
    ...(conversations === undefined
      ? {}
      : { conversations: conversations as NonNullable<StatePatch['conversations']> }),
    ...(open === undefined ? {} : { open: open as NonNullable<StatePatch['open']> }),
  };
}

/** Core's message, or `undefined` for anything else. Slices and answers are core's own, of the same build. */
export function parseToView(data: unknown): ToView | undefined {
  if (!isRecord(data)) return undefined;
  const { kind, turn, slices, conversations, open, id, value, failure, elsewhere } = data;
  if (kind === 'served' && isCount(turn))
    return elsewhere === true ? { kind, turn, elsewhere } : { kind, turn };
  if (kind === 'patch' && isRecord(slices)) {
    const lists = parseLists(conversations, open);
    return lists === undefined ? undefined : { kind, slices, ...lists };
  }
  if (kind === 'answer' && isCount(id)) return { kind, id, value };
  if (kind === 'refused' && isCount(id) && isRecord(failure) && typeof failure['code'] === 'string') {
    return { kind, id, failure: failure as unknown as Failure };
  }
  return undefined;
}
