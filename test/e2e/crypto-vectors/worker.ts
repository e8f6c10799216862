/** Replays recorded conversations in a browser's worker. */
import vectors from '../../vectors/session.json' with { type: 'json' };
import { replaySession } from '../../vectors/replay-session.ts';
import type { RecordedSession } from '../../vectors/replay-session.ts';

declare const self: {
  onmessage: () => void;
  postMessage(
    answer: { readonly value: readonly (readonly [string, number])[] } | { readonly error: string },
  ): void;
};

async function replayAll(): Promise<void> {
  try {
    const done: [string, number][] = [];
    for (const session of vectors.sessions as readonly unknown[] as readonly RecordedSession[]) {
      done.push([session.name, await replaySession(session)]);
    }
    self.postMessage({ value: done });
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : 'unknown' });
  }
}

self.onmessage = () => {
  // oxlint-disable-next-line typescript/no-floating-promises -- `replayAll` reports its own failures
  replayAll();
};
