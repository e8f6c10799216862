/** A server that is killed and started again at the same address, and somebody there who uses up other people's one-time prekeys. */
import { setTimeout as delay } from 'node:timers/promises';
import type { AccountId } from '@tacet/protocol/ids';
import { readServer, strangerBundles } from '@tacet/protocol/rest/people';
import { findLastingPort } from './lasting-port.ts';
import { makeAccount, tryRenew, type WireAccount } from './make-account.ts';
import { callRoute } from './rest-client.ts';
import { startServer, type ServerProcess, type ServerProcessOptions } from './server-process.ts';

/** Nobody has so many one-time prekeys that it takes as long as this to ask for all of them, on the busiest machine. */
const EXHAUST_WITHIN_MS = 300_000;

export class ChaosServer {
  readonly #options: ServerProcessOptions;
  readonly #attacker: WireAccount;
  #process: ServerProcess;

  private constructor(options: ServerProcessOptions, process: ServerProcess, attacker: WireAccount) {
    this.#options = options;
    this.#process = process;
    this.#attacker = attacker;
  }

  /** Starts one on an empty folder. */
  static async open(dataDir: string): Promise<ChaosServer> {
    const settings = { TACET_RATE_FACTOR: '1000', TACET_PORT: await findLastingPort() };
    const options = { dataDir, settings };
    const process = await startServer(options);
    return new ChaosServer(options, process, await makeAccount({ url: process.origin }));
  }

  get origin(): string {
    return this.#process.origin;
  }

  /** SIGKILL in the middle of whatever it does, and a start. */
  async killAndStart(): Promise<void> {
    await this.#process.kill();
    this.#process = await startServer(this.#options);
    await this.#forgetConnections();
  }

  /** The attacker asks for bundles of an account until none of its devices has a one-time prekey left. */
  async exhaust(account: AccountId): Promise<void> {
    const url = this.origin;
    const [device] = this.#attacker.devices;
    if (device === undefined) throw new Error('an account without a device');
    // A server that was started again knows no token.
    await tryRenew({ url }, device);
    const until = performance.now() + EXHAUST_WITHIN_MS;
    for (let left = true; left;) {
      if (performance.now() > until) throw new Error('one-time prekeys without end');
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
