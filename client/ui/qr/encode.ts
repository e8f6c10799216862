/**
 * QR codes (ISO/IEC 18004) for what Tacet shows: bytes, error correction level M, versions 1 to 20, which hold 666 bytes. Gives the
 * modules, row by row, without the quiet zone.
 */
import { errorCorrection } from './reed-solomon.ts';

/** Rows of modules; `true` is dark. */
export type Modules = readonly (readonly boolean[])[];

/** Level M, by version from 1: error correction codewords of a block, and blocks (table 9 of the standard). */
const ECC_PER_BLOCK = [
  10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
] as const;
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16] as const;
const VERSIONS = 20;
/** Two bits that stand for level M in the format information. */
const LEVEL_M = 0b00;

/** Centres of the alignment patterns along one side. */
function alignmentCentres(version: number): readonly number[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  const last = version * 4 + 10;
  const rest = Array.from({ length: count - 1 }, (_, i) => last - i * step).reverse();
  return [6, ...rest];
}

/** Bits that are left for codewords when all fixed patterns are drawn. */
function codewordsOf(version: number): number {
  let bits = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const count = Math.floor(version / 7) + 2;
    bits -= (25 * count - 10) * count - 55;
    if (version >= 7) bits -= 36;
  }
  return Math.floor(bits / 8);
}

function dataCodewordsOf(version: number): number {
  return codewordsOf(version) - (ECC_PER_BLOCK[version - 1] ?? 0) * (BLOCKS[version - 1] ?? 0);
}

/** Bytes of the length field. */
function lengthBits(version: number): number {
  return version < 10 ? 8 : 16;
}

function chooseVersion(byteCount: number): number {
  for (let version = 1; version <= VERSIONS; version += 1) {
    if (4 + lengthBits(version) + byteCount * 8 <= dataCodewordsOf(version) * 8) return version;
  }
  throw new RangeError('too long for a code that a camera reads with ease');
}

/** Mode, length, bytes, terminator and padding: the data codewords. */
function encodeData(bytes: Uint8Array, version: number): Uint8Array {
  const out = new Uint8Array(dataCodewordsOf(version));
  let at = 0;
  const write = (value: number, count: number): void => {
    for (let i = count - 1; i >= 0; i -= 1, at += 1) {
      out[at >> 3] = (out[at >> 3] ?? 0) | (((value >> i) & 1) << (7 - (at & 7)));
    }
  };
  write(0b0100, 4);
  write(bytes.length, lengthBits(version));
  for (const byte of bytes) write(byte, 8);
  at = (Math.min(at + 4, out.length * 8) + 7) & ~7;
  for (let pad = 0xec; at < out.length * 8; pad ^= 0xec ^ 0x11) write(pad, 8);
  return out;
}

/** Splits into blocks, adds error correction and interleaves. */
function interleave(data: Uint8Array, version: number): Uint8Array {
  const blocks = BLOCKS[version - 1] ?? 1;
  const eccLength = ECC_PER_BLOCK[version - 1] ?? 10;
  const short = Math.floor(data.length / blocks);
  const firstLong = blocks - (data.length % blocks);
  const parts: { readonly data: Uint8Array; readonly ecc: Uint8Array }[] = [];
  for (let i = 0, from = 0; i < blocks; i += 1) {
    const length = short + (i >= firstLong ? 1 : 0);
    const part = data.subarray(from, from + length);
    parts.push({ data: part, ecc: errorCorrection(part, eccLength) });
    from += length;
  }
  const out: number[] = [];
  for (let i = 0; i <= short; i += 1)
    for (const part of parts) if (i < part.data.length) out.push(part.data[i] ?? 0);
  for (let i = 0; i < eccLength; i += 1) for (const part of parts) out.push(part.ecc[i] ?? 0);
  return Uint8Array.from(out);
}

/** A square of modules and which of them are fixed. */
class Grid {
  readonly size: number;
  readonly dark: boolean[][];
  readonly #fixed: boolean[][];

  constructor(version: number) {
    this.size = version * 4 + 17;
    const rows = (): boolean[][] =>
      Array.from({ length: this.size }, () => Array.from({ length: this.size }, () => false));
    this.dark = rows();
    this.#fixed = rows();
    this.#drawFixed(version);
  }

  isFixed(x: number, y: number): boolean {
    return this.#fixed[y]?.[x] ?? true;
  }
  get(x: number, y: number): boolean {
    return this.dark[y]?.[x] ?? false;
  }
  set(x: number, y: number, dark: boolean): void {
    const row = this.dark[y];
    if (row !== undefined && x >= 0 && x < this.size) row[x] = dark;
  }
  fix(x: number, y: number, dark: boolean): void {
    const row = this.#fixed[y];
    if (row === undefined || x < 0 || x >= this.size) return;
    row[x] = true;
    this.set(x, y, dark);
  }

  #drawFixed(version: number): void {
    const end = this.size - 1;
    for (let i = 0; i < this.size; i += 1) {
      this.fix(6, i, i % 2 === 0);
      this.fix(i, 6, i % 2 === 0);
    }
    for (const [x, y] of [
      [3, 3],
      [end - 3, 3],
      [3, end - 3],
    ] as const) {
      for (let dy = -4; dy <= 4; dy += 1) {
        for (let dx = -4; dx <= 4; dx += 1) {
          const ring = Math.max(Math.abs(dx), Math.abs(dy));
          this.fix(x + dx, y + dy, ring !== 2 && ring !== 4);
        }
      }
    }
    const centres = alignmentCentres(version);
    const lastCentre = centres.at(-1);
    for (const x of centres) {
      for (const y of centres) {
        const corner = (x === 6 && y === 6) || (x === 6 && y === lastCentre) || (x === lastCentre && y === 6);
        if (corner) continue;
        for (let dy = -2; dy <= 2; dy += 1) {
          for (let dx = -2; dx <= 2; dx += 1)
            this.fix(x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
        }
      }
    }
    this.drawFormat(0);
    if (version >= 7) this.#drawVersion(version);
  }

  /** Level and mask, 15 bits with their BCH code, twice. */
  drawFormat(mask: number): void {
    const data = (LEVEL_M << 3) | mask;
    let rest = data;
    for (let i = 0; i < 10; i += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
    const bits = ((data << 10) | rest) ^ 0x5412;
    const bit = (i: number): boolean => ((bits >> i) & 1) === 1;
    const end = this.size - 1;
    for (let i = 0; i <= 5; i += 1) this.fix(8, i, bit(i));
    this.fix(8, 7, bit(6));
    this.fix(8, 8, bit(7));
    this.fix(7, 8, bit(8));
    for (let i = 9; i < 15; i += 1) this.fix(14 - i, 8, bit(i));
    for (let i = 0; i < 8; i += 1) this.fix(end - i, 8, bit(i));
    for (let i = 8; i < 15; i += 1) this.fix(8, end - 14 + i, bit(i));
    this.fix(8, end - 7, true);
  }

  /** Version, 18 bits with their BCH code, twice. */
  #drawVersion(version: number): void {
    let rest = version;
    for (let i = 0; i < 12; i += 1) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    const bits = (version << 12) | rest;
    for (let i = 0; i < 18; i += 1) {
      const dark = ((bits >> i) & 1) === 1;
      const a = this.size - 11 + (i % 3);
      const b = Math.floor(i / 3);
      this.fix(a, b, dark);
      this.fix(b, a, dark);
    }
  }
}

/** Codewords go up and down in columns of two, from the right, around everything fixed. */
function drawCodewords(grid: Grid, codewords: Uint8Array): void {
  let i = 0;
  for (let right = grid.size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < grid.size; step += 1) {
      const upward = ((right + 1) & 2) === 0;
      const y = upward ? grid.size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (grid.isFixed(x, y) || i >= codewords.length * 8) continue;
        grid.set(x, y, (((codewords[i >> 3] ?? 0) >> (7 - (i & 7))) & 1) === 1);
        i += 1;
      }
    }
  }
}

/** The eight masks (section 7.8.2): where they hold, a module is turned over. */
const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

function applyMask(grid: Grid, mask: number): void {
  const holds = MASKS[mask];
  for (let y = 0; y < grid.size; y += 1) {
    for (let x = 0; x < grid.size; x += 1) {
      if (!grid.isFixed(x, y) && holds?.(x, y) === true) grid.set(x, y, !grid.get(x, y));
    }
  }
}

/** Looks too regular for cameras: long runs, blocks, shapes like a finder, an uneven share of dark (section 7.8.3). */
function penaltyOf(grid: Grid): number {
  const { size } = grid;
  let penalty = 0;
  let darkCount = 0;
  const finder = /(?=00001011101|10111010000)/g;
  for (const get of [(a: number, b: number) => grid.get(b, a), (a: number, b: number) => grid.get(a, b)]) {
    for (let a = 0; a < size; a += 1) {
      const line = Array.from({ length: size }, (_, b) => (get(a, b) ? '1' : '0')).join('');
      for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) penalty += run.length - 2;
      penalty += 40 * [...line.matchAll(finder)].length;
    }
  }
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const dark = grid.get(x, y);
      if (dark) darkCount += 1;
      if (x + 1 < size && y + 1 < size && dark === grid.get(x + 1, y)) {
        if (dark === grid.get(x, y + 1) && dark === grid.get(x + 1, y + 1)) penalty += 3;
      }
    }
  }
  const share = (darkCount * 100) / (size * size);
  return penalty + 10 * Math.floor(Math.abs(share - 50) / 5);
}

/** The code of a text or of bytes. Throws RangeError above 666 bytes. */
export function encodeQr(content: string | Uint8Array): Modules {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const version = chooseVersion(bytes.length);
  const grid = new Grid(version);
  drawCodewords(grid, interleave(encodeData(bytes, version), version));
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let mask = 0; mask < MASKS.length; mask += 1) {
    applyMask(grid, mask);
    grid.drawFormat(mask);
    const penalty = penaltyOf(grid);
    if (penalty < least) {
      least = penalty;
      best = mask;
    }
    applyMask(grid, mask);
  }
  applyMask(grid, best);
  grid.drawFormat(best);
  return grid.dark;
}
