/** A device in chaos, and when it and others have come to rest. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosWire } from './chaos-wire.ts';
import type { TestClient } from './make-client.ts';
import { rowsOf, type Disk } from './node-ports.ts';

/** What a storm is let to delay what is said next. */
const CATCH_UP_MS = 5_000;
/** Nothing more comes of what has been quiet for so long; and what a day may take in all. */
const QUIET_MS = 4_000;
const SETTLE_MS = 90_000;

/** One of the six. */
export interface Device {
  readonly username: string;
  /** Tells it from the others in what it says. */
  readonly name: string;
  readonly line: ChaosWire;
  readonly disk: Disk;
  client: TestClient;
  /** Whether it has no network. */
  isDark: boolean;
}

/** Whether these have sent everything, those with a network; waits a little for that. */
export async function haveSent(devices: readonly Device[]): Promise<boolean> {
  const until = Date.now() + CATCH_UP_MS;
  const waits = ({ disk, isDark }: Device): boolean => !isDark && rowsOf(disk, 'outbox') > 0;
  while (devices.some(waits)) {
    if (Date.now() >= until) return false;
    await delay(20);
  }
  return true;
}

/** Resolves when nobody has had anything to send and nothing has come for a while, or the time for that is over. */
export async function settle(devices: readonly Device[]): Promise<void> {
  const until = Date.now() + SETTLE_MS;
  let [before, since] = [-1, Date.now()];
  while (Date.now() < until && Date.now() - since < QUIET_MS) {
    await delay(100);
    const passed = devices.reduce((sum, { line: { wire } }) => sum + wire.heard.length + wire.said.length, 0);
    const isIdle = devices.every(
      ({ client, disk }) => client.state.connection.kind === 'online' && rowsOf(disk, 'outbox') === 0,
    );
    if (!isIdle || passed !== before) since = Date.now();
    before = passed;
  }
}
