/** Byte strings between rooms: fresh copies on an ordinary buffer, as crypto and the engines take them. */

/** Bytes backed by an ordinary buffer. */
export type OwnBytes = Uint8Array<ArrayBuffer>;

/** A fresh copy on a buffer of its own. */
export function copyBytes(bytes: Uint8Array): OwnBytes {
  return new Uint8Array(bytes);
}

/** The parts one after the other. */
export function joinBytes(...parts: readonly Uint8Array[]): OwnBytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
