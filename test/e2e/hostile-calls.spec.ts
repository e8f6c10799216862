/**
 * Whoever stands between two people who call each other is hostile: the media server, the network, or whoever would have a call in the clear.
 * Rows A60, A61, A63 and A64.
 */
import type { Page, Worker } from '@playwright/test';
import { FrameOpener, FrameSealer, parseSenderKey } from '@tacet/crypto/sframe';
import { WITH_CALLS } from '../support/call-settings.ts';
import { findWorker } from '../support/media-worker.ts';
import { captureFrames, tapMediaServer } from '../support/captured-frames.ts';
import { en } from '../../client/ui/text/en.ts';
import { ADA, BOB } from './beginning.ts';
import { CAMERAS, expect, test } from './fixtures.ts';
import { Caller } from './pages/call.page.ts';
import type { Person } from './pages/person.page.ts';
import { arrivedPackets, keepConnections } from './ways.ts';

test.use({
  calling: {
    settings: WITH_CALLS,
    args: ['--webrtc-ip-handling-policy=disable_non_proxied_udp'],
  },
});

/** What core tells the media worker of keys, as the device that receives knows them. */
interface ToldKey {
  readonly call: number[];
  readonly purpose: string;
  readonly instance: number;
  readonly step: number;
  readonly baseKey: number[];
}

const FRAMES = 30;

/** Before the first server of this process begins. */
const tapped = tapMediaServer();
test.afterAll(() => tapped.stop());

test.beforeAll(() => findWorker());

/** A video call through the media server, the frames of both cameras as it has them, and the keys that Bob has. */
async function capture(ada: Person, bob: Person) {
  const before = tapped.producers.length;
  await Promise.all(bob.page.workers().map(noteKeys));
  const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
  await caller.call('video');
  await callee.expectRing('video');
  await callee.accept();
  await Promise.all([caller.expectColour(CAMERAS.bob), callee.expectColour(CAMERAS.ada)]);
  const cameras = tapped.producers.slice(before).filter(({ producer }) => producer.kind === 'video');
  expect(cameras).toHaveLength(2);
  const keys = (await Promise.all(bob.page.workers().map(notedKeys))).flat();
  const cameraKeys = keys.filter(({ purpose }) => purpose === 'camera');
  expect(cameraKeys.length).toBeGreaterThan(0);
  const captured: (readonly Uint8Array[])[] = [];
  for (const camera of cameras) captured.push(await captureFrames(camera, FRAMES));
  return { caller, cameraKeys, captured };
}

/** Of two streams the one that these keys open. */
async function openedBy(
  keys: readonly ToldKey[],
  captured: readonly (readonly Uint8Array[])[],
): Promise<readonly Uint8Array[]> {
  for (const frames of captured) {
    if ((await verdict(await openerOf(keys), frames[0] ?? new Uint8Array())) === 'opened') return frames;
  }
  throw new Error('neither is what these keys are for');
}

test('A60: what the media server holds shows nothing without the keys, and all with them', async ({
  ada,
  bob,
}) => {
  const { caller, cameraKeys, captured } = await capture(ada, bob);
  for (const frames of captured) {
    for (const some of [frames, ...frames.slice(0, 8).map((frame) => [frame])])
      expect(await decode(ada.page, some), 'without keys no picture comes of it').toEqual([]);
  }
  const opener = await openerOf(cameraKeys);
  const plain: Uint8Array[] = [];
  for (const frame of await openedBy(cameraKeys, captured)) {
    const result = await opener.open('vp8', Uint8Array.from(frame));
    if (result.kind === 'opened') plain.push(result.frame);
  }
  expect(plain).toHaveLength(FRAMES);
  const shown = await decode(ada.page, plain);
  expect(shown.length).toBeGreaterThan(FRAMES / 2);
  for (const [i, value] of CAMERAS.ada.entries())
    expect(Math.abs((shown.at(-1)?.[i] ?? 0) - value)).toBeLessThan(40);
  expect(await verdict(opener, await ownFrame(cameraKeys[0]))).toMatch(/^(?:no-key|unauthentic)$/);
  await caller.hangUp();
});

test('A61: frames that the media server sends again, exchanges, cuts short or changes are refused', async ({
  ada,
  bob,
}) => {
  const { caller, cameraKeys, captured } = await capture(ada, bob);
  const frames = await openedBy(cameraKeys, captured);
  const opener = await openerOf(cameraKeys);
  const [first = new Uint8Array(), second = new Uint8Array()] = frames;
  // Later ones that come first are taken, and those before them still; each once.
  expect(await verdict(opener, second)).toBe('opened');
  for (const at of [0, Math.floor(first.length / 2), first.length - 1]) {
    const changed = Uint8Array.from(first);
    changed[at] = (changed[at] ?? 0) ^ (at === 0 ? 0x02 : 0x01);
    expect(await verdict(opener, changed)).toBe('unauthentic');
  }
  expect(await verdict(opener, first.subarray(0, first.length - 1))).toBe('unauthentic');
  expect(await verdict(opener, first.subarray(0, 9))).toMatch(/^(?:malformed|unauthentic|no-key)$/);
  expect(await verdict(opener, first)).toBe('opened');
  for (const frame of frames.slice(2)) expect(await verdict(opener, frame)).toBe('opened');
  for (const frame of frames.toReversed()) expect(await verdict(opener, frame)).toBe('replayed');
  const other = await openerOf(cameraKeys, 'screen');
  for (const frame of frames) expect(await verdict(other, frame)).toBe('unauthentic');
  await caller.hangUp();
});

test.describe('with nobody but the two', () => {
  test.use({ calling: {} });

  test('A63: who puts another fingerprint in the place of a certificate’s gets no call', async ({
    ada,
    bob,
  }) => {
    // As it is for somebody between the two, whose certificate is another one.
    await bob.page.evaluate(() => {
      const taken = Reflect.get(RTCPeerConnection.prototype, 'setRemoteDescription');
      RTCPeerConnection.prototype.setRemoteDescription = function (
        this: RTCPeerConnection,
        { type, sdp }: RTCSessionDescriptionInit,
      ) {
        const other = sdp?.replaceAll(/^(a=fingerprint:sha-256 )(..)/gm, (_, name: string, byte: string) => {
          return name + (byte === 'AB' ? 'AC' : 'AB');
        });
        return Reflect.apply(taken, this, [{ type, sdp: other ?? '' }]) as Promise<void>;
      };
    });
    const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
    await caller.call('voice');
    await callee.expectRing('voice');
    await callee.accept();
    await caller.expectEnd(en.calls.ended.failed);
    await callee.expectEnd(en.calls.ended.failed);
    for (const { timeline } of [ada, bob])
      await expect(timeline.getByText(en.calls.lines.audio.failed)).toHaveCount(1);
  });

  test('A64: a browser that cannot encrypt frames neither makes nor takes a call, and says why', async ({
    ada,
    bob,
  }) => {
    await bob.page.addInitScript(() => {
      Reflect.deleteProperty(globalThis, 'RTCRtpScriptTransform');
    });
    await bob.page.reload();
    const words = en.calls.obstacle.texts['no-frame-encryption'];
    await bob.button(en.calls.voice).click();
    await expect(bob.page.getByText(words)).toBeVisible();
    await bob.page.keyboard.press('Escape');
    const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
    await caller.call('voice');
    await callee.expectRing('voice');
    await expect(bob.page.getByText(words)).toBeVisible();
    await expect(bob.button(en.calls.incoming.accept)).toHaveCount(0);
    await bob.button(en.calls.incoming.decline).click();
    await caller.expectEnd(en.calls.ended.declined);
  });

  test('A64: a browser that lets frames past the media worker is stopped, and says so', async ({
    ada,
    bob,
  }) => {
    await ada.page.evaluate(letFramesPast);
    await Promise.all([ada, bob].map(({ page }) => keepConnections(page)));
    const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
    await caller.call('video');
    await callee.expectRing('video');
    await callee.accept();
    await expect(caller.screen.getByText(en.calls.troubles['stopped-unencrypted'])).toBeVisible({
      timeout: 60_000,
    });
    await expect
      .poll(async () => {
        const before = await arrivedPackets(bob.page);
        await bob.page.waitForTimeout(3_000);
        return (await arrivedPackets(bob.page)) - before;
      })
      .toBe(0);
    expect(await arrivedPackets(bob.page), 'some came before').toBeGreaterThan(0);
    await caller.hangUp();
  });
});

/** What core says to the media worker, as far as it is looked at. */
interface ToldHere {
  readonly kind?: string;
  readonly stream: number;
  readonly call: Uint8Array;
  readonly purpose: string;
  readonly instance: number;
  readonly step: number;
  readonly baseKey: Uint8Array;
}

/** Runs in a page: no connection holds frames back, and each transform is attached in the next task, when Chromium does not look at it any more. */
function letFramesPast(): void {
  RTCPeerConnection = new Proxy(RTCPeerConnection, {
    construct(made, [given]: [object & { readonly encodedInsertableStreams?: true }]) {
      const { encodedInsertableStreams: _, ...rest } = given;
      return Reflect.construct(made, [rest]) as RTCPeerConnection;
    },
  });
  const own = Object.getOwnPropertyDescriptor(RTCRtpSender.prototype, 'transform');
  Object.defineProperty(RTCRtpSender.prototype, 'transform', {
    ...own,
    set(this: RTCRtpSender, transform: RTCRtpScriptTransform | null) {
      setTimeout(() => own?.set?.call(this, transform));
    },
  });
}

/** Runs in a worker: keeps what goes over its ports about keys. */
function noteKeys(worker: Worker): Promise<void> {
  return worker.evaluate(() => {
    const noted: object[] = [];
    const tracks = new Map<number, ToldHere>();
    Object.assign(globalThis, { noted });
    const post = Reflect.get(MessagePort.prototype, 'postMessage');
    MessagePort.prototype.postMessage = function (this: MessagePort, message: unknown, ...rest: never[]) {
      const told = message as ToldHere;
      if (told.kind === 'open-receiver') tracks.set(told.stream, told);
      const track = tracks.get(told.stream);
      if (told.kind === 'add-key' && track !== undefined) {
        const { instance, step, baseKey } = told;
        noted.push({ call: [...track.call], purpose: track.purpose, instance, step, baseKey: [...baseKey] });
      }
      post.call(this, message, ...rest);
    };
  });
}

function notedKeys(worker: Worker): Promise<readonly ToldKey[]> {
  return worker.evaluate(
    // Kept in that worker by the script above.
    () => (globalThis as unknown as { readonly noted?: readonly ToldKey[] }).noted ?? [],
  );
}

async function openerOf(
  keys: readonly ToldKey[],
  purpose: 'camera' | 'screen' = 'camera',
): Promise<FrameOpener> {
  const opener = new FrameOpener({ call: Uint8Array.from(keys[0]?.call ?? []), purpose });
  for (const { instance, step, baseKey } of keys)
    await opener.addKey(parseSenderKey(instance, step, Uint8Array.from(baseKey)));
  return opener;
}

async function verdict(opener: FrameOpener, frame: Uint8Array): Promise<string> {
  const result = await opener.open('vp8', Uint8Array.from(frame));
  return result.kind === 'refused' ? result.why : result.kind;
}

/** A frame of the same call, track and instance under a key of the media server's own. */
async function ownFrame(key: ToldKey | undefined): Promise<Uint8Array> {
  const sealer = await FrameSealer.open({
    call: Uint8Array.from(key?.call ?? []),
    purpose: 'camera',
    instance: key?.instance ?? 0,
    layers: 1,
  });
  return sealer.seal(0, 'vp8', Uint8Array.from([0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00]));
}

/** The colours, in the lower middle, of the pictures that the browser's decoder makes of these frames. */
function decode(page: Page, frames: readonly Uint8Array[]): Promise<readonly (readonly number[])[]> {
  return page.evaluate(
    async (all) => {
      const colours: number[][] = [];
      const canvas = new OffscreenCanvas(1, 1);
      const context = canvas.getContext('2d');
      const decoder = new VideoDecoder({
        output(picture) {
          [canvas.width, canvas.height] = [picture.displayWidth, picture.displayHeight];
          context?.drawImage(picture, 0, 0);
          const { data = [] } = context?.getImageData(canvas.width / 2, canvas.height * 0.75, 1, 1) ?? {};
          colours.push([...data].slice(0, 3));
          picture.close();
        },
        error: () => undefined,
      });
      decoder.configure({ codec: 'vp8' });
      try {
        for (const [i, bytes] of all.entries()) {
          const data = Uint8Array.from(bytes);
          const type = i === 0 || ((data[0] ?? 1) & 1) === 0 ? 'key' : 'delta';
          decoder.decode(new EncodedVideoChunk({ type, timestamp: i * 50_000, data }));
        }
        await decoder.flush();
        decoder.close();
      } catch {
        // Told by `error`.
      }
      return colours;
    },
    frames.map((frame) => [...frame]),
  );
}
