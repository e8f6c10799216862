/** Messages between tabs: what has the shape is read, and anything else that a page of the origin may say is passed over. */
import t from 'tap';
import { parseCall, parseTabMessage } from '../../../client/core/tabs/tab-messages.ts';

const ID = 'A'.repeat(22);
const KEY = new Uint8Array(16);
const CALL = { kind: 'call', turn: 1, id: 2, key: KEY, name: 'sendText', args: ['a', undefined] };

const TO_CORE = [
  CALL,
  { ...CALL, of: ID },
  { kind: 'attention', visible: true, focused: false },
  { kind: 'tell-all' },
  { kind: 'take-over' },
  { kind: 'close' },
];
const LIST = { base: 1, number: 2, pieces: [{ from: 0, count: 3 }, { put: [{ id: 'a' }] }] };
const TO_VIEW = [
  { kind: 'served', turn: 1 },
  { kind: 'patch', slices: { unreadTotal: 3 } },
  { kind: 'patch', slices: {}, conversations: LIST, open: { rest: { id: 'a' }, lines: LIST } },
  { kind: 'patch', slices: {}, open: 'closed' },
  { kind: 'answer', id: 2, value: undefined },
  { kind: 'refused', id: 2, failure: { code: 'offline' } },
];

const NOT_TO_CORE: readonly unknown[] = [
  undefined,
  null,
  'call',
  [],
  {},
  { kind: 'served', turn: 1 },
  { ...CALL, turn: '1' },
  { ...CALL, turn: -1 },
  { ...CALL, id: 1.5 },
  { ...CALL, key: new Uint8Array(15) },
  { ...CALL, key: 'A'.repeat(16) },
  { ...CALL, key: undefined },
  { ...CALL, name: 7 },
  { ...CALL, of: 'ada' },
  { ...CALL, of: 7 },
  { ...CALL, args: 'args' },
  { ...CALL, args: { length: 1 } },
  { ...CALL, args: Array.from({ length: 9 }) },
  { kind: 'attention', visible: 1, focused: true },
];
const NOT_TO_VIEW: readonly unknown[] = [
  undefined,
  {},
  CALL,
  { kind: 'served' },
  { kind: 'patch', slices: 'all' },
  { kind: 'patch', slices: {}, conversations: [] },
  { kind: 'patch', slices: {}, conversations: { ...LIST, base: -1 } },
  { kind: 'patch', slices: {}, conversations: { ...LIST, number: '2' } },
  { kind: 'patch', slices: {}, conversations: { ...LIST, pieces: {} } },
  { kind: 'patch', slices: {}, conversations: { ...LIST, pieces: [{ from: 0 }] } },
  { kind: 'patch', slices: {}, conversations: { ...LIST, pieces: [{ from: 0.5, count: 1 }] } },
  { kind: 'patch', slices: {}, conversations: { ...LIST, pieces: [{ from: 0, count: 1, put: 'all' }] } },
  { kind: 'patch', slices: {}, open: 'opened' },
  { kind: 'patch', slices: {}, open: { rest: { id: 'a' } } },
  { kind: 'patch', slices: {}, open: { lines: LIST } },
  { kind: 'answer', id: '2' },
  { kind: 'refused', id: 2 },
  { kind: 'refused', id: 2, failure: { code: 3 } },
];

t.test('calls and patches come through as they were', (t) => {
  for (const message of TO_CORE) {
    t.same(parseCall({ serving: ID, kind: 'to-core', message }), { serving: ID, kind: 'to-core', message });
  }
  for (const message of TO_VIEW) {
    t.same(parseCall({ serving: ID, kind: 'to-view', message }), { serving: ID, kind: 'to-view', message });
  }
  for (const kind of ['ping', 'pong']) t.same(parseCall({ serving: ID, kind }), { serving: ID, kind });
  t.end();
});

t.test('what has another shape is passed over, and nothing beside the shape comes along', (t) => {
  for (const message of NOT_TO_CORE) t.equal(parseCall({ serving: ID, kind: 'to-core', message }), undefined);
  for (const message of NOT_TO_VIEW) t.equal(parseCall({ serving: ID, kind: 'to-view', message }), undefined);
  for (const serving of [undefined, '', 'short', `${ID}A`, '<'.repeat(22)]) {
    t.equal(parseCall({ serving, kind: 'ping' }), undefined);
  }
  const more = { serving: ID, kind: 'to-core', message: { kind: 'close', also: 'this' }, and: 'that' };
  t.same(parseCall(more), { serving: ID, kind: 'to-core', message: { kind: 'close' } });
  t.end();
});

t.test('who owns the account is told in a shape of its own', (t) => {
  t.same(parseTabMessage({ kind: 'who', more: 1 }), { kind: 'who' });
  t.same(parseTabMessage({ kind: 'owner', term: ID, build: '/b.js' }), {
    kind: 'owner',
    term: ID,
    build: '/b.js',
  });
  t.equal(parseTabMessage({ kind: 'owner', term: ID, build: 'b'.repeat(201) }), undefined);
  t.equal(parseTabMessage({ kind: 'attach', term: ID, view: ID }), undefined);
  t.equal(parseTabMessage({ kind: 'attach', term: ID, view: ID, serving: 7 }), undefined);
  t.end();
});
