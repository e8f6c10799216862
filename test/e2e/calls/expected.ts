/** What the browser's made-up devices give, and what is sent of it. */
import { expect } from '@playwright/test';

/** A colour of the made-up camera's picture, red, green, blue: it is green. */
export function expectGreen([red = 0, green = 0, blue = 0]: readonly number[]): void {
  const colour = `${red} ${green} ${blue}`;
  expect(green, colour).toBeGreaterThan(80);
  expect(red + blue, colour).toBeLessThan(80);
}

/** Stretches of a voice with beeps and silence, each packet as long as the others. */
export function expectConstant(parts: readonly { readonly bytes: number; readonly packets: number }[]): void {
  const size = Math.max(...parts.map(({ bytes, packets }) => bytes / packets));
  expect(size).toBeGreaterThan(20);
  for (const { bytes } of parts) expect(bytes % size, JSON.stringify(parts)).toBe(0);
}
