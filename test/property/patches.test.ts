/**
 * A view's state told in patches: after any changes the view has what core has, in the objects that it had before wherever core kept its
 * own; what was lost on the way is noticed and told anew; and whatever has the shape of a patch is heard without harm.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { FIRST_STATE } from '../../client/core/door.ts';
import { piecesOf, StateHearer, StateTeller } from '../../client/core/patches.ts';
import type { ConversationId, ConversationSummary, Line, ViewState } from '../../client/core/view.ts';
import { seedProperties } from '../support/seed-properties.ts';

seedProperties(t);

type Step =
  | { readonly do: 'add' | 'remove' | 'change' | 'raise'; readonly at: number }
  | { readonly do: 'open'; readonly at: number; readonly lines: number }
  | { readonly do: 'arrive' | 'earlier' | 'forget'; readonly lines: number }
  | { readonly do: 'mark'; readonly at: number }
  | { readonly do: 'type' | 'close' | 'connect' };

const share = fc.double({ min: 0, max: 0.999, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('add', 'remove', 'change', 'raise', 'mark'), at: share }),
  fc.record({ do: fc.constant('open'), at: share, lines: fc.nat(30) }),
  fc.record({ do: fc.constantFrom('arrive', 'earlier', 'forget'), lines: fc.nat(30) }),
  fc.record({ do: fc.constantFrom('type', 'close', 'connect') }),
);
/** Several in one commit are one patch. */
const commits = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 40 });

const idOf = (n: number): ConversationId => `c${String(n)}` as ConversationId;
const personOf = (id: ConversationId) =>
  ({ account: id, username: undefined, name: `Name of ${id}`, trust: 'by-invite' }) as const;
const lineOf = (order: number, at: number): Line => ({
  kind: 'event',
  order,
  at,
  event: { what: 'key-changed' },
});

function summaryOf(id: ConversationId): ConversationSummary {
  const person = personOf(id);
  return { id, person, state: 'accepted', last: undefined, unread: 0, typing: false, draft: '' };
}

/** Core's state; what a step does not touch stays the object that it was. */
class Core {
  state: ViewState = FIRST_STATE;
  #made = 0;
  #first = 1_000;
  #next = 1_000;

  run(one: Step): void {
    const { conversations: list, open } = this.state;
    const at = 'at' in one ? Math.floor(one.at * list.length) : 0;
    const held = list[at];
    switch (one.do) {
      case 'add':
        this.#made += 1;
        this.#show({ conversations: [summaryOf(idOf(this.#made)), ...list] });
        return;
      case 'remove':
        this.#show({ conversations: list.filter((entry) => entry !== held) });
        return;
      case 'change':
        if (held !== undefined)
          this.#show({ conversations: list.with(at, { ...held, unread: held.unread + 1 }) });
        return;
      case 'raise':
        if (held !== undefined) {
          this.#show({ conversations: [held, ...list.filter((entry) => entry !== held)] });
        }
        return;
      case 'open':
        if (held !== undefined) this.#open(held, one.lines);
        return;
      case 'arrive':
        if (open !== undefined) this.#lines([...open.lines, ...this.#later(one.lines)]);
        return;
      case 'earlier':
        if (open !== undefined) this.#lines([...this.#earlier(one.lines), ...open.lines].slice(0, 60));
        return;
      case 'forget':
        if (open !== undefined) this.#lines(open.lines.slice(one.lines));
        return;
      case 'mark': {
        const place = Math.floor(one.at * (open?.lines.length ?? 0));
        const line = open?.lines[place];
        if (line !== undefined && open !== undefined) this.#lines(open.lines.with(place, { ...line }));
        return;
      }
      case 'type':
        if (open !== undefined) this.#show({ open: { ...open, typing: !open.typing } });
        return;
      case 'close':
        this.#show({ open: undefined });
        return;
      case 'connect':
        this.#show({ connection: { kind: 'offline', retryAt: (this.#made += 1) } });
    }
  }

  #show(changed: Partial<ViewState>): void {
    this.state = { ...this.state, ...changed };
  }
  #lines(lines: readonly Line[]): void {
    const { open } = this.state;
    if (open !== undefined) this.#show({ open: { ...open, lines } });
  }
  #later(count: number): readonly Line[] {
    return Array.from({ length: count }, () => lineOf((this.#next += 1), 0));
  }
  #earlier(count: number): readonly Line[] {
    return Array.from({ length: count }, () => lineOf((this.#first -= 1), 0)).reverse();
  }
  #open({ id, person }: ConversationSummary, count: number): void {
    this.#show({
      open: {
        id,
        person,
        state: 'accepted',
        lines: this.#later(count),
        hasEarlier: true,
        hasLater: false,
        newest: 0,
        unread: 0,
        typing: false,
        target: undefined,
        unreadFrom: undefined,
        draft: '',
        timer: 0,
        blocked: false,
        waiting: 0,
        waitingChanges: 0,
      },
    });
  }
}

/** The slices of `after` that are not those of `before`. */
function changedOf(before: ViewState | undefined, after: ViewState): Partial<ViewState> {
  const names = Object.keys(after) as (keyof ViewState)[];
  return Object.fromEntries(
    names.filter((name) => before?.[name] !== after[name]).map((name) => [name, after[name]]),
  );
}

/** Core and a view of it, with the border between them. */
class Served {
  readonly core = new Core();
  shown: ViewState = FIRST_STATE;
  #told: ViewState | undefined;
  readonly #teller = new StateTeller();
  readonly #hearer = new StateHearer();

  /** Tells what has changed, unless the patch is lost. A view that lost count asks for everything. */
  tell(isLost = false): void {
    const patch = this.#teller.tell(changedOf(this.#told, this.core.state));
    this.#told = this.core.state;
    if (isLost || this.#hear(patch)) return;
    if (!this.#hear(this.#teller.tellAll())) throw new Error('the whole state does not fit');
  }

  #hear(patch: ReturnType<StateTeller['tell']>): boolean {
    const { slices, fits } = this.#hearer.hear(structuredClone(patch));
    this.shown = { ...this.shown, ...slices };
    return fits;
  }
}

/** Entries of `after` that were in `before`, by their places in both. */
function keptOf(before: readonly object[], after: readonly object[]): readonly (readonly [number, number])[] {
  return after.flatMap((entry, i) => (before.includes(entry) ? [[before.indexOf(entry), i] as const] : []));
}

t.test('after any changes a view has what core has, and what core kept is what it had before', (t) => {
  let kept = 0;
  const property = fc.property(commits, (plan) => {
    const served = new Served();
    served.tell();
    for (const steps of plan) {
      const [before, shownBefore] = [served.core.state, served.shown];
      for (const one of steps) served.core.run(one);
      served.tell();
      const { core, shown } = served;
      if (!isDeepStrictEqual(core.state, shown)) return false;
      for (const listOf of [
        (state: ViewState) => state.conversations,
        (state: ViewState) => state.open?.lines ?? [],
      ]) {
        for (const [from, to] of keptOf(listOf(before), listOf(core.state))) {
          kept += 1;
          if (listOf(shownBefore)[from] !== listOf(shown)[to]) return false;
        }
      }
      if (before.open?.lines === core.state.open?.lines && shownBefore.open?.lines !== shown.open?.lines) {
        return false;
      }
    }
    return true;
  });
  fc.assert(property, { numRuns: 300 });
  t.ok(kept > 100, 'entries were kept');
  t.end();
});

t.test('a patch that was lost is noticed by the next one of its list, and everything is told anew', (t) => {
  let lost = 0;
  const property = fc.property(commits, fc.array(fc.boolean(), { minLength: 40 }), (plan, losses) => {
    const served = new Served();
    served.tell(losses[0]);
    plan.forEach((steps, i) => {
      for (const one of steps) served.core.run(one);
      const isLost = losses[i] === true;
      served.tell(isLost);
      if (isLost) lost += 1;
    });
    // Both lists once more.
    served.core.run({ do: 'add', at: 0 });
    served.core.run({ do: 'open', at: 0, lines: 3 });
    served.tell();
    const { core, shown } = served;
    return (
      isDeepStrictEqual(core.state.conversations, shown.conversations) &&
      isDeepStrictEqual(core.state.open, shown.open)
    );
  });
  fc.assert(property, { numRuns: 300 });
  t.ok(lost > 100, 'patches were lost');
  t.end();
});

t.test('a change of one entry among hundreds is told by that entry and two stretches', (t) => {
  const entries = Array.from({ length: 500 }, (_, n) => ({ n }));
  const changed = { n: -1 };
  const raised = [changed, ...entries.slice(0, 77), ...entries.slice(78)];
  t.same(piecesOf(entries, raised), [{ put: [changed] }, { from: 0, count: 77 }, { from: 78, count: 422 }]);
  t.same(piecesOf(entries, entries), [{ from: 0, count: 500 }]);
  t.same(piecesOf(entries, []), []);
  t.end();
});

t.test('a patch that reaches beyond the list, or counts in another one, changes nothing', (t) => {
  const size = fc.nat(20);
  const piece = fc.oneof(
    fc.record({ from: size, count: size }),
    fc.record({ put: fc.array(size.map((n) => summaryOf(idOf(n)))) }),
  );
  const list = fc.record({ base: fc.nat(3), number: fc.nat(3), pieces: fc.array(piece, { maxLength: 5 }) });
  const property = fc.property(fc.array(list, { maxLength: 8 }), (patches) => {
    const hearer = new StateHearer();
    let [length, number] = [0, 0];
    for (const patch of patches) {
      const { slices, fits } = hearer.hear({ slices: {}, conversations: patch });
      const before = patch.base === 0 ? 0 : length;
      const isWithin = patch.pieces.every((one) => 'put' in one || one.from + one.count <= before);
      if (fits !== (isWithin && (patch.base === 0 || patch.base === number))) return false;
      if (fits !== 'conversations' in slices) return false;
      if (fits) [length, number] = [slices.conversations?.length ?? 0, patch.number];
    }
    return true;
  });
  fc.assert(property, { numRuns: 500 });
  t.pass('no patch does harm');
  t.end();
});
