/**
 * Arithmetic of ML-KEM polynomials (FIPS 203 section 4.3): coefficients modulo q = 3329, number-theoretic
 * transform, products in the transformed domain. A vector of k polynomials is one Int16Array of 256 k
 * coefficients. No branch and no address depends on a coefficient.
 *
 * [Note: Plantard reduction] With 16-bit coefficients and q' = q^-1 mod 2^32, the number
 * (((t · q' mod 2^32) >> 16) + 8) · q >> 16 is congruent to -t · 2^-32 and lies in [-1664, 1664], for every
 * |t| < 64 q^2 (Plantard 2021, signed form of Huang et al. 2022). A known factor takes q' and -2^32 into
 * itself beforehand, so a product with it costs two 32-bit multiplications and comes out in plain form.
 */

/** The modulus q. */
export const Q = 3329;
/** Coefficients of one polynomial. */
export const N = 256;

/** q^-1 modulo 2^32. */
const Q_INVERSE = 1806234369;
/** -2^32 mod q. */
const MINUS_R = 1976;

/** Prepares a factor for `times`. */
function factor(value: number): number {
  return Math.imul((value * MINUS_R) % Q, Q_INVERSE);
}

/** a · value mod q in [-1664, 1664], where `prepared` is `factor(value)`; |a| < 2^17. */
function times(a: number, prepared: number): number {
  return Math.imul((Math.imul(a, prepared) >> 16) + 8, Q) >> 16;
}

/** Reduction without a change of value. */
const ONE = factor(1);
/** Brings what `dot` gives, which has the factor -2^-32, back to plain form. */
const TO_PLAIN = factor(MINUS_R);
/** The same together with the 1/128 of the inverse transform. */
const INVERSE_SCALE = factor((MINUS_R * 3303) % Q);

/** 17^i mod q, prepared, in the bit-reversed order in which the transform uses them. */
const ZETAS = buildZetas();

function buildZetas(): Int32Array {
  const zetas = new Int32Array(128);
  let power = 1;
  for (let i = 0; i < 128; i += 1) {
    let reversed = 0;
    for (let bit = 0; bit < 7; bit += 1) reversed |= ((i >> bit) & 1) << (6 - bit);
    zetas[reversed] = factor(power);
    power = (power * 17) % Q;
  }
  return zetas;
}

/**
 * Forward transform of every polynomial of the vector, in place. Input in (-q, q); output in [-1664, 1664].
 * Two layers at a time, then the seventh: a layer adds at most q/2, so nothing passes 2^15 before the end.
 */
export function ntt(vector: Int16Array): void {
  for (let base = 0; base < vector.length; base += N) {
    for (let length = 64, first = 1; length >= 4; length >>= 2, first <<= 2) {
      for (let block = 0; block < first; block += 1) {
        const outer = ZETAS[first + block] ?? 0;
        const low = ZETAS[2 * (first + block)] ?? 0;
        const high = ZETAS[2 * (first + block) + 1] ?? 0;
        const start = base + 4 * block * length;
        for (let j = start; j < start + length; j += 1) {
          const a = vector[j] ?? 0;
          const b = vector[j + length] ?? 0;
          const c = times(vector[j + 2 * length] ?? 0, outer);
          const d = times(vector[j + 3 * length] ?? 0, outer);
          const e = a + c;
          const f = times(b + d, low);
          const g = a - c;
          const h = times(b - d, high);
          vector[j] = e + f;
          vector[j + length] = e - f;
          vector[j + 2 * length] = g + h;
          vector[j + 3 * length] = g - h;
        }
      }
    }
    for (let i = 0, j = base; i < 64; i += 1, j += 4) {
      const zeta = ZETAS[64 + i] ?? 0;
      const a = vector[j] ?? 0;
      const b = vector[j + 1] ?? 0;
      const c = times(vector[j + 2] ?? 0, zeta);
      const d = times(vector[j + 3] ?? 0, zeta);
      vector[j] = times(a + c, ONE);
      vector[j + 1] = times(b + d, ONE);
      vector[j + 2] = times(a - c, ONE);
      vector[j + 3] = times(b - d, ONE);
    }
  }
}

/**
 * Inverse transform of every polynomial of the vector, in place, cancelling the factor that `dot` left.
 * Input and output in [-1664, 1664]. Sums are reduced after every second layer: they reach 4q in between.
 */
export function inverseNtt(vector: Int16Array): void {
  for (let base = 0; base < vector.length; base += N) {
    for (let i = 0, j = base; i < 64; i += 1, j += 4) {
      const zeta = ZETAS[127 - i] ?? 0;
      const a = vector[j] ?? 0;
      const b = vector[j + 1] ?? 0;
      const c = vector[j + 2] ?? 0;
      const d = vector[j + 3] ?? 0;
      vector[j] = a + c;
      vector[j + 1] = b + d;
      vector[j + 2] = times(c - a, zeta);
      vector[j + 3] = times(d - b, zeta);
    }
    for (let length = 4, blocks = 16; length <= 64; length <<= 2, blocks >>= 2) {
      for (let block = 0; block < blocks; block += 1) {
        const outer = ZETAS[2 * blocks - 1 - block] ?? 0;
        const low = ZETAS[2 * (2 * blocks - 1 - block) + 1] ?? 0;
        const high = ZETAS[2 * (2 * blocks - 1 - block)] ?? 0;
        const start = base + 4 * block * length;
        for (let j = start; j < start + length; j += 1) {
          const a = vector[j] ?? 0;
          const b = vector[j + length] ?? 0;
          const c = vector[j + 2 * length] ?? 0;
          const d = vector[j + 3 * length] ?? 0;
          const e = a + b;
          const f = times(b - a, low);
          const g = c + d;
          const h = times(d - c, high);
          vector[j] = times(e + g, ONE);
          vector[j + length] = f + h;
          vector[j + 2 * length] = times(g - e, outer);
          vector[j + 3 * length] = times(h - f, outer);
        }
      }
    }
  }
  multiply(vector, INVERSE_SCALE);
}

/** Brings every coefficient to [-1664, 1664]. */
export function reduce(vector: Int16Array): void {
  multiply(vector, ONE);
}

/** Turns what `dot` gives into plain form. */
export function toPlain(vector: Int16Array): void {
  multiply(vector, TO_PLAIN);
}

function multiply(vector: Int16Array, prepared: number): void {
  for (let i = 0; i < vector.length; i += 1) vector[i] = times(vector[i] ?? 0, prepared);
}

/** left += right, without reduction. */
export function add(left: Int16Array, right: Int16Array): void {
  for (let i = 0; i < left.length; i += 1) left[i] = (left[i] ?? 0) + (right[i] ?? 0);
}

/**
 * The odd coefficients times the root of their pair, in the same places (even places stay zero):
 * what `dot` needs of its right side, computed once for all rows of a matrix.
 */
export function pairCache(vector: Int16Array): Int16Array {
  const cache = new Int16Array(vector.length);
  for (let base = 0; base < vector.length; base += N) {
    for (let i = 0, at = base; i < 64; i += 1, at += 4) {
      const zeta = ZETAS[64 + i] ?? 0;
      cache[at + 1] = times(vector[at + 1] ?? 0, zeta);
      cache[at + 3] = times(-(vector[at + 3] ?? 0), zeta);
    }
  }
  return cache;
}

/**
 * Inner product of two vectors in the transformed domain (FIPS 203 algorithms 11 and 12), times -2^-32:
 * one polynomial in [-1664, 1664], written to `out`. `left` below 4096 in absolute value, `right` reduced, `cache` its
 * `pairCache`: up to eight products stay far below 64 q^2, so each coefficient is reduced once.
 */
export function dot(left: Int16Array, right: Int16Array, cache: Int16Array, out: Int16Array): void {
  for (let i = 0; i < N; i += 2) {
    let even = 0;
    let odd = 0;
    for (let at = i; at < left.length; at += N) {
      const a0 = left[at] ?? 0;
      const a1 = left[at + 1] ?? 0;
      const b0 = right[at] ?? 0;
      even += Math.imul(a0, b0) + Math.imul(a1, cache[at + 1] ?? 0);
      odd += Math.imul(a0, right[at + 1] ?? 0) + Math.imul(a1, b0);
    }
    out[i] = times(even, Q_INVERSE);
    out[i + 1] = times(odd, Q_INVERSE);
  }
}
