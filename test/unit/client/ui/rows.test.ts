// What a conversation shows: days, the unread line, runs of messages, events.

import t from 'tap';
import type { Delivery, Line } from '../../../../client/core/door.ts';
import { buildRows, RUN_GAP_MS, showsDelivery, type Row } from '../../../../client/ui/conversation/rows.ts';

const DAY_MS = 86_400_000;
const dayStart = (at: number): number => Math.floor(at / DAY_MS) * DAY_MS;
const NOON = 20_000 * DAY_MS + DAY_MS / 2;

function message(order: number, at: number, mine = false, delivery: Delivery = { kind: 'sent' }): Line {
  return {
    kind: 'message',
    id: `m${order}` as Extract<Line, { kind: 'message' }>['id'],
    order,
    mine,
    text: `text ${order}`,
    // What the other side claims must not move a line.
    sentAt: mine ? at : at - 3 * DAY_MS,
    receivedAt: at,
    delivery,
  };
}
function keyChange(order: number, at: number): Line {
  return { kind: 'event', order, at, event: { what: 'key-changed' } };
}

/** Rows in short: `day`, `unread`, `event`, `mine 1 2`, `theirs 3`. */
function sketch(rows: readonly Row[]): readonly string[] {
  return rows.map((row) =>
    row.kind === 'run'
      ? `${row.mine ? 'mine' : 'theirs'} ${row.messages.map(({ order }) => order).join(' ')}`
      : row.kind,
  );
}

t.test('nothing gives no rows', (t) => {
  t.strictSame(buildRows([], undefined, dayStart), []);
  t.end();
});

t.test('messages of one author within five minutes are one run, of another or later a new one', (t) => {
  const lines = [
    message(1, NOON),
    message(2, NOON + RUN_GAP_MS),
    message(3, NOON + 2 * RUN_GAP_MS + 1),
    message(4, NOON + 2 * RUN_GAP_MS + 2, true),
    message(5, NOON + 2 * RUN_GAP_MS + 3, true),
  ];
  t.strictSame(sketch(buildRows(lines, undefined, dayStart)), ['day', 'theirs 1 2', 'theirs 3', 'mine 4 5']);
  t.end();
});

t.test('faults that follow each other are one row with their number; what was asked for stays apart', (t) => {
  const fault = (order: number, asked: boolean): Line => ({
    kind: 'event',
    order,
    at: NOON + order,
    event: { what: 'unreadable', asked },
  });
  const gap: Line = { kind: 'event', order: 7, at: NOON + 7, event: { what: 'gap', missing: 2 } };
  const rows = buildRows(
    [fault(1, true), fault(2, true), fault(3, false), message(4, NOON + 4), fault(5, true), gap],
    undefined,
    dayStart,
  );
  t.strictSame(
    rows.flatMap((row) => (row.kind === 'event' ? [[row.line.order, row.count]] : [])),
    [
      [2, 2],
      [3, 1],
      [5, 1],
      [7, 1],
    ],
  );
  t.end();
});

t.test('a new day begins with its line and breaks a run', (t) => {
  const midnight = dayStart(NOON) + DAY_MS;
  const rows = buildRows([message(1, midnight - 1), message(2, midnight)], undefined, dayStart);
  t.strictSame(sketch(rows), ['day', 'theirs 1', 'day', 'theirs 2']);
  t.end();
});

t.test('the unread line stands once, before the first unread line, and breaks a run', (t) => {
  const lines = [message(1, NOON), message(2, NOON + 1), message(3, NOON + 2)];
  t.strictSame(sketch(buildRows(lines, 2, dayStart)), ['day', 'theirs 1', 'unread', 'theirs 2 3']);
  t.strictSame(sketch(buildRows(lines, 9, dayStart)), ['day', 'theirs 1 2 3']);
  t.strictSame(sketch(buildRows(lines, undefined, dayStart)), ['day', 'theirs 1 2 3']);
  t.end();
});

t.test('no unread line stands before what the person wrote', (t) => {
  const lines = [message(1, NOON), message(2, NOON + 1, true), message(3, NOON + 2)];
  t.strictSame(sketch(buildRows(lines, 2, dayStart)), ['day', 'theirs 1', 'mine 2', 'theirs 3']);
  t.end();
});

t.test('an event stands alone between two runs', (t) => {
  const lines = [message(1, NOON), keyChange(2, NOON + 1), message(3, NOON + 2)];
  t.strictSame(sketch(buildRows(lines, undefined, dayStart)), ['day', 'theirs 1', 'event', 'theirs 3']);
  t.end();
});

t.test('keys are unique and stay when lines are added at either end', (t) => {
  const middle = [message(5, NOON), keyChange(6, NOON + 1), message(7, NOON + 2, true)];
  const keys = (lines: readonly Line[]): readonly string[] =>
    buildRows(lines, undefined, dayStart).map(({ key }) => key);
  const all = keys([message(4, NOON - DAY_MS), ...middle, message(8, NOON + 3)]);
  t.equal(new Set(all).size, all.length, 'unique');
  for (const key of keys(middle)) t.ok(all.includes(key), key);
  t.end();
});

t.test('how far a message has come shows at the end of a run and where it changes', (t) => {
  const [read, delivered, later] = [
    message(1, NOON, true, { kind: 'read', at: NOON }),
    message(2, NOON, true, { kind: 'delivered', at: NOON }),
    message(3, NOON, true, { kind: 'delivered', at: NOON }),
  ] as const;
  const theirs = message(4, NOON);
  if (read.kind !== 'message' || delivered.kind !== 'message' || later.kind !== 'message') return t.fail();
  if (theirs.kind !== 'message') return t.fail();
  t.equal(showsDelivery(read, delivered), true, 'it changes');
  t.equal(showsDelivery(delivered, later), false, 'it stays');
  t.equal(showsDelivery(later, undefined), true, 'the end');
  t.equal(showsDelivery(theirs, undefined), false, 'not one’s own');
  return t.end();
});
