/** What the ways between two have in common, as the window's part of calls uses them. */
import type { FromCallWindow, IceServer } from '../../core/calls/call-window.ts';
import type { StreamOptions } from '../../core/calls/media-messages.ts';
import type { Purpose } from '@tacet/protocol/content/call-said';

export type WayState = Extract<FromCallWindow, { readonly kind: 'way' }>['state'];

/** A stream that sends or receives, for its figures. */
export interface Flow {
  readonly stream: number;
  readonly side: 'send' | 'receive';
  readonly of: RTCRtpSender | RTCRtpReceiver;
}

/** A connection with its four streams. */
export interface Connection {
  /** As core has numbered it. */
  readonly number: number;
  readonly flows: readonly Flow[];
  /**
   * What is on of a purpose here, and whether it may be sent (`isReleased`). What may not be sent, is not given to a sender.
   */
  put(purpose: Purpose, track: MediaStreamTrack | undefined, isReleased: boolean): Promise<void>;
  /** Nothing is sent of a purpose from now on: its sender loses what it has before anything is waited for. */
  stop(purpose: Purpose): Promise<void>;
  close(): void;
}

/** What a connection tells. */
export interface ConnectionEvents {
  way(state: WayState): void;
  /** The other side's track of a purpose; sound or a picture may come of it. */
  received(purpose: Purpose, track: MediaStreamTrack): void;
  /** There are senders now, to be given what is on. */
  ready(): void;
}

/** Peer connections whose frames wait for a transform. Without this one that comes a moment late is passed by. */
export const HOLD_FRAMES: Partial<RTCConfiguration> & { readonly encodedInsertableStreams: true } = {
  encodedInsertableStreams: true,
  bundlePolicy: 'max-bundle',
};

export function iceServersOf(servers: readonly IceServer[]): RTCIceServer[] {
  return servers.map(({ urls, username, credential }) => ({
    urls: [...urls],
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  }));
}

/** Has the media worker hold every frame of a sender or receiver. To be called in the task in which it was made. */
export function attach(worker: Worker, to: RTCRtpSender | RTCRtpReceiver, options: StreamOptions): void {
  to.transform = new RTCRtpScriptTransform(worker, options);
}

/** What the draft of encoded transforms adds to `RTCRtpSender.setParameters`. */
interface KeyFrameSender {
  setParameters(
    parameters: RTCRtpSendParameters,
    options: { readonly encodingOptions: readonly { readonly keyFrame: boolean }[] },
  ): Promise<void>;
}

/** Asks an encoder for a frame that needs no other, where the browser knows how. */
export async function askKeyFrame(sender: RTCRtpSender & KeyFrameSender): Promise<void> {
  const parameters = sender.getParameters();
  const encodingOptions = parameters.encodings.map(() => ({ keyFrame: true }));
  if (encodingOptions.length === 0) return;
  // Others ask the other side to ask.
  await sender.setParameters(parameters, { encodingOptions }).catch(() => undefined);
}
