/** The media worker of a call, and that it has ended. */
import { browserLifelines } from '../lifelines.ts';
import { startMediaWorker } from '../trusted-urls.ts';
import { hasKind } from '../window-link.ts';

export class MediaWorker {
  readonly worker: Worker;
  #isOver = false;
  #stopWatching: () => void = () => undefined;

  /** `port`: core's. `ended`: it has gone by itself, or could not begin. */
  constructor(port: MessagePort, ended: () => void) {
    const over = (): void => {
      if (this.#isOver) return;
      this.end();
      ended();
    };
    this.worker = startMediaWorker();
    this.worker.addEventListener('error', over);
    this.worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (!hasKind(data, 'lifeline') || !('name' in data) || typeof data.name !== 'string') return;
      if (!this.#isOver) this.#stopWatching = browserLifelines.onBreak(data.name, over);
    });
    this.worker.postMessage(undefined, [port]);
  }

  end(): void {
    this.#isOver = true;
    this.#stopWatching();
    this.worker.terminate();
  }
}
