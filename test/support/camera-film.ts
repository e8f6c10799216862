/** A film for a browser's fake camera: the QR code on a screen, as a camera before it would see it. */
import { writeFile } from 'node:fs/promises';
import type { Locator } from '@playwright/test';

const WIDTH = 640;
const HEIGHT = 480;
/** Luma of dark and of white (ITU-R BT.601), and of no colour. */
const DARK = 16;
const WHITE = 235;
const GREY = 128;

/** Writes the film of a code on the screen, drawn by `Qr`: grey, 640 × 480, in YUV4MPEG2. */
export async function writeFilm(path: string, code: Locator): Promise<void> {
  await code.waitFor();
  const side = Number((await code.getAttribute('viewBox'))?.split(' ')[2]);
  const drawn = (await code.locator('path').getAttribute('d')) ?? '';
  const dark = new Set([...drawn.matchAll(/M(\d+) (\d+)h/g)].map(([, x, y]) => `${x} ${y}`));
  const scale = Math.floor(HEIGHT / side);
  const luma = Buffer.alloc(WIDTH * HEIGHT, WHITE);
  for (let y = 0; y < side * scale; y += 1) {
    for (let x = 0; x < side * scale; x += 1) {
      if (dark.has(`${Math.floor(x / scale)} ${Math.floor(y / scale)}`)) luma[y * WIDTH + x] = DARK;
    }
  }
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, Buffer.alloc((WIDTH * HEIGHT) / 2, GREY)]);
  const header = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`);
  await writeFile(path, Buffer.concat([header, frame, frame, frame, frame]));
}
