/** A window of lines under any order of arrivals, removals, loads and jumps: always a piece of the history without holes, never too long. */
import fc from 'fast-check';
import t from 'tap';
import {
  addEarlier,
  addLater,
  applyChange,
  LINES_MOST,
  PAGE_LINES,
  STEP_LINES,
  type LineWindow,
} from '../../client/core/shown/line-window.ts';
import type { Line } from '../../client/core/view.ts';
import { seedProperties } from '../support/seed-properties.ts';

seedProperties(t);

type Step =
  | { readonly do: 'arrive'; readonly count: number; readonly seen: boolean }
  | { readonly do: 'remove' | 'jump'; readonly at: number }
  | { readonly do: 'earlier' | 'later' | 'latest' };

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('arrive' as const),
    count: fc.integer({ min: 1, max: 90 }),
    seen: fc.boolean(),
  }),
  fc.record({
    do: fc.constantFrom('remove' as const, 'jump' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ do: fc.constantFrom('earlier' as const, 'later' as const, 'latest' as const) }),
);

const lineOf = (order: number): Line => ({ kind: 'event', order, at: order, event: { what: 'key-changed' } });

class Model {
  history: Line[] = [];
  nextOrder = 1;
  window: LineWindow = { lines: [], hasEarlier: false, hasLater: false };

  before(order: number, limit: number): readonly Line[] {
    return this.history.filter((line) => line.order < order).slice(-limit);
  }
  from(order: number, limit: number): readonly Line[] {
    return this.history.filter((line) => line.order >= order).slice(0, limit);
  }
  around(order: number): LineWindow {
    const [before, after] = [this.before(order, PAGE_LINES), this.from(order, PAGE_LINES)];
    return {
      lines: [...before, ...after],
      hasEarlier: before.length >= PAGE_LINES,
      hasLater: after.length >= PAGE_LINES,
    };
  }

  run(step: Step): void {
    switch (step.do) {
      case 'arrive':
        for (let i = 0; i < step.count; i += 1) {
          const line = lineOf(this.nextOrder);
          this.nextOrder += 1;
          this.history.push(line);
          const seen = step.seen ? line.order - 1 : 0;
          this.window = applyChange(this.window, { kind: 'put', line }, seen);
        }
        return;
      case 'remove': {
        const [gone] = this.history.splice(Math.floor(step.at * (this.history.length - 1)), 1);
        if (gone === undefined) return;
        this.window = applyChange(this.window, { kind: 'removed', order: gone.order }, 0);
        return;
      }
      case 'jump':
        this.window = this.around(1 + Math.floor(step.at * this.nextOrder));
        return;
      case 'latest':
        this.window = this.around(this.nextOrder);
        return;
      case 'earlier':
        if (this.window.hasEarlier)
          this.window = addEarlier(this.window, this.before(this.window.lines[0]?.order ?? 1, STEP_LINES));
        return;
      case 'later':
        if (this.window.hasLater)
          this.window = addLater(
            this.window,
            this.from((this.window.lines.at(-1)?.order ?? 0) + 1, STEP_LINES),
          );
    }
  }

  /** What is wrong with the window, if anything. */
  fault(): string | undefined {
    const { lines, hasEarlier, hasLater } = this.window;
    if (lines.length > LINES_MOST) return `${lines.length} lines`;
    const [first, last] = [lines[0], lines.at(-1)];
    if (first === undefined || last === undefined) {
      return this.history.length > 0 && !hasEarlier && !hasLater ? 'empty beside a history' : undefined;
    }
    const piece = this.history.filter(({ order }) => order >= first.order && order <= last.order);
    if (piece.length !== lines.length || piece.some((line, i) => line.order !== lines[i]?.order))
      return 'a hole';
    if (!hasEarlier && first.order !== this.history[0]?.order) return 'the beginning is hidden';
    if (!hasLater && last.order !== this.history.at(-1)?.order) return 'the end is hidden';
    return undefined;
  }
}

t.test('a window is always a piece of the history without holes, and says when there is more', (t) => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), (plan) => {
      const model = new Model();
      for (const step of plan) {
        model.run(step);
        const fault = model.fault();
        if (fault !== undefined) throw new Error(`${fault} after ${step.do}`);
      }
    }),
    { numRuns: 300 },
  );
  t.pass('no plan leaves a hole');
  t.end();
});

t.test('a full window that was seen follows what arrives, one that was not stays before the eyes', (t) => {
  const lines = Array.from({ length: LINES_MOST }, (_, i) => lineOf(i + 1));
  const full: LineWindow = { lines, hasEarlier: false, hasLater: false };
  const next = { kind: 'put', line: lineOf(LINES_MOST + 1) } as const;
  const followed = applyChange(full, next, LINES_MOST);
  t.equal(followed.lines.at(-1)?.order, LINES_MOST + 1);
  t.ok(followed.hasEarlier);
  const kept = applyChange(full, next, LINES_MOST - 100);
  t.equal(kept.lines, lines);
  t.ok(kept.hasLater);
  t.end();
});
