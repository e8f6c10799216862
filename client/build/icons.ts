// The app's icons as PNG files, drawn by the build from the shapes of favicon.svg: systems that install web apps want
// pixels. Drawn here rather than kept as files, so that whoever reads the source sees what every byte is.

import { crc32, deflateSync } from 'node:zlib';
import type { Plugin } from 'vite';

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly radius: number;
}

/** In the coordinates of favicon.svg, 32 by 32: a whole rest hanging from its line. */
const TILE: Rect = { x: 0, y: 0, width: 32, height: 32, radius: 8 };
const REST: readonly Rect[] = [
  { x: 6, y: 11, width: 20, height: 2, radius: 1 },
  { x: 10, y: 12, width: 12, height: 7, radius: 1 },
];
/** Red, green and blue of the ground and of the sign upon it. */
const COLOURS: readonly (readonly [ground: number, ink: number])[] = [
  [0x0f, 0xe9],
  [0x5c, 0xf5],
  [0x5f, 0xf4],
];
/** Samples along each side of a pixel. */
const SAMPLES = 4;

interface Icon {
  readonly name: string;
  readonly size: number;
  /** The whole square is ground, and the sign stays in the inner circle that every mask leaves (80 % of the width). */
  readonly isBleeding: boolean;
}

const ICONS: readonly Icon[] = [
  { name: 'icon-192.png', size: 192, isBleeding: false },
  { name: 'icon-512.png', size: 512, isBleeding: false },
  { name: 'icon-maskable-512.png', size: 512, isBleeding: true },
  // iOS cuts the corners itself and shows no transparency.
  { name: 'apple-touch-icon.png', size: 180, isBleeding: true },
];

function isInside({ x, y, width, height, radius }: Rect, px: number, py: number): boolean {
  if (px < x || py < y || px > x + width || py > y + height) return false;
  const dx = Math.max(x + radius - px, px - (x + width - radius), 0);
  const dy = Math.max(y + radius - py, py - (y + height - radius), 0);
  return dx * dx + dy * dy <= radius * radius;
}

function draw({ size, isBleeding }: Icon): Buffer {
  const pixels = Buffer.alloc(size * (1 + 4 * size));
  const scale = isBleeding ? 1.15 : 1;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      let [ground, ink] = [0, 0];
      for (let i = 0; i < SAMPLES * SAMPLES; i += 1) {
        const sx = ((column + ((i % SAMPLES) + 0.5) / SAMPLES) / size) * 32;
        const sy = ((row + (Math.floor(i / SAMPLES) + 0.5) / SAMPLES) / size) * 32;
        const [gx, gy] = [16 + (sx - 16) * scale, 16 + (sy - 16) * scale];
        if (REST.some((rect) => isInside(rect, gx, gy))) ink += 1;
        else if (isBleeding || isInside(TILE, sx, sy)) ground += 1;
      }
      const covered = ground + ink;
      const at = row * (1 + 4 * size) + 1 + 4 * column;
      for (const [i, [onGround, onInk]] of COLOURS.entries()) {
        pixels[at + i] = covered === 0 ? 0 : Math.round((onGround * ground + onInk * ink) / covered);
      }
      pixels[at + 3] = Math.round((255 * covered) / (SAMPLES * SAMPLES));
    }
  }
  return pixels;
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, check]);
}

/** PNG of 8-bit RGBA without filters (ISO/IEC 15948). */
function encodePng(size: number, pixels: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Adds the icons that tacet.webmanifest and index.html name. */
export function drawIcons(): Plugin {
  return {
    name: 'tacet-icons',
    apply: 'build',
    generateBundle() {
      for (const icon of ICONS) {
        this.emitFile({ type: 'asset', fileName: icon.name, source: encodePng(icon.size, draw(icon)) });
      }
    },
  };
}
