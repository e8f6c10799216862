/** A film for a browser's fake camera: one colour with a bright square that wanders, so that a picture can be told from any other. */
import { writeFile } from 'node:fs/promises';

const WIDTH = 320;
const HEIGHT = 240;
const SQUARE = 24;
const FRAMES = 20;
const WHITE = 235;

export type Rgb = readonly [red: number, green: number, blue: number];

/** Luma and the two colour differences (ITU-R BT.601, 8 bits). */
function toYuv([red, green, blue]: Rgb): readonly [y: number, u: number, v: number] {
  return [
    16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255,
    128 + (-37.797 * red - 74.203 * green + 112 * blue) / 255,
    128 + (112 * red - 93.786 * green - 18.214 * blue) / 255,
  ].map(Math.round) as unknown as readonly [number, number, number];
}

/** Writes it: 320 × 240, 20 frames a second, in YUV4MPEG2. */
export async function writeSolidFilm(path: string, colour: Rgb): Promise<void> {
  const [y, u, v] = toYuv(colour);
  const parts = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F20:1 Ip A1:1 C420jpeg\n`)];
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const luma = Buffer.alloc(WIDTH * HEIGHT, y);
    const left = Math.floor((frame * (WIDTH - SQUARE)) / FRAMES);
    for (let row = 0; row < SQUARE; row += 1)
      luma.fill(WHITE, row * WIDTH + left, row * WIDTH + left + SQUARE);
    const plane = (WIDTH * HEIGHT) / 4;
    parts.push(Buffer.from('FRAME\n'), luma, Buffer.alloc(plane, u), Buffer.alloc(plane, v));
  }
  await writeFile(path, Buffer.concat(parts));
}
