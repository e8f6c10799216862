/** The window's part of calls, driven as core drives it: ways between two people that open, break and end, and what is said over them. */
import { expect, test } from '@playwright/test';
import { callLaunchOptions } from '../support/chromium.ts';
import { CutLine } from '../support/cut-line.ts';
import { callPages } from './calls/open-page.ts';
import type { Rig } from './calls/page.ts';

declare const rig: Rig;
/** A port that stands for an address and port on a line; the second of a line is the other end of the first. */
declare const addEnd: (line: number, address: string, port: number) => Promise<number>;
declare const cutLine: (line: number) => Promise<void>;

test.use({ launchOptions: callLaunchOptions });
test.describe.configure({ mode: 'default' });
const open = callPages();

test('what is said over the channel arrives, and what is too long or too much does not', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const [ada, ben] = await rig.openTwo('audio');
    const refused = await ada.core.say({ connection: 1, bytes: Uint8Array.of(1) }).catch(String);
    await rig.connect([ada, ben]);
    for (const side of [ada, ben]) await side.hear('channel');
    await ada.core.say({ connection: 1, bytes: Uint8Array.of(1, 2, 3) });
    const { bytes } = await ben.hear('said');
    await ada.core.say({ connection: 1, bytes: new Uint8Array(17 * 1024) });
    for (let i = 0; i < 400; i += 1) await ada.core.say({ connection: 1, bytes: Uint8Array.of(4) });
    await rig.waitMs(2_000);
    await ada.core.say({ connection: 1, bytes: Uint8Array.of(5) });
    await ben.hear('said', (told) => told.bytes[0] === 5);
    const said = ben.told.filter((told) => told.kind === 'said');
    return {
      refused,
      bytes: [...bytes],
      longest: Math.max(...said.map((one) => one.bytes.length)),
      n: said.length,
    };
  });
  expect(seen.refused).toContain('gone');
  expect(seen.bytes).toEqual([1, 2, 3]);
  expect(seen.longest).toBe(3);
  expect(seen.n).toBeLessThan(400);
});

test('a way that is cut is told of and found anew, and the pictures go on', async ({ page }) => {
  const lines = [new CutLine(), new CutLine()];
  await page.exposeFunction('addEnd', (line: number, address: string, port: number) =>
    lines[line]?.add(address, port),
  );
  await page.exposeFunction('cutLine', (line: number) => lines[line]?.cut());
  await open(page);
  const seen = await page.evaluate(async () => {
    /** Descriptions with one candidate, which leads over a line. */
    const over = (line: number) => ({
      async description(text: string) {
        const found = /^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host/m.exec(text);
        if (found === null) throw new Error('no candidate');
        const [, address = '', port = ''] = found;
        const stands = await addEnd(line, address, Number(port));
        const candidate = `a=candidate:1 1 udp 2122260223 ${address} ${stands} typ host\r\n`;
        const others = text.replaceAll(/^a=candidate:.*\r\n/gm, '');
        return others.replace(/^a=ice-ufrag/m, `${candidate}a=ice-ufrag`);
      },
      candidates: () => [],
    });
    const sides = await rig.openTwo('video');
    const [ada, ben] = sides;
    await rig.connect(sides, 1, over(0));
    await rig.exchangeKeys(sides);
    for (const side of sides) await rig.release(side);
    await ben.flows(1, 'received', 'camera');
    await cutLine(0);
    for (const side of sides) await side.hear('way', ({ state }) => state !== 'connected');
    const states = ada.told.flatMap((told) => (told.kind === 'way' ? [told.state] : []));
    const stopped = await ben.isStill(1, 'received', 'camera');
    await rig.describe(ada, ben, 1, true, over(1));
    await rig.until(
      'connected again',
      () =>
        ada.told.filter((told) => told.kind === 'way' && told.state === 'connected').length > 1 || undefined,
    );
    for (const side of sides) {
      await side.flows(1, 'received', 'camera');
      await side.flows(1, 'received', 'audio');
    }
    return { states, stopped };
  });
  for (const line of lines) line.close();
  expect(seen).toEqual({ states: ['connected', 'interrupted'], stopped: true });
});

test('a stream that is stopped stays so, and a connection that is closed is gone', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const sides = await rig.talk('video');
    const [ada, ben] = sides;
    await ben.flows(1, 'received', 'camera');
    await ada.core.stopStream({ connection: 1, purpose: 'camera' });
    await ada.stage.setCamera(false);
    await ada.stage.setCamera(true);
    const still = await ada.isStill(1, 'sent', 'camera');
    const again = await ada.core.release({ connection: 1, purpose: 'camera' }).catch(String);
    const seesNone = ada.stage.theirs.value.camera === undefined;
    await ben.flows(1, 'received', 'audio');
    await ada.core.closeConnection({ connection: 1 });
    const gone = await ada.core.offer({ connection: 1, again: false }).catch(String);
    const other = await ada.core
      .openDirect({ connection: 1, streams: ada.streams(1), servers: [], turnOnly: false })
      .catch(String);
    await ada.core.endCall();
    return { still, again, seesNone, gone, other, on: ada.stage.on.value, mine: ada.stage.mine.value };
  });
  expect(seen).toEqual({
    still: true,
    again: expect.stringContaining('gone'),
    seesNone: true,
    gone: expect.stringContaining('gone'),
    other: expect.stringContaining('gone'),
    on: { microphone: false, camera: false, screen: false },
    mine: { camera: undefined, screen: undefined },
  });
});

test('a media worker that ends is told of, and its streams send nothing more', async ({ page }) => {
  await open(page);
  await page.evaluate(async () => {
    const sides = await rig.talk('video');
    const [ada] = sides;
    await ada.flows(1, 'sent', 'camera');
    Object.assign(globalThis, { sides });
  });
  await Promise.all(page.workers().map((worker) => worker.evaluate(() => close()).catch(() => undefined)));
  const seen = await page.evaluate(async () => {
    const { sides } = globalThis as unknown as { readonly sides: Awaited<ReturnType<Rig['talk']>> };
    for (const side of sides) await side.hear('media-ended');
    return sides[1].isStill(1, 'received', 'camera');
  });
  expect(seen).toBe(true);
});

test('descriptions that are not of a call are refused, and nothing comes of them', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const [ada, ben] = await rig.openTwo('audio');
    let number = 0;
    const answered: unknown[] = [];
    await ada.core.openDirect({ connection: 9, streams: ada.streams(9), servers: [], turnOnly: false });
    const offer = await ada.core.offer({ connection: 9, again: false });
    const section = /^m=video[^]*?(?=^m=)/m.exec(offer)?.[0] ?? '';
    const fifth = section.replace('a=mid:1', 'a=mid:9').replaceAll(/^a=(?:ssrc|msid).*\r\n/gm, '');
    for (const wrong of [
      `${offer.replace(/^a=group:BUNDLE .*$/m, '$& 9')}${fifth}`,
      '',
      'v=0',
      offer.replace(/^m=application[^]*/m, ''),
      offer.replace(section, ''),
      `${offer}${section}`,
      offer.replace('m=audio', 'm=video'),
      offer.replaceAll(/^a=fingerprint.*\r\n/gm, ''),
      offer.replaceAll('UDP/TLS/RTP/SAVPF', 'RTP/AVP').replaceAll(/^a=(?:fingerprint|setup).*\r\n/gm, ''),
    ]) {
      number += 1;
      await ben.core.openDirect({
        connection: number,
        streams: ben.streams(number),
        servers: [],
        turnOnly: false,
      });
      answered.push(await ben.core.answer({ connection: number, offer: wrong }).catch(String));
    }
    await ben.core.addCandidates({ connection: 1, lines: ['no candidate', 'candidate:1 1 udp x'] });
    return answered;
  });
  expect(seen).toHaveLength(9);
  for (const one of seen) expect(one).toContain('failed');
});
