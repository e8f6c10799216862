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

const ROUNDS = Number(process.env['TACET_BENCH_ROUNDS'] ?? '400');
/** Attempts of each kind before anything is counted. */
const WARM = 50;

/** Runs the benchmark. `difference_us`: known less unknown; `noise_us`: unknown less another unknown; both of medians. */
export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'tacet-bench-'));
  const server = await startServer({ dataDir: folder, settings: { TACET_RATE_FACTOR: '1000' } });
  try {
    const at = { url: server.origin };
    const { username: known } = await makeAccount(at);
    const names = { known, unknown: makeUsername(), other: makeUsername() };
    const kinds = ['known', 'unknown', 'other'] as const;
    const times = { known: [] as number[], unknown: [] as number[], other: [] as number[] };
    const key = makeSigningKey();
    const device = makeDevice();
    for (let round = -WARM; round < ROUNDS; round++) {
      // Each kind comes first, second and third equally often.
      for (let turn = 0; turn < kinds.length; turn++) {
        const kind = kinds[(turn + round + WARM) % kinds.length] ?? 'known';
        const request = {
          origin: at.url,
          challenge: await freshChallenge(at),
          username: names[kind],
          device: idBytes(device.id),
          sessionKey: device.sessionKey.publicKey,
        };
        const body = signRequest(signedLogin, request, key);
        const from = performance.now();
        const { code } = await callRoute(at.url, login, { body });
        if (code !== 'login-refused') throw new Error(`answered ${code ?? 'nothing'}`);
        if (round >= 0) times[kind].push(performance.now() - from);
      }
    }
    progress(`${String(ROUNDS)} attempts of each kind`);
    const median = (kind: (typeof kinds)[number]): number => quantile(times[kind], 0.5);
    const spread = (kind: (typeof kinds)[number]): number =>
      quantile(times[kind], 0.9) - quantile(times[kind], 0.1);
    return {
      attempts: ROUNDS,
      known_p50_ms: Number(median('known').toFixed(3)),
      unknown_p50_ms: Number(median('unknown').toFixed(3)),
      difference_us: Math.round((median('known') - median('unknown')) * 1000),
      noise_us: Math.round((median('unknown') - median('other')) * 1000),
      spread_us: Math.round(spread('unknown') * 1000),
    };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
