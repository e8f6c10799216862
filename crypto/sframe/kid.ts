/**
 * What a KID says (RFC 9605 section 5.1, with the layer between generation and ratchet step):
 *
 *    23                            8 7         5 4              0
 *   +-------------------------------+-----------+----------------+
 *   |          instance 16          |  layer 3  |     step 5     |
 *   +-------------------------------+-----------+----------------+
 *
 * Instance: one base key of a sender, by the number that its key message gives it. Layer: index of the simulcast encoding, 0 where there
 * is one only. Step: how often the base key was ratcheted. A KID is at most 3 bytes; with the counter a header has 1 to 8.
 */
import { CryptoError } from '../errors.ts';

/** Instances are numbered from 0 up to here. */
export const INSTANCES = 2 ** 16;
/** Layers of a track. */
export const LAYERS = 2 ** 3;
/** Ratchet steps of an instance, the first one (0) included. */
export const STEPS = 2 ** 5;

export interface KeyPosition {
  readonly instance: number;
  readonly layer: number;
  readonly step: number;
}

function isBelow(value: number, bound: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < bound;
}

/** Whether instance and step lie in their ranges. */
export function isPosition(instance: number, step: number): boolean {
  return isBelow(instance, INSTANCES) && isBelow(step, STEPS);
}

/** Throws `misuse` outside the ranges. */
export function encodeKid({ instance, layer, step }: KeyPosition): number {
  if (!isPosition(instance, step) || !isBelow(layer, LAYERS)) {
    throw new CryptoError('misuse', 'no such instance, layer or ratchet step');
  }
  return (instance * LAYERS + layer) * STEPS + step;
}

/** `undefined` for a KID that nobody here writes. */
export function decodeKid(kid: number): KeyPosition | undefined {
  if (kid >= INSTANCES * LAYERS * STEPS) return undefined;
  return {
    instance: Math.floor(kid / (LAYERS * STEPS)),
    layer: Math.floor(kid / STEPS) % LAYERS,
    step: kid % STEPS,
  };
}
