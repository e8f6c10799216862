// PROTOCOL.md held against the wire's definitions, both ways: every route, frame, shape and signed structure, the errors, the rates.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ERRORS } from '@tacet/protocol/errors';
import { RATES } from '@tacet/protocol/limits';
import { ROUTE_ERRORS, SESSION_ERRORS } from '@tacet/protocol/route';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { readTable } from './support/markdown-table.ts';
import { blocksOf, expectedBlocks } from './support/protocol-doc.ts';

const document = readFileSync(join(import.meta.dirname, '..', 'PROTOCOL.md'), 'utf8');

t.test('the document shows every route, frame, shape and signed structure as it is, and no other', (t) => {
  const shown = new Map(blocksOf(document).map(({ heading, text }) => [heading, text]));
  const expected = expectedBlocks();
  for (const { heading, text } of expected) t.equal(shown.get(heading), text, heading);
  t.strictSame([...shown.keys()].toSorted(), expected.map(({ heading }) => heading).toSorted());
  t.equal(blocksOf(document).length, expected.length, 'each once');
  t.ok(expected.length > 70, 'they were found');
  t.end();
});

t.test('every label of a signed structure is shown', (t) => {
  for (const purpose of Object.keys(SIGNED_LABELS)) {
    t.ok(document.includes(`### signed: ${purpose}\n`), purpose);
  }
  t.end();
});

t.test('the table of errors is the catalogue, each with its meaning', (t) => {
  const rows = readTable(document, 'Code');
  t.strictSame(
    rows.map(([code, status, close, retry]) => [code, status, close, retry]),
    Object.entries(ERRORS).map(([code, { status, close, retry }]) => [
      `\`${code}\``,
      String(status),
      String(close),
      retry,
    ]),
  );
  for (const [code = '', , , , meaning = ''] of rows) t.ok(meaning.length > 10, code);
  const [, common = ''] = /Besides those listed with a route,([^]*?)Paths that do not/.exec(document) ?? [];
  const told = [...common.matchAll(/`([a-z-]+)`/g)].map((match) => match[1]);
  t.strictSame(told, [...ROUTE_ERRORS, ...SESSION_ERRORS], 'the errors of every route are told');
  t.end();
});

t.test('the table of rates is that of the limits, each with its use', (t) => {
  const rows = readTable(document, 'Rate');
  t.strictSame(
    rows.map(([rate, burst, every]) => [rate, burst, every]),
    Object.entries(RATES).map(([rate, { burst, everyMs }]) => [
      `\`${rate}\``,
      String(burst),
      `${everyMs} ms`,
    ]),
  );
  for (const [rate = '', , , use = ''] of rows) t.ok(use.length > 10, rate);
  t.end();
});
