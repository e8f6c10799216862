// How many checks or tests ended how.

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed, to be told once more at the end of a long output: a line or a few each. */
  readonly faults: readonly string[];
}

export const none: Outcome = { passed: 0, failed: 0, skipped: 0, faults: [] };

/** One thing that failed. */
export function fault(told: string): Outcome {
  return { ...none, failed: 1, faults: [told] };
}

export function add(a: Outcome, b: Outcome): Outcome {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    faults: [...a.faults, ...b.faults],
  };
}
