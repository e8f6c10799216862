/** The power of a device in Node: it may go at any step that core takes, and nothing under way comes back after it. */

/**
 * What core asks of a port: a transaction begun to read or to write, a commit that is on disk, a request sent, its answer taken, a socket
 * opened, a frame sent, a timer set.
 */
export type Step = 'read' | 'write' | 'commit' | 'request' | 'answer' | 'socket' | 'frame' | 'timer';

/** Something that ends when the device does. */
export class Power {
  #isOff = false;
  #fails: (step: Step) => boolean = () => false;
  #lostAt: Step | undefined;
  readonly #taken = new Map<Step, number>();
  readonly #onLoss: (() => void)[] = [];

  get isOff(): boolean {
    return this.#isOff;
  }
  /** How many steps of each kind were taken so far. */
  get taken(): ReadonlyMap<Step, number> {
    return this.#taken;
  }
  /** The step that was not taken any more. */
  get lostAt(): Step | undefined {
    return this.#lostAt;
  }
  /** Loses power when `steps` more have been taken, timers not counted. */
  failAfter(steps: number): void {
    let left = steps;
    this.failWhen((step) => step !== 'timer' && left-- <= 0);
  }
  /** Loses power at the first step of which `fails` says so; it is asked once for each, before it is taken. */
  failWhen(fails: (step: Step) => boolean): void {
    this.#fails = fails;
  }
  /** One step; false when the power is gone. */
  step(step: Step): boolean {
    if (this.#isOff) return false;
    if (this.#fails(step)) {
      this.#lostAt = step;
      this.cut();
      return false;
    }
    this.#taken.set(step, (this.#taken.get(step) ?? 0) + 1);
    return true;
  }
  onLoss(run: () => void): void {
    this.#onLoss.push(run);
  }
  cut(): void {
    if (this.#isOff) return;
    this.#isOff = true;
    for (const run of this.#onLoss.splice(0)) run();
  }
}
