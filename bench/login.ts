/**
 * `bench login`: whether the time of a refused sign-in tells if the name exists. Three kinds of attempts take turns: a known name with a
 * wrong key, an unknown name, and another unknown name that shows how much two series differ that do the same work.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  freshChallenge,
  makeAccount,
  makeDevice,
  makeSigningKey,
  makeUsername,
  signRequest,
} from '../test/support/make-account.ts';
import { startServer } from '../test/support/server-process.ts';
import { callRoute } from '../test/support/rest-client.ts';
import { login } from '../protocol/rest/sessions.ts';
import { idBytes } from '../protocol/ids.ts';
import { signedLogin } from '../protocol/signed/requests.ts';
import { quantile } from './messaging/phases.ts';

const KINDS = ['known', 'unknown', 'other'] as const;
type Kind = (typeof KINDS)[number];
const ROUNDS = Number(process.env['TACET_BENCH_ROUNDS'] ?? '400');
/** Attempts of each kind before anything is counted. */
const WARM = 50;

/**
 * Runs the benchmark. `difference_us`: known less unknown; `noise_us`: unknown less another unknown; both of medians, and of the fastest
 * tenths, which other work on the machine touches least.
 */
export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'tacet-bench-'));
  const server = await startServer({ dataDir: folder, settings: { TACET_RATE_FACTOR: '1000' } });
  try {
    const site = { url: server.origin };
    const { username: known } = await makeAccount(site);
    const names = { known, unknown: makeUsername(), other: makeUsername() };
    const times = { known: [] as number[], unknown: [] as number[], other: [] as number[] };
    const key = makeSigningKey();
    const device = makeDevice();
    for (let round = -WARM; round < ROUNDS; round++) {
      // Each kind comes first, second and third equally often.
      for (let turn = 0; turn < KINDS.length; turn++) {
        const kind = KINDS[(turn + round + WARM) % KINDS.length] ?? 'known';
        const request = {
          origin: site.url,
          challenge: await freshChallenge(site),
          username: names[kind],
          device: idBytes(device.id),
          sessionKey: device.sessionKey.publicKey,
        };
        const body = signRequest(signedLogin, request, key);
        const from = performance.now();
        const { code } = await callRoute(site.url, login, { body });
        if (code !== 'login-refused') throw new Error(`answered ${code ?? 'nothing'}`);
        if (round >= 0) times[kind].push(performance.now() - from);
      }
    }
    progress(`${String(ROUNDS)} attempts of each kind`);
    const at = (kind: Kind, part: number): number => quantile(times[kind], part);
    const lessUs = (kind: Kind, other: Kind, part: number): number =>
      Math.round((at(kind, part) - at(other, part)) * 1000);
    return {
      attempts: ROUNDS,
      known_p50_ms: Number(at('known', 0.5).toFixed(3)),
      unknown_p50_ms: Number(at('unknown', 0.5).toFixed(3)),
      difference_us: lessUs('known', 'unknown', 0.5),
      noise_us: lessUs('unknown', 'other', 0.5),
      difference_fastest_us: lessUs('known', 'unknown', 0.1),
      noise_fastest_us: lessUs('unknown', 'other', 0.1),
      spread_us: Math.round((at('unknown', 0.9) - at('unknown', 0.1)) * 1000),
    };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
