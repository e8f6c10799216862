/**
 * Frames as a browser hands them to a worker, and the streams that carry them: `RTCRtpScriptTransformer` gives a readable and a writable,
 * an engine puts a transform between. Every engine is measured between the same two.
 */

/** What engines use of an `RTCEncodedVideoFrame`. */
export interface EncodedFrame {
  data: ArrayBuffer;
  readonly type: 'key' | 'delta';
  readonly timestamp: number;
  getMetadata(): { readonly synchronizationSource: number; readonly mimeType: string };
}

/** Puts an engine between the streams. */
export type Attach = (readable: ReadableStream<EncodedFrame>, writable: WritableStream<EncodedFrame>) => void;

/** An engine's two directions. */
export interface Engine {
  readonly encrypt: Attach;
  readonly decrypt: Attach;
}

const METADATA = { synchronizationSource: 0x1234_5678, mimeType: 'video/VP8' } as const;

/** A delta frame of VP8 with random content. */
export function makeFrame(sizeBytes: number, number: number): EncodedFrame {
  const data = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 65_536) crypto.getRandomValues(data.subarray(at, at + 65_536));
  data[0] = 0x01;
  return { data: data.buffer, type: 'delta', timestamp: 3000 * number, getMetadata: () => METADATA };
}

/** A transform as an application writes it. */
export function attachTransform(work: (frame: EncodedFrame) => Promise<void> | undefined): Attach {
  return (readable, writable) => {
    const transform = new TransformStream<EncodedFrame, EncodedFrame>({
      transform: async (frame, controller) => {
        await work(frame);
        controller.enqueue(frame);
      },
    });
    // oxlint-disable-next-line typescript/no-floating-promises -- lasts as long as the worker
    readable.pipeThrough(transform).pipeTo(writable);
  };
}

export interface Pipe {
  /** Sends frames one after the other; gives them as they came out, and the milliseconds until the last one had. */
  run(
    frames: readonly EncodedFrame[],
  ): Promise<{ readonly out: readonly EncodedFrame[]; readonly ms: number }>;
}

/** Both ends of an engine's direction. A frame that the engine drops leaves `run` waiting: nothing is measured then. */
export function openPipe(attach: Attach): Pipe {
  let source: ReadableStreamDefaultController<EncodedFrame> | undefined;
  let take: (frame: EncodedFrame) => void = () => undefined;
  const readable = new ReadableStream<EncodedFrame>({
    start: (controller) => {
      source = controller;
    },
  });
  const writable = new WritableStream<EncodedFrame>({ write: (frame) => take(frame) });
  attach(readable, writable);
  return {
    run: async (frames) => {
      const out: EncodedFrame[] = [];
      const started = performance.now();
      await new Promise<void>((resolve) => {
        take = (frame) => {
          out.push(frame);
          if (out.length === frames.length) resolve();
        };
        for (const frame of frames) source?.enqueue(frame);
      });
      return { out, ms: performance.now() - started };
    },
  };
}
