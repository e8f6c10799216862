import t from 'tap';
import fc from 'fast-check';
import { isPicture, PICTURE_MAX_BYTES, PICTURE_MAX_SIDE } from '../../../protocol/content/picture.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

/** A JPEG file's structure around one frame; the coded data makes no picture, which only a decoder would see. */
function jpeg(
  options: { readonly frame?: number; readonly height?: number; readonly width?: number } = {},
): number[] {
  const { frame = 0xc0, height = 96, width = 96 } = options;
  const app0 = [0xff, 0xe0, 0, 16, ...Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0];
  const sof = [0xff, frame, 0, 11, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0];
  const sos = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
  return [0xff, 0xd8, ...app0, ...sof, ...sos, 0x12, 0x34, 0xff, 0x00, 0x56, 0xff, 0xd9];
}
const of = (bytes: readonly number[]): Uint8Array => Uint8Array.from(bytes);

t.test('a small JPEG file is a picture, baseline or progressive', async (t) => {
  t.ok(isPicture(of(jpeg())));
  t.ok(isPicture(of(jpeg({ frame: 0xc2, height: PICTURE_MAX_SIDE, width: 1 }))));
  const [start = 0, soi = 0, ...rest] = jpeg();
  t.ok(isPicture(of([start, soi, 0xff, 0xff, ...rest])), 'with fill bytes before a marker');
});

t.test('a picture that would unfold to more than it may is none', async (t) => {
  for (const [height, width] of [
    [PICTURE_MAX_SIDE + 1, 96],
    [96, PICTURE_MAX_SIDE + 1],
    [65_535, 65_535],
    [0, 96],
    [96, 0],
  ] as const) {
    t.notOk(isPicture(of(jpeg({ height, width }))), `${height} by ${width}`);
  }
});

t.test('a second frame is refused wherever it hides', async (t) => {
  const large = [0xff, 0xc2, 0, 11, 8, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0];
  const file = jpeg();
  const scan = file.indexOf(0xda) - 1;
  t.notOk(isPicture(of([...file.slice(0, scan), ...large, ...file.slice(scan)])), 'before the scan');
  t.notOk(isPicture(of([...file.slice(0, -2), ...large, ...file.slice(-2)])), 'after it');
  t.notOk(isPicture(of([...file, ...large])), 'after the end');
});

t.test('other formats, cut files and long ones are none', async (t) => {
  t.notOk(isPicture(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')));
  t.notOk(isPicture(Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')));
  t.notOk(isPicture(of(jpeg({ frame: 0xc3 }))), 'lossless');
  t.notOk(isPicture(of(jpeg({ frame: 0xc9 }))), 'arithmetic');
  const file = jpeg();
  const scan = file.indexOf(0xda) - 1;
  for (let length = 0; length <= scan; length += 1) t.notOk(isPicture(of(file.slice(0, length))));
  t.notOk(isPicture(of([...file, ...Array.from({ length: PICTURE_MAX_BYTES }, () => 0)])));
});

t.test('no bytes make the look at a picture fail', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      t.type(isPicture(of([0xff, 0xd8, ...tail])), 'boolean');
    }),
    { numRuns: 500 },
  );
});
