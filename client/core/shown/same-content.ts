/** Whether plain values are the same in content. Parts that are the very same object are not looked into: most of a long list is. */

/** Compares plain data: values, arrays, objects without methods. A property that is absent differs from one that is `undefined`. */
export function isSameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && areSame(a, b, isSameContent);
  }
  const [one, other] = [new Map(Object.entries(a)), Object.entries(b)];
  return (
    one.size === other.length &&
    other.every(([name, value]) => one.has(name) && isSameContent(one.get(name), value))
  );
}

/** Whether two lists have equal entries in the same order. */
export function areSame(
  a: readonly unknown[],
  b: readonly unknown[],
  isEqual: (one: unknown, other: unknown) => boolean = Object.is,
): boolean {
  return a.length === b.length && a.every((entry, i) => isEqual(entry, b[i]));
}

/** `after`, or `before` where it says the same. */
export function keep<Value>(before: Value, after: Value): Value {
  return isSameContent(before, after) ? before : after;
}
