/**
 * Profile pictures: small JPEG files (ITU-T T.81), made by whoever they show. A picture is looked at before it is handed to a browser's
 * decoder: its frame header (section B.2.2) must say that it is no larger than it may be, so that a few kilobytes cannot ask for gigabytes.
 */
import { Bytes } from '../bytes.ts';

/** Longest picture, in bytes. */
export const PICTURE_MAX_BYTES = 32 * 1024;
/** Longest side of a picture, in pixels. */
export const PICTURE_MAX_SIDE = 512;

export const Picture = Bytes(4, PICTURE_MAX_BYTES);

const MARKER = 0xff;
const START = 0xd8;
/** Baseline, extended and progressive frames with Huffman coding: what browsers write and read. */
const FRAMES: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2]);
/** Every other start of a frame; a file with one of these is not shown. */
const OTHER_FRAMES: ReadonlySet<number> = new Set([
  0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf,
]);
const SCAN = 0xda;

/** Whether bytes are a JPEG file whose only frame fits in `PICTURE_MAX_SIDE`. Never throws. */
export function isPicture(bytes: Uint8Array): boolean {
  if (bytes.length < 4 || bytes.length > PICTURE_MAX_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) !== (MARKER << 8) + START) return false;
  let fits = false;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (view.getUint8(at) !== MARKER) return false;
    const kind = view.getUint8(at + 1);
    // Any number of fill bytes may stand before a marker (B.1.1.2).
    if (kind === MARKER) {
      at += 1;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) return false;
    if (OTHER_FRAMES.has(kind)) return false;
    if (FRAMES.has(kind)) {
      if (fits || length < 8) return false;
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      if (height === 0 || width === 0 || height > PICTURE_MAX_SIDE || width > PICTURE_MAX_SIDE) return false;
      fits = true;
    }
    // What follows a scan header is entropy-coded; a second frame header in it would be data, and one after it is searched for.
    if (kind === SCAN) return fits && !hasFrame(bytes, at + 2 + length);
    at += 2 + length;
  }
  return false;
}

/** Whether a frame header stands anywhere from `start` on: in entropy-coded data 0xff is always followed by 0x00 or a restart. */
function hasFrame(bytes: Uint8Array, start: number): boolean {
  for (let at = start; at + 1 < bytes.length; at += 1) {
    const kind = bytes[at + 1] ?? 0;
    if (bytes[at] === MARKER && (FRAMES.has(kind) || OTHER_FRAMES.has(kind))) return true;
  }
  return false;
}
