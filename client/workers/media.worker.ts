/**
 * The entry of the media worker: every frame of every call passes through it, sealed on its way out and opened on its way in. The page gives it
 * core's port once and attaches transforms; keys come over that port alone. A worker that ends takes its base keys with it.
 */
import type { FromMedia, StreamOptions, ToMedia } from '../core/calls/media-messages.ts';
import { browserLifelines } from '../platform/lifelines.ts';
import { tellLifeline } from '../platform/window-link.ts';
import { MediaStreams } from './media/streams.ts';

declare const self: DedicatedWorkerGlobalScope & {
  onrtctransform: ((event: RTCTransformEvent) => void) | null;
};

let port: MessagePort | undefined;
/** What is told before core's port is there. */
const early: FromMedia[] = [];

const streams = new MediaStreams((message) => {
  if (port === undefined) early.push(message);
  else port.postMessage(message);
});

self.onmessage = ({ ports: [given] }: MessageEvent) => {
  if (given === undefined || port !== undefined) return;
  port = given;
  given.onmessage = ({ data }: MessageEvent<ToMedia>) => {
    streams.hear(data).catch(() => undefined);
  };
  for (const message of early.splice(0)) given.postMessage(message);
};

// The page learns when this worker has ended, however that came.
const lifeline = `tacet-media-${crypto.randomUUID()}`;
browserLifelines.hold(lifeline).then(
  () => tellLifeline(self, lifeline),
  () => undefined,
);

self.onrtctransform = ({ transformer }) => {
  const options = transformer.options as StreamOptions;
  streams.attach(options, transformer).catch(() => undefined);
};
