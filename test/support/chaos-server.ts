/** A server that is killed and started again at the same address, and somebody there who uses up other people's one-time prekeys. */
import { setTimeout as delay } from 'node:timers/promises';
import type { AccountId } from '@tacet/protocol/ids';
import { readServer, strangerBundles } from '@tacet/protocol/rest/people';
import { makeAccount, tryRenew, type WireAccount } from './make-account.ts';
import { callRoute } from './rest-client.ts';
import { startServer, type ServerProcess } from './server-process.ts';

const SETTINGS = { TACET_RATE_FACTOR: '1000' } as const;

export class ChaosServer {
  readonly #dataDir: string;
  readonly #attacker: WireAccount;
  #process: ServerProcess;

  private constructor(dataDir: string, process: ServerProcess, attacker: WireAccount) {
    this.#dataDir = dataDir;
    this.#process = process;
    this.#attacker = attacker;
  }

  /** Starts one on an empty folder. */
  static async open(dataDir: string): Promise<ChaosServer> {
    const process = await startServer({ dataDir, settings: SETTINGS });
    return new ChaosServer(dataDir, process, await makeAccount({ url: process.origin }));
  }

  get origin(): string {
    return this.#process.origin;
  }

  /** SIGKILL in the middle of whatever it does, and a start. */
  async killAndStart(): Promise<void> {
    const { port } = new URL(this.origin);
    await this.#process.kill();
    const settings = { ...SETTINGS, TACET_PORT: port };
    this.#process = await startServer({ dataDir: this.#dataDir, settings });
    await this.#forgetConnections();
  }

  /** The attacker asks for bundles of an account until none of its devices has a one-time prekey left. */
  async exhaust(account: AccountId): Promise<void> {
    const url = this.origin;
    const [device] = this.#attacker.devices;
    if (device === undefined) throw new Error('an account without a device');
    // A server that was started again knows no token.
    await tryRenew({ url }, device);
    for (let left = true; left;) {
      const request = { body: { account }, token: device.token };
      const { body, code, retryAfterMs = 100 } = await callRoute(url, strangerBundles, request);
      if (code === undefined) left = body.bundles.some(({ oneTime }) => oneTime !== undefined);
      else if (code === 'overloaded') await delay(retryAfterMs);
      else throw new Error(`no bundles: ${code}`);
    }
  }

  /** Requests of this process meet connections to the server that was killed, until none is left. */
  async #forgetConnections(): Promise<void> {
    for (;;) {
      try {
        await callRoute(this.origin, readServer);
        return;
      } catch {
        await delay(50);
      }
    }
  }

  close(): Promise<void> {
    return this.#process.kill();
  }
}
