/** Media frames between Node and real Chromium, under the product's script policy. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { CODECS, FrameOpener, FrameSealer, parseSenderKey, type FrameCodec } from '@tacet/crypto/sframe';
import { hexBytes, hexText } from '../support/mangle.ts';
import { openWorkerPage } from '../support/worker-page.ts';
import vectors from '../vectors/sframe.json' with { type: 'json' };
import type { SealedThere } from './sframe/sealed.ts';

declare const ask: (question: SealedThere) => Promise<{
  readonly published: string;
  readonly opened: readonly string[];
  readonly sealed: SealedThere;
}>;

const call = new Uint8Array(16).fill(5);
const codecs = Object.keys(CODECS) as FrameCodec[];

test('what Node seals Chromium opens, once and unchanged only, and the other way round', async ({ page }) => {
  const sealer = await FrameSealer.open({ call, purpose: 'screen', instance: 8, layers: 1 });
  const { instance, step, baseKey } = sealer.share();
  const frames = [];
  for (const codec of codecs) {
    frames.push({ codec, sealed: hexText(await sealer.seal(0, codec, Uint8Array.of(1, 2, 3, 4))) });
  }
  const there: SealedThere = {
    call: hexText(call),
    key: { instance, step, baseKey: hexText(baseKey) },
    frames,
  };

  const site = await openWorkerPage(join(import.meta.dirname, 'sframe', 'worker.ts'));
  try {
    expect(site.bundleBytes, 'no library comes along').toBeLessThan(20_000);
    await page.goto(site.url);
    const { published, opened, sealed } = await page.evaluate((question) => ask(question), there);
    expect(createHash('sha256').update(published).digest('hex')).toBe(vectors.frame.sha256.ct);
    expect(opened).toEqual(codecs.flatMap(() => ['01020304', 'replayed']));

    const opener = new FrameOpener({ call, purpose: 'screen' });
    await opener.addKey(parseSenderKey(sealed.key.instance, sealed.key.step, hexBytes(sealed.key.baseKey)));
    const results: string[] = [];
    for (const { codec, sealed: frame } of sealed.frames) {
      const result = await opener.open(codec, hexBytes(frame));
      results.push(result.kind === 'opened' ? hexText(result.frame) : result.why);
    }
    expect(results).toEqual([0, 1, 2, 3, 4, 5].map((number) => `0${number}02030405`));
  } finally {
    await site.close();
  }
});
