import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { answerBinding, parseBindingRequest, REQUEST_MAX_BYTES } from '../../../server/stun/message.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

/** Cookie and transaction id of the samples of RFC 5769. */
const TRANSACTION = hex('2112a442 b7e7a701bc34d686fa87dfae');
const PLAIN = Buffer.concat([hex('00010000'), TRANSACTION]);
t.test('addresses are answered as in the samples of RFC 5769', async (t) => {
  const answer = (address: string): Buffer =>
    answerBinding({ transaction: TRANSACTION, hasFingerprint: false, unknown: [] }, { address, port: 32853 });
  const v4 = Buffer.concat([hex('0101000c'), TRANSACTION, hex('0020 0008 0001a147e112a643')]);
  t.same(answer('192.0.2.1'), v4);
  t.same(answer('::ffff:192.0.2.1'), v4, 'also where IPv4 comes over IPv6');
  t.same(
    answer('2001:db8:1234:5678:11:2233:4455:6677'),
    Buffer.concat([hex('01010018'), TRANSACTION, hex('0020 0014 0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9')]),
  );
  t.same(
    answer('::1').subarray(-16),
    Buffer.concat([TRANSACTION.subarray(0, 15), hex('af')]),
    'with its zeros',
  );
});

t.test('the request of RFC 5769 section 2.1 is read, its fingerprint checked', async (t) => {
  const sample = hex(`
    00010058 2112a442 b7e7a701bc34d686fa87dfae
    80220010 5354554e207465737420636c69656e74
    00240004 6e0001ff
    80290008 932ff9b151263b36
    00060009 6576746a3a68367659202020
    00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
    80280004 e57a3bcf`);
  const read = parseBindingRequest(sample);
  t.match(read, { hasFingerprint: true, unknown: [0x0024, 0x0006, 0x0008] });
  t.same(Buffer.from(read?.transaction ?? []), TRANSACTION);
  for (let bit = 0; bit < sample.length * 8; bit += 1) {
    const flipped = Buffer.from(sample);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    // Where the fingerprint itself is taken for something else there is none to be checked.
    if (parseBindingRequest(flipped)?.hasFingerprint === true) t.fail(`bit ${String(bit)} may be flipped`);
  }
  for (let bytes = 0; bytes < sample.length; bytes += 1)
    if (parseBindingRequest(sample.subarray(0, bytes)) !== undefined)
      t.fail(`${String(bytes)} bytes are enough`);
  t.equal(
    parseBindingRequest(Buffer.concat([sample, hex('80220000')])),
    undefined,
    'nothing follows a fingerprint',
  );
});

t.test('what must be understood and is not is named, with a fingerprint where one was', async (t) => {
  const from = { address: '192.0.2.1', port: 1 };
  const unknown = Array.from({ length: 20 }, (_, i) => i + 1);
  t.same(
    answerBinding({ transaction: TRANSACTION, hasFingerprint: false, unknown: [0x0024, 6] }, from),
    Buffer.concat([hex('01110010'), TRANSACTION, hex('0009 0004 00000414'), hex('000a 0004 0024 0006')]),
  );
  const long = answerBinding({ transaction: TRANSACTION, hasFingerprint: true, unknown }, from);
  t.equal(long.length, 20 + 8 + 4 + 16 + 8);
  t.same(long.subarray(-8, -4), hex('80280004'));
  t.equal(long.readUInt32BE(long.length - 4), (crc32(long.subarray(0, -8)) ^ 0x5354_554e) >>> 0);
});

t.test('whatever comes is a request or nothing, and no answer is much longer', async (t) => {
  const datagrams = fc.oneof(
    fc.uint8Array({ maxLength: REQUEST_MAX_BYTES + 40 }).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 160 }).map((bytes) => {
      const message = Buffer.concat([PLAIN, bytes]);
      message.writeUInt16BE(bytes.length, 2);
      return message;
    }),
  );
  fc.assert(
    fc.property(datagrams, (bytes) => {
      const request = parseBindingRequest(bytes);
      if (request === undefined) return;
      const answer = answerBinding(request, { address: '2001:db8::1', port: 65535 });
      if (answer.length > bytes.length + 32) throw new Error('it would make a flood larger');
    }),
    { numRuns: 20_000 },
  );
  t.pass('nothing threw');
});
