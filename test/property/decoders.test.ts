/**
 * No bytes whatever crash, hang or fill a decoder of the protocol: what its schema allows comes back as it was, everything else is refused
 * with an error of the catalogue. Tried with values from the schemas, spoiled ones, damaged bytes, random ones and long monotonous ones.
 * The decoders of the cryptography are tried the same way in wire.test.ts and in the unit tests of their rooms.
 */
import { deepStrictEqual } from 'node:assert';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import t from 'tap';
import type { TSchema } from 'typebox';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { CONTENTS, parseContent, type ContentKind } from '@tacet/protocol/content/index';
import {
  CONTENT_VERSION,
  ContentFrame,
  ForDevice,
  encodeForDevice,
  parseForDevice,
} from '@tacet/protocol/content/frame';
import { isPicture } from '@tacet/protocol/content/picture';
import { AccountRecord, ProfileDocument } from '@tacet/protocol/content/record';
import { isErrorCode, isWireError } from '@tacet/protocol/errors';
import { AnonymousFrame, SignedInFrame } from '@tacet/protocol/frames/client';
import { encodeFrame, parseFrame } from '@tacet/protocol/frames/frame';
import { ServerFrame } from '@tacet/protocol/frames/server';
import { LIMITS } from '@tacet/protocol/limits';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import * as requests from '@tacet/protocol/signed/requests';
import type { SignedShape } from '@tacet/protocol/signed/signed';
import { signedDeparture, signedStatement } from '@tacet/protocol/signed/statement';
import { parseInviteLink } from '../../client/core/account/invites.ts';
import { readRecord } from '../../client/core/account/record-form.ts';
import { isCoreError } from '../../client/core/failure.ts';
import { parseAnonymousFrame, parseSignedInFrame } from '../../server/socket/checks.ts';
import { arbitraryOf, mangled, spoiled } from '../support/arbitrary.ts';
import { soak } from '../support/schedule.ts';
import { seedProperties } from '../support/seed-properties.ts';

t.setTimeout(580_000);
seedProperties(t);

const runs = { numRuns: 60 * soak };

/** A decoder, how what it reads is written, and the schema of that. */
interface Decoder {
  readonly schema: object;
  readonly encode: (value: unknown) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

const signedShapes: readonly SignedShape<TSchema>[] = [
  signedDeviceList,
  signedStatement,
  signedDeparture,
  ...Object.values(requests).flatMap((shape) => ('purpose' in shape ? [shape] : [])),
];

function contentDecoder(kind: ContentKind): Decoder {
  const { critical, schema } = CONTENTS[kind];
  return {
    schema,
    encode: encodeCbor,
    decode: (body) => {
      const content = parseContent({ v: CONTENT_VERSION, kind, critical, body });
      return 'body' in content ? content.body : undefined;
    },
  };
}

const DECODERS: Readonly<Record<string, Decoder>> = {
  'frames of the signed-in socket, as the server reads them': {
    schema: SignedInFrame,
    encode: encodeFrame,
    decode: parseSignedInFrame,
  },
  'frames of the anonymous socket, as the server reads them': {
    schema: AnonymousFrame,
    encode: encodeFrame,
    decode: parseAnonymousFrame,
  },
  'frames of the server, as clients read them': {
    schema: ServerFrame,
    encode: encodeFrame,
    decode: (bytes) => parseFrame(ServerFrame, bytes),
  },
  'what is encrypted for a device': {
    schema: ForDevice,
    encode: (value) => encodeForDevice(value as ForDevice),
    decode: parseForDevice,
  },
  'content frames': {
    schema: ContentFrame,
    encode: encodeCbor,
    decode: (bytes) => parseCbor(ContentFrame, bytes),
  },
  profiles: {
    schema: ProfileDocument,
    encode: encodeCbor,
    decode: (bytes) => parseCbor(ProfileDocument, bytes),
  },
  ...Object.fromEntries(
    (Object.keys(CONTENTS) as ContentKind[]).map((kind) => [`contents: ${kind}`, contentDecoder(kind)]),
  ),
  ...Object.fromEntries(
    signedShapes.map((shape) => [
      `signed: ${shape.purpose}`,
      {
        schema: shape.schema,
        encode: (value: unknown) => shape.encode(value),
        decode: (bytes: Uint8Array) => shape.parse(bytes),
      },
    ]),
  ),
};

/** What a decoder gives, or nothing where it refuses; anything but an error of the catalogue is thrown on. */
function readBy({ decode }: Decoder, bytes: Uint8Array): unknown {
  try {
    return decode(bytes);
  } catch (error) {
    if (isWireError(error) && isErrorCode(error.code)) return undefined;
    throw error;
  }
}

/** Written as far as it can be: what is too large is refused by the encoder already. */
function write({ encode }: Decoder, value: unknown): Uint8Array {
  try {
    return encode(value);
  } catch (error) {
    if (isWireError(error, 'too-large')) return new Uint8Array(0);
    throw error;
  }
}

for (const [name, decoder] of Object.entries(DECODERS))
  t.test(`no bytes crash what reads ${name}`, async (t) => {
    let read = 0;
    fc.assert(
      fc.property(arbitraryOf(decoder.schema), (value) => {
        const found = readBy(decoder, write(decoder, value));
        if (found === undefined) return;
        read += 1;
        deepStrictEqual(found, value);
      }),
      runs,
    );
    t.ok(read > 0, 'what the schema allows is read, and is what was written');
    fc.assert(
      fc.property(spoiled(decoder.schema, 'bytes'), (value) => void readBy(decoder, write(decoder, value))),
      runs,
    );
    const damaged = arbitraryOf(decoder.schema).chain((value) => mangled(write(decoder, value)));
    fc.assert(
      fc.property(
        fc.oneof(damaged, fc.uint8Array({ maxLength: 300 })),
        (bytes) => void readBy(decoder, bytes),
      ),
      runs,
    );
  });

t.test('long inputs of one byte are refused by every decoder', async (t) => {
  let refused = 0;
  for (let byte = 0; byte < 256; byte += soak === 1 ? 5 : 1) {
    const bytes = new Uint8Array(LIMITS.frameMaxBytes).fill(byte);
    // As the item of a frame, too: its length in front, padded to its step.
    const framed = new Uint8Array(LIMITS.frameMaxBytes).fill(byte);
    new DataView(framed.buffer).setUint32(0, LIMITS.frameMaxBytes - 4);
    for (const decoder of Object.values(DECODERS))
      for (const long of [bytes, framed]) if (readBy(decoder, long) === undefined) refused += 1;
  }
  t.equal(refused, 2 * Object.keys(DECODERS).length * (soak === 1 ? 52 : 256));
});

t.test('a record that opens is read or of an unknown form, whatever it is', async (t) => {
  let read = 0;
  const value = fc.oneof(arbitraryOf(AccountRecord), spoiled(AccountRecord, 'bytes'));
  const bytes = value.chain((record) => {
    const honest = encodeCbor(record);
    return fc.oneof(fc.constant(honest), mangled(honest));
  });
  await fc.assert(
    fc.asyncProperty(bytes, async (plain) => {
      try {
        await readRecord(plain);
        read += 1;
      } catch (error) {
        if (!isCoreError(error, 'app-outdated')) throw error;
      }
    }),
    runs,
  );
  t.ok(read > 0, `${read} were read`);
});

t.test('any text is an invite link or refused as none, and any bytes are a picture or not', async (t) => {
  const origin = 'https://tacet.example';
  const honest = `${origin}/i/${'A'.repeat(22)}#${'b'.repeat(128)}.scan.${'c'.repeat(42)}A`;
  t.ok(parseInviteLink(honest, origin).secrets?.scan !== undefined, 'the honest one is read');
  const damaged = mangled(Buffer.from(honest)).map((bytes) => Buffer.from(bytes).toString());
  const long = fc.constantFrom('/', '#', 'i', '.scan.', 'https://').map((part) => part.repeat(20_000));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl(), damaged, long), (text) => {
      try {
        parseInviteLink(text, origin);
      } catch (error) {
        if (!isCoreError(error, 'invite-malformed')) throw error;
      }
    }),
    runs,
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => typeof isPicture(bytes) === 'boolean'),
    runs,
  );
});

t.test('nothing that was refused stays in memory', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const decoders = Object.values(DECODERS);
  const junk = fc.sample(fc.uint8Array({ maxLength: 2_000 }), { numRuns: 50, seed: 7 });
  const spoil = (): void => {
    for (const decoder of decoders)
      for (const bytes of junk) for (let i = 0; i < 3; i++) readBy(decoder, bytes);
    collect();
  };
  spoil();
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < 4; round++) spoil();
  const grown = process.memoryUsage().heapUsed - before;
  // A tenth of what was fed in would be more than this.
  t.ok(grown < 4 * 2 ** 20, `${grown} bytes more after ${4 * 3 * junk.length * decoders.length} refusals`);
});
