/** Comparing plain data by content: the answer of Node's own deep comparison, whatever the values. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { areSame, isSameContent } from '../../../client/core/shown/same-content.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

/** Plain data, without a zero of the other sign. */
const plain = fc.jsonValue({ maxDepth: 4 }).map((value): unknown => JSON.parse(JSON.stringify(value)));

t.test('values are the same exactly when their content is', (t) => {
  fc.assert(
    fc.property(plain, plain, (a, b) => {
      const copy: unknown = JSON.parse(JSON.stringify(a));
      return isSameContent(a, copy) && isSameContent(a, b) === isDeepStrictEqual(a, b);
    }),
  );
  t.pass('whatever the values');
  t.end();
});

t.test('a change of one part is noticed wherever it is, and the order of properties is not', (t) => {
  const value = { a: [1, { b: 'two', c: undefined }], d: true };
  t.ok(isSameContent(value, { d: true, a: [1, { c: undefined, b: 'two' }] }));
  t.notOk(isSameContent(value, { a: [1, { b: 'two', c: 3 }], d: true }));
  t.notOk(isSameContent(value, { a: [1, { b: 'two' }], d: true }));
  t.notOk(isSameContent(value, { a: [1, { b: 'two', c: undefined }, 4], d: true }));
  t.notOk(isSameContent([], {}));
  t.notOk(isSameContent({ length: 0 }, []));
  t.notOk(isSameContent(undefined, {}));
  t.end();
});

t.test('lists are compared entry by entry, by identity unless told otherwise', (t) => {
  const [one, two] = [{ n: 1 }, { n: 2 }];
  t.ok(areSame([one, two], [one, two]));
  t.notOk(areSame([one, two], [two, one]));
  t.notOk(areSame([one], [one, two]));
  t.notOk(areSame([one], [{ n: 1 }]));
  t.ok(areSame([one], [{ n: 1 }], isSameContent));
  t.end();
});
