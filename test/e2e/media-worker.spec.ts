/**
 * The media worker between two real peer connections: what is seen on the other side is the sender's picture, nothing passes without a key,
 * and nothing that is not sealed ever leaves. The page plays core: it tells both workers of their streams and carries the keys.
 */
import { join } from 'node:path';
import { expect, test, type Page, type Worker as PlaywrightWorker } from '@playwright/test';
import type { FromMedia, StreamOptions, ToMedia } from '../../client/core/calls/media-messages.ts';
import { openWorkerPage, type WorkerPage } from '../support/worker-page.ts';

/** One side: its worker, as core speaks with it. */
interface Side {
  readonly worker: Worker;
  readonly heard: FromMedia[];
  tell(message: ToMedia): void;
  /** The first answer of a kind. */
  hear<Kind extends FromMedia['kind']>(kind: Kind): Promise<Extract<FromMedia, { readonly kind: Kind }>>;
}

/** What the tests find in the page. */
interface Stage {
  openSide(): Side;
  /** Two connections with one picture from the first to the second, `sender` and `receiver` with transforms as `attach` says. */
  connect(options: {
    readonly codec: string;
    readonly attachSender: (sender: RTCRtpSender) => Promise<void> | void;
    readonly attachReceiver: (receiver: RTCRtpReceiver) => Promise<void> | void;
  }): Promise<{
    readonly sender: RTCRtpSender;
    readonly receiver: RTCRtpReceiver;
    readonly video: HTMLVideoElement;
  }>;
  attach(side: Side, to: RTCRtpSender | RTCRtpReceiver, options: StreamOptions): void;
  figure(of: RTCRtpSender | RTCRtpReceiver, name: string): Promise<number>;
  until(what: string, test: () => Promise<boolean> | boolean): Promise<void>;
  /** The colour in the middle of the picture: red, green, blue. */
  colour(video: HTMLVideoElement): readonly number[];
}
declare const stage: Stage;

/** What a hostile media server sends besides the sender's frames, in turn, each before the frame that it is made of. */
const EXTRA = ['changed', 'cut', 'plain', 'again'] as const;

/** Sets the stage; runs in the page. */
function setStage(): void {
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const until: Stage['until'] = async (what, isSo) => {
    for (let i = 0; i < 600; i += 1) {
      if (await isSo()) return;
      await pause(100);
    }
    throw new Error(`never came: ${what}`);
  };
  const stage: Stage = {
    until,
    openSide() {
      const worker = new Worker('/worker.js', { type: 'module' });
      const { port1, port2 } = new MessageChannel();
      worker.postMessage(undefined, [port2]);
      const heard: FromMedia[] = [];
      port1.addEventListener('message', ({ data }: MessageEvent<FromMedia>) => heard.push(data));
      port1.start();
      return {
        worker,
        heard,
        tell: (message) => port1.postMessage(message),
        async hear<Kind extends FromMedia['kind']>(kind: Kind) {
          const isIt = (one: FromMedia): one is Extract<FromMedia, { readonly kind: Kind }> =>
            one.kind === kind;
          await until(kind, () => heard.some(isIt));
          const found = heard.find(isIt);
          if (found === undefined) throw new Error('it was there');
          return found;
        },
      };
    },
    attach({ worker }, to, options) {
      to.transform = new RTCRtpScriptTransform(worker, options);
    },
    async connect({ codec, attachSender, attachReceiver }) {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [320, 180];
      const context = canvas.getContext('2d');
      let drawn = 0;
      setInterval(() => {
        if (context === null) return;
        context.fillStyle = '#1060e0';
        context.fillRect(0, 0, 320, 180);
        context.fillStyle = '#ffffff';
        context.fillRect(drawn++ % 300, 0, 8, 8);
      }, 50);
      const [track] = canvas.captureStream(20).getVideoTracks();
      if (track === undefined) throw new Error('a canvas has a track');
      const settings = { encodedInsertableStreams: true } as RTCConfiguration;
      const [here, there] = [new RTCPeerConnection(settings), new RTCPeerConnection(settings)];
      for (const [from, to] of [
        [here, there],
        [there, here],
      ] as const) {
        from.addEventListener('icecandidate', ({ candidate }) => {
          if (candidate !== null) to.addIceCandidate(candidate).catch(() => undefined);
        });
      }
      const arrived = new Promise<RTCRtpReceiver>((resolve) =>
        there.addEventListener('track', ({ receiver }) => resolve(receiver)),
      );
      const transceiver = here.addTransceiver(track, { direction: 'sendonly' });
      const offered = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
      transceiver.setCodecPreferences(offered.filter(({ mimeType }) => mimeType === codec));
      await here.setLocalDescription();
      if (here.localDescription !== null) await there.setRemoteDescription(here.localDescription);
      await there.setLocalDescription();
      if (there.localDescription !== null) await here.setRemoteDescription(there.localDescription);
      const receiver = await arrived;
      await attachReceiver(receiver);
      await attachSender(transceiver.sender);
      const video = document.createElement('video');
      [video.muted, video.autoplay] = [true, true];
      video.srcObject = new MediaStream([receiver.track]);
      document.body.append(video);
      await until('a connection', () => here.connectionState === 'connected');
      return { sender: transceiver.sender, receiver, video };
    },
    async figure(of, name) {
      let found = 0;
      for (const report of (await of.getStats()).values() as IterableIterator<Record<string, unknown>>) {
        const value = report[name];
        if (String(report['type']).endsWith('bound-rtp') && typeof value === 'number') found += value;
      }
      return found;
    },
    colour(video) {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [2, 2];
      const context = canvas.getContext('2d');
      context?.drawImage(video, 100, 60, 100, 60, 0, 0, 2, 2);
      return [...(context?.getImageData(0, 0, 1, 1).data ?? [])].slice(0, 3);
    },
  };
  Object.assign(globalThis, { stage });
}

let site: WorkerPage;
test.beforeAll(async () => {
  site = await openWorkerPage(join(import.meta.dirname, '..', '..', 'client', 'workers', 'media.worker.ts'));
});
test.afterAll(() => site.close());

async function open(page: Page): Promise<void> {
  await page.goto(site.url);
  await page.evaluate(setStage);
}

for (const [codec, late] of [
  ['video/VP8', false],
  ['video/VP9', true],
] as const) {
  test(`a ${codec} picture is seen with the key${late ? ', also where transforms come late' : ''}`, async ({
    page,
  }) => {
    await open(page);
    const seen = await page.evaluate(
      async ({ codec, lateMs }) => {
        const [ada, ben] = [stage.openSide(), stage.openSide()];
        const track = { call: new Uint8Array(16).fill(7), purpose: 'camera' } as const;
        const pause = () => new Promise<void>((resolve) => setTimeout(resolve, lateMs));
        const { sender, receiver, video } = await stage.connect({
          codec,
          async attachSender(sender) {
            await pause();
            stage.attach(ada, sender, { side: 'send', stream: 1 });
          },
          async attachReceiver(receiver) {
            await pause();
            stage.attach(ben, receiver, { side: 'receive', stream: 4 });
          },
        });
        // Nothing leaves before core has said what the stream is.
        await new Promise<void>((resolve) => setTimeout(resolve, 500));
        const before = await stage.figure(sender, 'packetsSent');
        ada.tell({ kind: 'open-sender', stream: 1, ...track, instance: 3, layers: 1 });
        ben.tell({ kind: 'open-receiver', stream: 4, ...track });
        const { kind: _, stream: __, ...key } = await ada.hear('sender-key');
        await stage.until('frames without a key', async () => {
          ben.tell({ kind: 'count', re: ben.heard.length });
          const { receivers } = ben.heard.findLast((one) => one.kind === 'counts') ?? { receivers: [] };
          return (receivers[0]?.counts['no-key'] ?? 0) > 5;
        });
        const decodedWithout = await stage.figure(receiver, 'framesDecoded');
        ben.tell({ kind: 'add-key', stream: 4, ...key });
        await stage.until('decoded frames', async () => (await stage.figure(receiver, 'framesDecoded')) > 20);
        const colour = stage.colour(video);
        ada.tell({ kind: 'ratchet', stream: 1 });
        const decoded = await stage.figure(receiver, 'framesDecoded');
        await stage.until(
          'frames after a step',
          async () => (await stage.figure(receiver, 'framesDecoded')) > decoded + 20,
        );
        // The device that leaves is told nothing any more, and the sender begins anew.
        ben.tell({ kind: 'drop-instance', stream: 4, instance: 3 });
        const refused = async (): Promise<number> => {
          ben.tell({ kind: 'count', re: ben.heard.length });
          await new Promise<void>((resolve) => setTimeout(resolve, 100));
          const { receivers } = ben.heard.findLast((one) => one.kind === 'counts') ?? { receivers: [] };
          return receivers[0]?.counts['no-key'] ?? 0;
        };
        const refusedBefore = await refused();
        await stage.until('frames without a key again', async () => (await refused()) > refusedBefore + 5);
        const atDrop = await stage.figure(receiver, 'framesDecoded');
        await stage.until('more of them', async () => (await refused()) > refusedBefore + 25);
        const afterDrop = await stage.figure(receiver, 'framesDecoded');
        ada.heard.length = 0;
        ada.tell({ kind: 'count', re: 9 });
        const { senders } = await ada.hear('counts');
        return { before, decodedWithout, colour, atDrop, afterDrop, senders };
      },
      { codec, lateMs: late ? 400 : 0 },
    );
    expect(seen.before, 'nothing left before there was a key').toBe(0);
    expect(seen.decodedWithout, 'nothing is decoded without the key').toBe(0);
    for (const [i, part] of [0x10, 0x60, 0xe0].entries())
      expect(Math.abs((seen.colour[i] ?? 0) - part)).toBeLessThan(40);
    expect(seen.afterDrop, 'nothing is decoded when the key has gone').toBe(seen.atDrop);
    expect(seen.senders).toEqual([{ stream: 1, sealed: expect.any(Number), refused: 0 }]);
  });
}

/** What only a worker has. */
interface InWorker {
  readonly RTCRtpScriptTransformer: { readonly prototype: object };
  readonly RTCEncodedVideoFrame: new (copied: RTCEncodedVideoFrame) => RTCEncodedVideoFrame;
}

/** Runs in a worker: what arrives for its receivers comes as a hostile media server would send it. */
function tamper(worker: PlaywrightWorker, extra: readonly string[]): Promise<void> {
  return worker.evaluate((extra) => {
    const { RTCRtpScriptTransformer, RTCEncodedVideoFrame } = globalThis as unknown as InWorker;
    const own = Object.getOwnPropertyDescriptor(RTCRtpScriptTransformer.prototype, 'readable');
    const sent: Record<string, number> = {};
    let earlier = new ArrayBuffer(0);
    Object.assign(globalThis, { sent });
    const mangled = (kind: string, data: ArrayBuffer): ArrayBuffer => {
      const bytes = new Uint8Array(data.slice(0));
      if (kind === 'cut') return bytes.slice(0, -1).buffer;
      // As a codec's frame that nobody sealed: behind the clear byte, no such key.
      if (kind === 'plain') return bytes.fill(0x2a, 1).buffer;
      if (kind === 'again') return earlier.slice(0);
      const at = bytes.length - 1;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes.buffer;
    };
    Object.defineProperty(RTCRtpScriptTransformer.prototype, 'readable', {
      get(this: { readonly options: { readonly side: string } }) {
        const frames = own?.get?.call(this) as ReadableStream<RTCEncodedVideoFrame>;
        if (this.options.side !== 'receive') return frames;
        let count = 0;
        const add = new TransformStream<RTCEncodedVideoFrame, RTCEncodedVideoFrame>({
          transform(frame, controller) {
            const kind = extra[count++ % extra.length] ?? '';
            if (earlier.byteLength > 0) {
              const made = new RTCEncodedVideoFrame(frame);
              made.data = mangled(kind, frame.data);
              sent[kind] = (sent[kind] ?? 0) + 1;
              controller.enqueue(made);
            }
            earlier = frame.data.slice(0);
            controller.enqueue(frame);
          },
        });
        return frames.pipeThrough(add);
      },
    });
  }, extra);
}

test('frames sent again, changed, cut short or made up are refused and counted where they arrive, and the picture goes on', async ({
  page,
}) => {
  await open(page);
  const already = page.workers().length;
  await page.evaluate(() => {
    Object.assign(globalThis, { sides: [stage.openSide(), stage.openSide()] });
  });
  await expect.poll(() => page.workers().length).toBe(already + 2);
  await Promise.all(page.workers().map((worker) => tamper(worker, EXTRA)));
  const { colour, decoded, receivers } = await page.evaluate(async () => {
    // Kept in the page by what was evaluated above.
    const [ada, ben] = (globalThis as unknown as { readonly sides: readonly [Side, Side] }).sides;
    const track = { call: new Uint8Array(16).fill(7), purpose: 'camera' } as const;
    ada.tell({ kind: 'open-sender', stream: 1, ...track, instance: 3, layers: 1 });
    ben.tell({ kind: 'open-receiver', stream: 4, ...track });
    const { kind: _, stream: __, ...key } = await ada.hear('sender-key');
    ben.tell({ kind: 'add-key', stream: 4, ...key });
    const { receiver, video } = await stage.connect({
      codec: 'video/VP8',
      attachSender: (sender) => stage.attach(ada, sender, { side: 'send', stream: 1 }),
      attachReceiver: (receiver) => stage.attach(ben, receiver, { side: 'receive', stream: 4 }),
    });
    await stage.until('a picture', async () => (await stage.figure(receiver, 'framesDecoded')) > 60);
    const decoded = await stage.figure(receiver, 'framesDecoded');
    ben.tell({ kind: 'count', re: 1 });
    const { receivers } = await ben.hear('counts');
    return { colour: stage.colour(video), decoded, receivers };
  });
  const sent = Object.assign(
    {},
    ...(await Promise.all(
      page.workers().map((worker) =>
        worker.evaluate(
          // Kept in that worker by what was evaluated above.
          () => (globalThis as unknown as { readonly sent: Record<string, number> }).sent,
        ),
      ),
    )),
  ) as Record<(typeof EXTRA)[number], number>;
  for (const kind of EXTRA) expect(sent[kind], kind).toBeGreaterThan(10);
  const { counts } = receivers[0] ?? {};
  for (const [refusal, kinds] of [
    ['replayed', ['again']],
    ['unauthentic', ['changed', 'cut']],
    ['no-key', ['plain']],
  ] as const) {
    const most = kinds.reduce((sum, kind) => sum + sent[kind], 0);
    // The page was asked a moment after the worker had counted.
    expect(counts?.[refusal], refusal).toBeGreaterThan(8 * kinds.length);
    expect(counts?.[refusal], refusal).toBeLessThanOrEqual(most);
  }
  expect(counts?.opened, 'the sender’s own').toBeGreaterThanOrEqual(decoded);
  for (const [i, part] of [0x10, 0x60, 0xe0].entries())
    expect(Math.abs((colour[i] ?? 0) - part)).toBeLessThan(40);
});

test('a codec that is not encrypted, and a second transform, get nothing through', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const ada = stage.openSide();
    const track = { call: new Uint8Array(16).fill(7), purpose: 'camera' } as const;
    ada.tell({ kind: 'open-sender', stream: 1, ...track, instance: 0, layers: 1 });
    ada.tell({ kind: 'open-sender', stream: 2, ...track, instance: 1, layers: 1 });
    const other = await stage.connect({
      codec: 'video/H264',
      attachSender: (sender) => stage.attach(ada, sender, { side: 'send', stream: 1 }),
      attachReceiver: () => undefined,
    });
    const stopped = await ada.hear('stopped');
    const first = await stage.connect({
      codec: 'video/VP8',
      attachSender: (sender) => stage.attach(ada, sender, { side: 'send', stream: 2 }),
      attachReceiver: () => undefined,
    });
    await stage.until(
      'frames of the first',
      async () => (await stage.figure(first.sender, 'packetsSent')) > 10,
    );
    ada.heard.length = 0;
    const second = await stage.connect({
      codec: 'video/VP8',
      attachSender: (sender) => stage.attach(ada, sender, { side: 'send', stream: 2 }),
      attachReceiver: () => undefined,
    });
    const twice = await ada.hear('stopped');
    const closed = await stage.connect({
      codec: 'video/VP8',
      attachSender(sender) {
        ada.tell({ kind: 'open-sender', stream: 3, ...track, instance: 2, layers: 1 });
        ada.tell({ kind: 'close', stream: 3 });
        stage.attach(ada, sender, { side: 'send', stream: 3 });
      },
      attachReceiver: () => undefined,
    });
    await new Promise<void>((resolve) => setTimeout(resolve, 2_000));
    const sent = await Promise.all(
      [other, second, closed].map(({ sender }) => stage.figure(sender, 'packetsSent')),
    );
    const firstAt = await stage.figure(first.sender, 'packetsSent');
    await new Promise<void>((resolve) => setTimeout(resolve, 1_000));
    return { stopped, twice, sent, firstAt, firstAfter: await stage.figure(first.sender, 'packetsSent') };
  });
  expect(seen.firstAfter, 'nor does the first when a second was there').toBe(seen.firstAt);
  expect(seen.stopped).toEqual({ kind: 'stopped', stream: 1, why: 'codec' });
  expect(seen.twice).toEqual({ kind: 'stopped', stream: 2, why: 'attached-twice' });
  expect(seen.sent, 'packets of a foreign codec, a second transform, a closed stream').toEqual([0, 0, 0]);
});

test('the first frames wait a moment for their key, and none of them is lost', async ({ page }) => {
  await open(page);
  const counts = await page.evaluate(async () => {
    const [ada, ben] = [stage.openSide(), stage.openSide()];
    const track = { call: new Uint8Array(16).fill(7), purpose: 'camera' } as const;
    ada.tell({ kind: 'open-sender', stream: 1, ...track, instance: 0, layers: 1 });
    ben.tell({ kind: 'open-receiver', stream: 4, ...track });
    const { kind: _, stream: __, ...key } = await ada.hear('sender-key');
    const { receiver } = await stage.connect({
      codec: 'video/VP8',
      attachSender: (sender) => stage.attach(ada, sender, { side: 'send', stream: 1 }),
      attachReceiver: (receiver) => stage.attach(ben, receiver, { side: 'receive', stream: 4 }),
    });
    await stage.until(
      'frames on their way',
      async () => (await stage.figure(receiver, 'packetsReceived')) > 0,
    );
    ben.tell({ kind: 'add-key', stream: 4, ...key });
    await stage.until('decoded frames', async () => (await stage.figure(receiver, 'framesDecoded')) > 10);
    ben.tell({ kind: 'count', re: 1 });
    const { receivers } = await ben.hear('counts');
    return receivers[0]?.counts;
  });
  expect(counts).toMatchObject({ 'no-key': 0, unauthentic: 0, malformed: 0 });
});

test('a receiver that is closed opens nothing any more, and what makes no sense is said', async ({
  page,
}) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const [ada, ben] = [stage.openSide(), stage.openSide()];
    const track = { call: new Uint8Array(16).fill(7), purpose: 'camera' } as const;
    ada.tell({ kind: 'open-sender', stream: 1, ...track, instance: 0, layers: 1 });
    ben.tell({ kind: 'open-receiver', stream: 4, ...track });
    const { kind: _, stream: __, ...key } = await ada.hear('sender-key');
    ben.tell({ kind: 'add-key', stream: 4, ...key });
    const { receiver } = await stage.connect({
      codec: 'video/VP8',
      attachSender: (sender) => stage.attach(ada, sender, { side: 'send', stream: 1 }),
      attachReceiver: (receiver) => stage.attach(ben, receiver, { side: 'receive', stream: 4 }),
    });
    await stage.until('frames', async () => (await stage.figure(receiver, 'framesDecoded')) > 10);
    ben.tell({ kind: 'close', stream: 4 });
    ben.tell({ kind: 'open-receiver', stream: 4, ...track });
    const { what } = await ben.hear('failed');
    await new Promise<void>((resolve) => setTimeout(resolve, 1_000));
    const atClose = await stage.figure(receiver, 'framesDecoded');
    await new Promise<void>((resolve) => setTimeout(resolve, 1_500));
    const after = await stage.figure(receiver, 'framesDecoded');
    ada.heard.length = 0;
    for (let i = 0; i < 40; i += 1) ada.tell({ kind: 'ratchet', stream: 1 });
    const { why } = await ada.hear('stopped');
    const steps = ada.heard.filter((one) => one.kind === 'sender-key').length;
    return { what, atClose, after, why, steps };
  });
  expect(seen).toMatchObject({ what: 'open-receiver', after: seen.atClose, why: 'spent', steps: 31 });
});

test('a worker that ends takes the stream with it', async ({ page }) => {
  await open(page);
  const [atEnd, after] = await page.evaluate(async () => {
    const ada = stage.openSide();
    const track = { call: new Uint8Array(16).fill(7), purpose: 'camera' } as const;
    ada.tell({ kind: 'open-sender', stream: 1, ...track, instance: 0, layers: 1 });
    const { sender } = await stage.connect({
      codec: 'video/VP8',
      attachSender: (sender) => stage.attach(ada, sender, { side: 'send', stream: 1 }),
      attachReceiver: () => undefined,
    });
    await stage.until('frames', async () => (await stage.figure(sender, 'framesSent')) > 10);
    ada.worker.terminate();
    await new Promise<void>((resolve) => setTimeout(resolve, 1_000));
    const atEnd = await stage.figure(sender, 'packetsSent');
    await new Promise<void>((resolve) => setTimeout(resolve, 2_000));
    return [atEnd, await stage.figure(sender, 'packetsSent')];
  });
  expect(after).toBe(atEnd);
});
