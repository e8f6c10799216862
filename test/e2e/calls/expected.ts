/** What the browser's made-up devices give, and what is sent of it. */
import { expect } from '@playwright/test';

/** A colour of the made-up camera's picture, red, green, blue: it is green. */
export function expectGreen([red = 0, green = 0, blue = 0]: readonly number[]): void {
  const colour = `${red} ${green} ${blue}`;
  expect(green, colour).toBeGreaterThan(80);
  // The first pictures are coarse: a few of one colour may come with it.
  expect(red + blue, colour).toBeLessThan(Math.max(80, green / 2));
}

/** Stretches of a voice with beeps and silence: in most of them a packet is as long as in the others. At a variable bitrate hardly two agree. */
export function expectConstant(parts: readonly { readonly bytes: number; readonly packets: number }[]): void {
  const sizes = parts.map(({ bytes, packets }) => bytes / packets);
  const alike = Math.max(...sizes.map((size) => sizes.filter((one) => one === size).length));
  expect(alike, sizes.join()).toBeGreaterThanOrEqual(5);
  expect(Math.min(...sizes)).toBeGreaterThan(20);
}
