/** Reed-Solomon error correction over GF(2^8) with the polynomial 0x11d, as QR codes use it (ISO/IEC 18004 section 7.5). */

function multiply(a: number, b: number): number {
  let product = 0;
  for (let i = 7; i >= 0; i -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    product ^= ((b >> i) & 1) * a;
  }
  return product;
}

/** Coefficients of the generator polynomial, highest first, without the leading 1. */
function generator(degree: number): Uint8Array {
  const out = new Uint8Array(degree);
  out[degree - 1] = 1;
  let root = 1;
  for (let i = 0; i < degree; i += 1) {
    for (let j = 0; j < degree; j += 1) {
      out[j] = multiply(out[j] ?? 0, root) ^ (out[j + 1] ?? 0);
    }
    root = multiply(root, 2);
  }
  return out;
}

/** The `length` error correction codewords of a block. */
export function errorCorrection(data: Uint8Array, length: number): Uint8Array {
  const divisor = generator(length);
  const rest = new Uint8Array(length);
  for (const byte of data) {
    const factor = byte ^ (rest[0] ?? 0);
    rest.copyWithin(0, 1);
    rest[length - 1] = 0;
    for (let i = 0; i < length; i += 1) rest[i] = (rest[i] ?? 0) ^ multiply(divisor[i] ?? 0, factor);
  }
  return rest;
}
