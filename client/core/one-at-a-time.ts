/** Work that may be asked for faster than it is done: by a server that tells of news without end, or by many parts at a time. */

/**
 * A way of asking for `work` that never runs it twice at a time. Whoever asks while it runs gets the one run that begins after it: what
 * was new when he asked is seen by it, and any number of askings cost one.
 */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function begin(): Promise<void> {
    const run = work();
    running = run;
    const over = (): void => {
      if (running === run) running = undefined;
    };
    run.then(over, over);
    return run;
  }

  return () => {
    if (running === undefined) return begin();
    next ??= running
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        next = undefined;
        return begin();
      });
    return next;
  };
}
