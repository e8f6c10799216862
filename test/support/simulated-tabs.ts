/**
 * Tabs of one simulated browser: locks, lifelines, channels and time as browsers have them, in one thread and in an order that the test
 * decides. A tab can be frozen (nothing of it runs, what is said to it waits), thawed, and killed without a word.
 */
import type { Lifelines, OwnerLock, TabChannel, TabPorts } from '@tacet/client/core/ports';

interface Task {
  readonly tab: SimulatedTab;
  readonly run: () => void;
}
interface Timer extends Task {
  readonly at: number;
}
interface Request extends Task {
  /** The hold was taken away. */
  readonly robbed: () => void;
}

/** One tab, as the browser sees it. */
export class SimulatedTab {
  state: 'alive' | 'frozen' | 'dead' = 'alive';
}

/** A browser profile. `pick` chooses among `count` tasks that could run next. */
export class SimulatedBrowser {
  readonly #pick: (count: number) => number;
  readonly #tasks: Task[] = [];
  readonly #timers: Timer[] = [];
  readonly #locks = new Map<string, { holder: Request | undefined; line: Request[] }>();
  readonly #channels = new Map<
    string,
    Set<{ readonly tab: SimulatedTab; receive(message: unknown): void }>
  >();
  #now = 1_000;
  #random = 0;

  constructor(pick: (count: number) => number) {
    this.#pick = pick;
  }

  /** Puts a task in the tab's queue. */
  post(tab: SimulatedTab, run: () => void): void {
    this.#tasks.push({ tab, run });
  }

  /** Runs one task of a tab that can run, or moves time to the next timer. `calm`: time waits for tasks. False when nothing is left. */
  async step(calm = false): Promise<boolean> {
    const ready = this.#tasks.filter(({ tab }, i) => {
      if (tab.state !== 'alive') return false;
      // A tab's tasks run in their order.
      return this.#tasks.findIndex((other) => other.tab === tab) === i;
    });
    // One choice more than tasks: time goes on although something could run, as on a busy machine.
    const task = ready[this.#pick(ready.length + (calm && ready.length > 0 ? 0 : 1))];
    if (task !== undefined) {
      this.#tasks.splice(this.#tasks.indexOf(task), 1);
      task.run();
      await this.#settle();
      return true;
    }
    const timer = this.#timers.filter(({ tab }) => tab.state === 'alive').toSorted((a, b) => a.at - b.at)[0];
    if (timer === undefined) return ready.length > 0;
    this.#timers.splice(this.#timers.indexOf(timer), 1);
    this.#now = Math.max(this.#now, timer.at);
    this.post(timer.tab, timer.run);
    return true;
  }

  /** Goes on calmly until `test` holds; false if it does not within a minute of the browser's time. */
  async until(test: () => boolean): Promise<boolean> {
    const deadline = this.#now + 60_000;
    while (!test() && this.#now < deadline) if (!(await this.step(true))) break;
    return test();
  }

  /** Ends a tab as a crash does. */
  kill(tab: SimulatedTab): void {
    tab.state = 'dead';
    for (const set of this.#channels.values()) {
      for (const end of set) if (end.tab === tab) set.delete(end);
    }
    for (const lock of this.#locks.values()) {
      lock.line = lock.line.filter((request) => request.tab !== tab);
      if (lock.holder?.tab === tab) lock.holder = undefined;
    }
    this.#grant();
  }

  /** The ports of a tab. */
  portsOf(tab: SimulatedTab): TabPorts {
    return {
      build: 'one',
      clock: {
        now: () => this.#now,
        after: (delayMs, run) => {
          const timer = { tab, run, at: this.#now + delayMs };
          this.#timers.push(timer);
          return () => {
            const at = this.#timers.indexOf(timer);
            if (at >= 0) this.#timers.splice(at, 1);
          };
        },
      },
      random: (length) => {
        this.#random += 1;
        return new Uint8Array(length).fill(this.#random & 0xff).fill(this.#random >> 8, 0, 1);
      },
      lock: this.#ownerLock(tab),
      lifelines: this.#lifelines(tab),
      openChannel: (name, receive) => this.#openChannel(tab, name, receive),
    };
  }

  /** Lets promises that nothing waits for outside run out. */
  async #settle(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  #lockOf(name: string): { holder: Request | undefined; line: Request[] } {
    const lock = this.#locks.get(name) ?? { holder: undefined, line: [] };
    this.#locks.set(name, lock);
    return lock;
  }

  #grant(): void {
    for (const lock of this.#locks.values()) {
      const next = lock.holder === undefined ? lock.line.shift() : undefined;
      if (next === undefined) continue;
      lock.holder = next;
      this.post(next.tab, next.run);
    }
  }

  #ownerLock(tab: SimulatedTab): OwnerLock {
    const lock = this.#lockOf('owner');
    let mine: Request | undefined;
    return {
      acquire: ({ steal, lost }) =>
        new Promise((resolve) => {
          if (mine !== undefined && lock.holder === mine) return resolve();
          lock.line = lock.line.filter((request) => request !== mine);
          const request: Request = { tab, run: resolve, robbed: lost };
          mine = request;
          if (steal) {
            const { holder } = lock;
            if (holder !== undefined) this.post(holder.tab, holder.robbed);
            lock.holder = request;
            this.post(tab, resolve);
          } else {
            lock.line.push(request);
            this.#grant();
          }
          return undefined;
        }),
      holds: async () => mine !== undefined && lock.holder === mine,
      release: () => {
        lock.line = lock.line.filter((request) => request !== mine);
        if (lock.holder === mine) lock.holder = undefined;
        this.#grant();
      },
    };
  }

  #lifelines(tab: SimulatedTab): Lifelines {
    const ask = (name: string, run: () => void): Request => {
      const request = { tab, run, robbed: () => undefined };
      this.#lockOf(name).line.push(request);
      this.#grant();
      return request;
    };
    const leave = (name: string, request: Request): void => {
      const lock = this.#lockOf(name);
      lock.line = lock.line.filter((other) => other !== request);
      if (lock.holder === request) lock.holder = undefined;
      this.#grant();
    };
    return {
      hold: (name) =>
        new Promise((resolve) => {
          const request: Request = ask(name, () => resolve(() => leave(name, request)));
        }),
      onBreak: (name, run) => {
        let isOver = false;
        const request: Request = ask(name, () => {
          leave(name, request);
          if (!isOver) run();
        });
        return () => {
          isOver = true;
          leave(name, request);
        };
      },
    };
  }

  #openChannel(tab: SimulatedTab, name: string, receive: (message: unknown) => void): TabChannel {
    const ends = this.#channels.get(name) ?? new Set();
    this.#channels.set(name, ends);
    const end = { tab, receive };
    ends.add(end);
    return {
      post: (message) => {
        const copy: unknown = structuredClone(message);
        for (const other of ends) {
          if (other === end || tab.state === 'dead') continue;
          this.post(other.tab, () => {
            if (ends.has(other)) other.receive(copy);
          });
        }
      },
      close: () => {
        ends.delete(end);
      },
    };
  }
}
