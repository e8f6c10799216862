/** A server as a process of its own, of which a test sees what it holds: memory after a collection, handles, rows, what it printed. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { DATABASE_FILE } from '../../server/store/database-file.ts';
import { startServer } from './server-process.ts';

export interface WatchedServer {
  /** `http://host:port` */
  readonly url: string;
  /** `ws://host:port` */
  readonly socketOrigin: string;
  readonly port: number;
  /** Whether the process is still the one that was started. */
  isAlive(): boolean;
  /** What it printed beside the line that it is open: nothing, while nothing is wrong. */
  complaints(): string;
  /** Rows of all tables together. */
  rows(): number;
  /** Open file handles, sockets among them; 0 where the system does not tell. */
  handles(): number;
  /** Waits until it holds at most as many handles; gives up after half a minute. */
  untilHandles(most: number): Promise<number>;
  /** Bytes on its heap and beside it, after everything that can go has gone. */
  heldBytes(): Promise<number>;
  /** Does it, again and again where the server had not the time for it: a busy machine is no fault. */
  patiently<Value>(work: () => Promise<Value>): Promise<Value>;
  kill(): Promise<void>;
}

const COLLECTED = 'collected;';
/** Collects garbage when it is told to, and says so. */
const COLLECTS = `data:text/javascript,process.on('SIGUSR2',()=>{gc();process.stdout.write('${COLLECTED}')})`;
const LOOK_MS = 50;
const LOOKS = 600;

/** Starts it on a folder, with limits so wide that they keep nothing away. */
export async function startWatchedServer(dataDir: string): Promise<WatchedServer> {
  const server = await startServer({
    dataDir,
    settings: {
      TACET_RATE_FACTOR: '1000',
      TACET_CLIENT_DIR: join(dataDir, 'no-client'),
      TACET_LOG_LEVEL: 'warn',
    },
    nodeArguments: ['--expose-gc', '--import', COLLECTS],
  });
  const { output, pid } = server;
  const database = new Sqlite(join(dataDir, DATABASE_FILE), { readonly: true });
  const names = database
    .prepare<[], { name: string }>("select name from sqlite_master where type = 'table'")
    .all();
  const counts = names.map(({ name }) => `(select count(*) from "${name}")`);
  const count = database.prepare<[], { n: number }>(`select ${counts.join(' + ')} as n`);
  const until = async (isThere: () => boolean): Promise<void> => {
    for (let look = 0; look < LOOKS && !isThere(); look += 1) await setTimeout(LOOK_MS);
  };
  const handles = (): number => {
    try {
      return readdirSync(`/proc/${String(pid)}/fd`).length;
    } catch {
      return 0;
    }
  };
  /** A number of its metrics; 0 for one that has not been counted yet. */
  const measure = async (name: string): Promise<number> => {
    const text = await (await fetch(`${server.origin}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length) ?? 0,
    );
  };
  let [collections, overloads] = [0, 0];
  return {
    url: server.origin,
    socketOrigin: server.socketOrigin,
    port: Number(new URL(server.origin).port),
    isAlive() {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    },
    complaints: () =>
      output()
        .replaceAll(COLLECTED, '')
        .replaceAll(/^(?:Tacet is open at|First invite,) .*\n/gm, ''),
    rows: () => count.get()?.n ?? 0,
    handles,
    async untilHandles(most) {
      await until(() => handles() <= most);
      return handles();
    },
    async heldBytes() {
      collections += 1;
      process.kill(pid, 'SIGUSR2');
      await until(() => output().split(COLLECTED).length > collections);
      return (await measure('nodejs_heap_size_used_bytes')) + (await measure('nodejs_external_memory_bytes'));
    },
    async patiently(work) {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          const now = await measure('tacet_http_refusals_total{code="overloaded"}');
          if (now === overloads) throw error;
          overloads = now;
        }
      }
    },
    async kill() {
      database.close();
      await server.kill();
    },
  };
}
