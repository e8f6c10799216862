/**
 * How a view's state crosses the worker's border: small slices whole, but of the list of conversations and of the lines of the open one
 * only what changed. [Note: list patches] What core holds keeps the identity of an entry that did not change, so a list is told as
 * stretches of the list before it, and new entries; the view puts the next one together from its own copies, whose identity then says
 * that nothing changed. Lists are numbered, and a patch says which one it counts in: one that fits nothing here is passed over, and the
 * view asks for everything anew. Pure; both ends are of one build.
 */
import type { ConversationSummary, Line, OpenConversation, ViewState } from './view.ts';

/** Part of a list: a stretch of the list before, or new entries. */
export type Piece<Entry> =
  { readonly from: number; readonly count: number } | { readonly put: readonly Entry[] };

/** A list, told by the one before it. */
export interface ListPatch<Entry> {
  /** The number of the list that stretches count in; 0: there was none, and everything is new. */
  readonly base: number;
  /** The number of this list, from 1. */
  readonly number: number;
  readonly pieces: readonly Piece<Entry>[];
}

/** The open conversation: all of it but the lines is small. */
export interface OpenPatch {
  readonly rest: Omit<OpenConversation, 'lines'>;
  readonly lines: ListPatch<Line>;
}

/** What changed of a view's state. */
export interface StatePatch {
  /** Slices that changed, each whole. */
  readonly slices: Partial<Omit<ViewState, 'conversations' | 'open'>>;
  readonly conversations?: ListPatch<ConversationSummary>;
  /** `closed`: none is open any more. */
  readonly open?: OpenPatch | 'closed';
}

/** `next` in stretches of `before`, by identity of the entries. */
export function piecesOf<Entry extends object>(
  before: readonly Entry[],
  next: readonly Entry[],
): readonly Piece<Entry>[] {
  const places = new Map(before.map((entry, i) => [entry, i]));
  const pieces: Piece<Entry>[] = [];
  let kept: { from: number; count: number } | undefined;
  let put: Entry[] | undefined;
  for (const entry of next) {
    const at = places.get(entry);
    if (at === undefined) {
      kept = undefined;
      if (put === undefined) {
        put = [];
        pieces.push({ put });
      }
      put.push(entry);
    } else if (kept !== undefined && kept.from + kept.count === at) {
      kept.count += 1;
    } else {
      put = undefined;
      kept = { from: at, count: 1 };
      pieces.push(kept);
    }
  }
  return pieces;
}

/** Core's end of a list: what was told last. */
class ListTeller<Entry extends object> {
  #told: readonly Entry[] = [];
  #number = 0;

  tell(next: readonly Entry[]): ListPatch<Entry> {
    const base = this.#number;
    const pieces = piecesOf(this.#told, next);
    this.#told = next;
    this.#number += 1;
    return { base, number: this.#number, pieces };
  }
}

/** Core's end: makes patches from slices, and remembers what a view has been told. */
export class StateTeller {
  #conversations = new ListTeller<ConversationSummary>();
  #lines = new ListTeller<Line>();
  #whole: Partial<ViewState> = {};

  /** What is to be told of slices that changed. */
  tell(changed: Partial<ViewState>): StatePatch {
    this.#whole = { ...this.#whole, ...changed };
    const { conversations, open, ...slices } = changed;
    return {
      slices,
      ...(conversations === undefined ? {} : { conversations: this.#conversations.tell(conversations) }),
      ...('open' in changed ? { open: this.#tellOpen(open) } : {}),
    };
  }

  /** Everything anew, for a view that has lost count. */
  tellAll(): StatePatch {
    this.#conversations = new ListTeller();
    this.#lines = new ListTeller();
    return this.tell(this.#whole);
  }

  #tellOpen(open: OpenConversation | undefined): OpenPatch | 'closed' {
    if (open === undefined) return 'closed';
    const { lines, ...rest } = open;
    return { rest, lines: this.#lines.tell(lines) };
  }
}

/** The view's end of a list. */
class ListHearer<Entry> {
  #list: readonly Entry[] = [];
  #number = 0;

  /** The list as it is now; `undefined`: the patch counts in a list that is not here, or beyond its end. */
  hear({ base, number, pieces }: ListPatch<Entry>): readonly Entry[] | undefined {
    if (base !== 0 && base !== this.#number) return undefined;
    const before = base === 0 ? [] : this.#list;
    const [first] = pieces;
    if (pieces.length === 1 && first !== undefined && 'from' in first && first.count === before.length) {
      // The very list: only what stands beside it has changed.
      if (first.from > 0) return undefined;
      this.#number = number;
      return before;
    }
    if (pieces.length === 0 && before.length === 0) {
      this.#list = before;
      this.#number = number;
      return before;
    }
    const next: Entry[] = [];
    for (const piece of pieces) {
      if ('put' in piece) {
        for (const entry of piece.put) next.push(entry);
        continue;
      }
      const end = piece.from + piece.count;
      if (end > before.length) return undefined;
      for (const entry of before.slice(piece.from, end)) next.push(entry);
    }
    this.#list = next;
    this.#number = number;
    return next;
  }
}

/** The view's end: puts slices together again. One for each serving of the view. */
export class StateHearer {
  readonly #conversations = new ListHearer<ConversationSummary>();
  readonly #lines = new ListHearer<Line>();

  /** The slices that changed, whole. `fits` is false where a list could not be put together; it is left out. */
  hear({ slices, conversations, open }: StatePatch): {
    readonly slices: Partial<ViewState>;
    readonly fits: boolean;
  } {
    const list = conversations === undefined ? undefined : this.#conversations.hear(conversations);
    const lines = open === undefined || open === 'closed' ? undefined : this.#lines.hear(open.lines);
    return {
      slices: {
        ...slices,
        ...(list === undefined ? {} : { conversations: list }),
        ...(open === 'closed' ? { open: undefined } : {}),
        ...(open !== undefined && open !== 'closed' && lines !== undefined
          ? { open: { ...open.rest, lines } }
          : {}),
      },
      fits:
        (conversations === undefined || list !== undefined) &&
        (open === undefined || open === 'closed' || lines !== undefined),
    };
  }
}
