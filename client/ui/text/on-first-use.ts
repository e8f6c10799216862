/** The browser's formatters cost a millisecond or more each to make, and most starts use two of a dozen. */

/** Gives the value that `make` makes, once and when it is first asked for. */
export function onFirstUse<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => (made ??= make());
}
