/** This project's engine in a browser's worker: answers each question by one measurement. */
import * as ours from '../../crypto/index.ts';
import { openBench } from './work.ts';
import type { Bench, Task } from './work.ts';

interface Question {
  readonly task: Task;
  readonly durationMs: number;
}

declare const self: {
  onmessage: (event: { readonly data: Question }) => void;
  postMessage(answer: { readonly value: number } | { readonly error: string }): void;
};

let bench: Promise<Bench> | undefined;

async function start(): Promise<Bench> {
  await ours.ready();
  return openBench(ours);
}

async function answer({ task, durationMs }: Question): Promise<void> {
  try {
    bench ??= start();
    self.postMessage({ value: await (await bench).run(task, durationMs) });
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : 'unknown' });
  }
}

self.onmessage = ({ data }) => {
  // oxlint-disable-next-line typescript/no-floating-promises -- `answer` reports its own failures
  answer(data);
};
