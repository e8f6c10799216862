// The doors of HTTP: byte strings between carriers, counted addresses, error fields of logs, refusals.

import Fastify from 'fastify';
import { Array as List, Object as Shape, Optional } from 'typebox';
import { test } from 'tap';
import { B64u, Bytes, encodeB64u } from '../../../protocol/bytes.ts';
import { ERRORS, WireError } from '../../../protocol/errors.ts';
import { addBytesKeyword, parseCarried, toJson } from '../../../server/carrier.ts';
import { refusalOf } from '../../../server/errors.ts';
import { errorFields } from '../../../server/logger.ts';
import { countedAddress } from '../../../server/plugins/client-address.ts';
import { StoreError } from '../../../server/store/errors.ts';

test('a value goes to JSON and back with its bytes', (t) => {
  const shape = Shape({ id: Bytes(3), inner: Optional(Shape({ keys: List(Bytes(1, 4)) })) });
  const value = { id: Uint8Array.of(1, 2, 255), inner: { keys: [Uint8Array.of(0), Uint8Array.of(9, 9)] } };
  const json = toJson(value);
  t.same(json, { id: 'AQL_', inner: { keys: ['AA', 'CQk'] } });
  t.same(parseCarried(shape, json), value);
  t.same(parseCarried(shape, { id: 'AQL_' }), { id: value.id });
  t.end();
});

test('the bytes keyword takes canonical base64url of the right length and nothing else', async (t) => {
  const app = Fastify({ ajv: { customOptions: { coerceTypes: false }, plugins: [addBytesKeyword] } });
  app.post('/', { schema: { body: Shape({ x: B64u(4, 5) }) } }, () => 'taken');
  const ask = async (x: unknown) =>
    (await app.inject({ method: 'POST', url: '/', payload: { x } })).statusCode;
  t.equal(await ask(encodeB64u(Uint8Array.of(1, 2, 3, 4))), 200);
  t.equal(await ask(encodeB64u(Uint8Array.of(1, 2, 3, 4, 5))), 200);
  for (const x of [
    'AQID',
    'AQIDBAUG',
    'AQIDBB',
    'AQIDBA=',
    'AQIDBA==',
    'AQID+A',
    'AQID/A',
    'AQID A',
    'AQIDBAU\n',
    7,
    null,
    ['AQIDBA'],
  ]) {
    t.equal(await ask(x), 400, String(x));
  }
  await app.close();
});

test('an address counts as what one household has', (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
  ];
  for (const [address, counted] of cases) t.equal(countedAddress(address), counted, address);
  t.end();
});

test('what is logged of an error has kind, code and place, and not its message', (t) => {
  const cause = new SyntaxError('Unexpected token in "telltale"');
  const error = Object.assign(new Error('telltale', { cause }), { code: 'E_SOMETHING' });
  const fields = errorFields(error);
  t.equal(fields['type'], 'Error');
  t.equal(fields['code'], 'E_SOMETHING');
  t.match(JSON.stringify(fields), /"type":"SyntaxError"/);
  t.match(JSON.stringify(fields['at']), /doors\.test\.ts/);
  t.notMatch(JSON.stringify(fields), 'telltale');
  t.same(errorFields('telltale'), { type: 'string' });
  const lines = new Error('first line\n    at telltale (looks like a place)');
  t.notMatch(JSON.stringify(errorFields(lines)), 'telltale');
  t.end();
});

test('whatever is thrown becomes a code of the catalogue', (t) => {
  const cases: readonly (readonly [unknown, string])[] = [
    [new WireError('username-taken', 'x'), 'username-taken'],
    [new StoreError('failed', 'x'), 'storage-failed'],
    [new StoreError('closed', 'x'), 'shutting-down'],
    [Object.assign(new Error('x'), { code: 'FST_ERR_CTP_BODY_TOO_LARGE', statusCode: 413 }), 'too-large'],
    [
      Object.assign(new Error('x'), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }),
      'unsupported-media-type',
    ],
    [Object.assign(new Error('x'), { statusCode: 400, validation: [] }), 'malformed-request'],
    [Object.assign(new Error('x'), { statusCode: 418 }), 'malformed-request'],
    [Object.assign(new Error('x'), { statusCode: 500 }), 'internal'],
    [new TypeError('x'), 'internal'],
    ['x', 'internal'],
    [undefined, 'internal'],
  ];
  for (const [error, code] of cases) {
    const { status, body, isFault } = refusalOf(error);
    t.equal(body.code, code);
    t.equal(status, ERRORS[body.code as keyof typeof ERRORS].status);
    t.equal(isFault, code === 'internal' || code === 'storage-failed');
  }
  const limited = refusalOf(new WireError('rate-limited', 'x', { retryAfterMs: 1.2 }));
  t.same(limited.body, { code: 'rate-limited', retryAfterMs: 2 });
  t.end();
});
