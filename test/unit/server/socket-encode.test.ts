import { randomBytes } from 'node:crypto';
import { test } from 'tap';
import { encodeFrame } from '../../../protocol/frames/frame.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import { encodeDeliver, encodeSent } from '../../../server/socket/encode.ts';

const SIZES = [1, 23, 24, 255, 256, 1024, 3900, 4000, 4096, 65_535, 65_536, LIMITS.envelopeMaxBytes];
const INSTANTS = [0, 1, 0xffff_ffff, 0x1_0000_0000, 1_795_000_000_000, 8_640_000_000_000_000];
const REQUESTS = [0, 1, 23, 24, 255, 256, 65_535, 65_536, 0xffff_ffff];

test('a deliver frame is byte for byte what the general encoder makes', (t) => {
  for (const size of SIZES) {
    for (const receivedAt of INSTANTS) {
      const [id, body] = [randomBytes(16), randomBytes(size)];
      const general = encodeFrame({ kind: 'deliver', id, receivedAt, body });
      t.ok(
        Buffer.from(general).equals(encodeDeliver(id, receivedAt, body)),
        `${size} bytes at ${receivedAt}`,
      );
    }
  }
  t.end();
});

test('a sent frame is byte for byte what the general encoder makes', (t) => {
  for (const re of REQUESTS) {
    t.ok(Buffer.from(encodeFrame({ kind: 'sent', re })).equals(encodeSent(re)), String(re));
  }
  t.end();
});
