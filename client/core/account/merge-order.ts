/** Which of two values stands after a merge: the same one, whichever comes first. */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { ListView } from '@tacet/protocol/content/frame';

/** Of two byte strings one, the same whichever comes first. */
function firstInOrder(a: Uint8Array, b: Uint8Array): Uint8Array {
  return encodeB64u(a) <= encodeB64u(b) ? a : b;
}

/** The higher of two lists, of two forks one. */
export function higherList(a: ListView, b: ListView): ListView {
  if (a.counter !== b.counter) return a.counter > b.counter ? a : b;
  return equalBytes(a.hash, firstInOrder(a.hash, b.hash)) ? a : b;
}

/** The later of two, by instant; of two at the same instant one, the same whichever comes first. */
export function later<Value>(a: Value, b: Value, at: (value: Value) => number): Value {
  if (at(a) !== at(b)) return at(a) > at(b) ? a : b;
  return JSON.stringify(a) >= JSON.stringify(b) ? a : b;
}

/** What a later build has added. */
export function unknownOf(value: object, known: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !known.has(name)));
}

/** What a later build has added to either; of a field that both have one, the same whichever comes first. */
export function mergeUnknown(a: object, b: object, known: ReadonlySet<string>): object {
  const merged = new Map<string, unknown>(Object.entries(unknownOf(a, known)));
  for (const [name, value] of Object.entries(unknownOf(b, known))) {
    const other = merged.get(name);
    const isFirst = other === undefined || encodeB64u(encodeCbor(value)) <= encodeB64u(encodeCbor(other));
    if (isFirst) merged.set(name, value);
  }
  return Object.fromEntries(merged);
}
