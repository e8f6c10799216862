/**
 * `bench frames`: what the encryption of a media frame costs in a worker of headless Chromium, in microseconds: encrypted and decrypted
 * once, each through a stream as the browser gives one. Tacet beside LiveKit's FrameCryptor (npm `livekit-client`) and a transform that
 * passes on what it gets, in turns in one run. VP8 delta frames of random bytes; the median of the rounds. Only differences within one run
 * mean anything.
 */
import { join } from 'node:path';
import { openChromiumWorker, type ChromiumWorker } from './chromium/open-worker.ts';
import { median } from './figures/median.ts';
import { engines, type Answer, type EngineName, type Question } from './frames/question.ts';

const SIZES_KB = [1, 10, 50] as const;
const ROUNDS = Number(process.env['TACET_BENCH_ROUNDS'] ?? '25');
/** Frames of one measurement: enough for the clock of a worker, few enough that all of them fit into its memory. */
const FRAMES = 200;

interface Figures {
  readonly totalUs: number;
  readonly encryptUs: number;
  readonly decryptUs: number;
}

async function measure(
  browser: ChromiumWorker<Question, Answer>,
  kb: number,
): Promise<Readonly<Record<EngineName, Figures>>> {
  const rounds: Record<EngineName, Answer[]> = { passthrough: [], tacet: [], livekit: [] };
  // Two rounds to warm up, not counted. Who begins changes from round to round.
  for (let round = -2; round < ROUNDS; round += 1) {
    for (let turn = 0; turn < engines.length; turn += 1) {
      const engine = engines[(round + 2 + turn) % engines.length];
      if (engine === undefined) continue;
      const answer = await browser.ask({ engine, sizeBytes: kb * 1024, frames: FRAMES });
      if (round >= 0) rounds[engine].push(answer);
    }
  }
  const figures = (engine: EngineName): Figures => {
    const of = (pick: (answer: Answer) => number) => Math.round(median(rounds[engine].map(pick)) * 10) / 10;
    return {
      totalUs: of(({ encryptUs, decryptUs }) => encryptUs + decryptUs),
      encryptUs: of(({ encryptUs }) => encryptUs),
      decryptUs: of(({ decryptUs }) => decryptUs),
    };
  };
  return { passthrough: figures('passthrough'), tacet: figures('tacet'), livekit: figures('livekit') };
}

export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const browser = await openChromiumWorker<Question, Answer>(
    join(import.meta.dirname, 'frames', 'worker.ts'),
  );
  try {
    const sizes: Record<string, unknown>[] = [];
    for (const kb of SIZES_KB) {
      const { tacet, livekit, passthrough } = await measure(browser, kb);
      const figures = {
        kb,
        tacet_us: tacet.totalUs,
        livekit_us: livekit.totalUs,
        passthrough_us: passthrough.totalUs,
        tacet_encrypt_us: tacet.encryptUs,
        tacet_decrypt_us: tacet.decryptUs,
        livekit_encrypt_us: livekit.encryptUs,
        livekit_decrypt_us: livekit.decryptUs,
      };
      progress(JSON.stringify(figures));
      sizes.push(figures);
    }
    return { sizes };
  } finally {
    await browser.close();
  }
}
