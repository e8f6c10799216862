import t from 'tap';
import fc from 'fast-check';
import { decodeCbor, encodeCbor } from '@tacet/protocol/cbor';
import { isWireError } from '@tacet/protocol/errors';
import { AnonymousFrame, SignedInFrame } from '@tacet/protocol/frames/client';
import { encodeFrame, parseFrame, readFrame } from '@tacet/protocol/frames/frame';
import { ServerFrame } from '@tacet/protocol/frames/server';
import { LIMITS } from '@tacet/protocol/limits';
import { contentBucket, padContent, unpadContent } from '@tacet/protocol/padding';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

const hash = new Uint8Array(32);
const id = new Uint8Array(16);

function send(bodyBytes: number) {
  return {
    kind: 'send',
    re: 7,
    account: id,
    deliveryKey: hash,
    listHash: hash,
    online: false,
    to: [{ device: id, envelope: { id, body: new Uint8Array(bodyBytes) } }],
  };
}

function refused(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isWireError(error)) return error.code;
    throw error;
  }
  return 'accepted';
}

t.test('a frame comes back as it was sent', (t) => {
  t.same(parseFrame(AnonymousFrame, encodeFrame(send(100))), send(100));
  t.same(parseFrame(SignedInFrame, encodeFrame({ kind: 'ping', re: 1 })), { kind: 'ping', re: 1 });
  t.end();
});

t.test('frames of one bucket are equally long on the wire', (t) => {
  t.equal(encodeFrame(send(300)).length, 4096);
  t.equal(encodeFrame(send(3800)).length, 4096);
  t.equal(encodeFrame(send(4096)).length, 8192);
  t.equal(encodeFrame({ kind: 'ping', re: 1 }).length, encodeFrame({ kind: 'sent', re: 0xffffffff }).length);
  t.end();
});

t.test('a first message and a later one of the same bucket are equally long on the wire', (t) => {
  t.equal(encodeFrame(send(2400)).length, encodeFrame(send(500)).length);
  t.end();
});

t.test('what is not exactly a frame is refused with a typed error', (t) => {
  const good = encodeFrame({ kind: 'ping', re: 1 });
  t.equal(
    refused(() => parseFrame(SignedInFrame, good.subarray(0, 255))),
    'malformed-frame',
  );
  t.equal(
    refused(() => parseFrame(SignedInFrame, new Uint8Array(0))),
    'malformed-frame',
  );
  t.equal(
    refused(() => parseFrame(SignedInFrame, encodeFrame({ kind: 'ping', re: 1, more: 1 }))),
    'malformed-frame',
  );
  t.equal(
    refused(() => parseFrame(SignedInFrame, encodeFrame({ kind: 'ping', re: -1 }))),
    'malformed-frame',
  );
  t.equal(
    refused(() => parseFrame(SignedInFrame, encodeFrame({ kind: 'ping', re: 1.5 }))),
    'malformed-frame',
  );
  t.equal(
    refused(() => parseFrame(SignedInFrame, encodeFrame({ kind: 'other', re: 1 }))),
    'malformed-frame',
  );
  t.equal(
    refused(() => readFrame(new Uint8Array(LIMITS.frameMaxBytes + 1))),
    'too-large',
  );
  t.equal(
    refused(() => encodeFrame(send(LIMITS.frameMaxBytes))),
    'too-large',
  );
  const lying = Uint8Array.from(good);
  lying[0] = 0xff;
  t.equal(
    refused(() => readFrame(lying)),
    'malformed-frame',
  );
  t.end();
});

t.test(
  'CBOR is strict: no duplicates, no indefinite lengths, no tags, no NaN, no deep nesting, no prototype keys',
  (t) => {
    const cases: Record<string, string> = {
      'duplicate key': 'a2616101616102',
      'indefinite map': 'bf616101ff',
      'indefinite bytes': '5f4101ff',
      undefined: 'f7',
      NaN: 'f97e00',
      infinity: 'f97c00',
      tag: 'c11a514b67b0',
      'trailing byte': '0101',
      'not minimal': '1801',
      'prototype key': 'a1695f5f70726f746f5f5f01',
      'number key': 'a10102',
      'big integer': '1bffffffffffffffff',
    };
    for (const [name, hex] of Object.entries(cases)) {
      t.equal(
        refused(() => decodeCbor(Buffer.from(hex, 'hex'))),
        'malformed-frame',
        name,
      );
    }
    t.equal(
      refused(() => decodeCbor(new Uint8Array(200_000).fill(0x81))),
      'malformed-frame',
      'deep nesting',
    );
    t.end();
  },
);

t.test('no bytes whatever make the decoders do anything but answer or refuse', (t) => {
  let ran = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      ran++;
      refused(() => decodeCbor(bytes));
      refused(() => readFrame(bytes));
      for (const schema of [AnonymousFrame, SignedInFrame, ServerFrame])
        refused(() => parseFrame(schema, bytes));
      refused(() => unpadContent(bytes));
    }),
    { numRuns: 500 },
  );
  t.equal(ran, 500);
  t.end();
});

t.test('plain values of CBOR come back whatever they are', (t) => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string({ maxLength: 8 }).filter((key) => key !== '__proto__'),
        fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.uint8Array(), fc.array(fc.integer())),
        { noNullPrototype: true },
      ),
      (value) => {
        t.same(decodeCbor(encodeCbor(value)), value);
      },
    ),
    { numRuns: 100 },
  );
  t.end();
});

t.test('content padding fills powers of two from 256 and comes off exactly', (t) => {
  t.equal(contentBucket(0), 256);
  t.equal(contentBucket(255), 256);
  t.equal(contentBucket(256), 512);
  for (const size of [0, 1, 254, 255, 256, 1000]) {
    const content = new Uint8Array(size).fill(0x80);
    t.same(Uint8Array.from(unpadContent(padContent(content))), content, `${size} bytes`);
  }
  t.equal(
    refused(() => unpadContent(new Uint8Array(256))),
    'malformed-frame',
    'no marker',
  );
  t.equal(
    refused(() => unpadContent(padContent(new Uint8Array(10)).subarray(0, 255))),
    'malformed-frame',
    'odd size',
  );
  const big = new Uint8Array(512);
  big[3] = 0x80;
  t.equal(
    refused(() => unpadContent(big)),
    'malformed-frame',
    'bucket larger than needed',
  );
  t.equal(
    refused(() => padContent(new Uint8Array(LIMITS.contentMaxBytes))),
    'too-large',
  );
  t.end();
});
