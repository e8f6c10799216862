/**
 * What core asks of the window for a call, and what the window tells: only a window has microphones, cameras and peer connections. Core
 * decides what happens and holds the keys; the window makes connections, attaches transforms by the numbers of streams, and shows
 * pictures. All of it is plain data that survives structured cloning. One call at a time.
 *
 * [Note: Withheld until sealed] No track is given to a sender before core has said `release` for its stream, which it does once the media
 * worker holds every frame of it (`attached`) and the other side was told its key.
 */
import type { CallAnswer, CallEvent as RelayEvent } from '@tacet/protocol/calls/answers';
import type { CallRequest } from '@tacet/protocol/calls/requests';
import type { Purpose } from '@tacet/protocol/content/call-said';
import type { FromMedia, ToMedia } from './media-messages.ts';

/** Numbers of the streams of one connection, as core tells the media worker of them. Each is used once in the worker's life. */
export type StreamNumbers = {
  readonly [Each in Purpose]: { readonly send: number; readonly receive: number };
};

/** Who helps to find a way (RFC 8489, RFC 8656). */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

/** `gone`: there is no such connection any more. `failed`: the browser, or the other side's description, does not allow it. `late`: no answer. */
export type CallWindowRefusal = 'gone' | 'failed' | 'late';

/** A refusal of the window's. */
export class CallWindowError extends Error {
  override readonly name = 'CallWindowError';
  readonly code: CallWindowRefusal;

  constructor(code: CallWindowRefusal, options?: { readonly cause?: unknown }) {
    super(`the window refuses: ${code}`, options);
    this.code = code;
  }
}

/**
 * What core asks, each answered by a value or refused by `CallWindowError`. A connection has a number of core's; one that is closed is never
 * opened again. Requests for a connection that is not there are refused as `gone`.
 */
export interface CallWindow {
  /**
   * Starts a media worker; what it says comes by `media`, over a port of core's that the window hands on. A second one is a worker of its own:
   * streams of the first are gone. `on` follows.
   */
  openMedia(): Promise<void>;
  tellMedia(message: ToMedia): void;
  /** A peer connection with its four streams and the data channel. `turnOnly`: through `servers` alone, so that no address is told. */
  openDirect(options: {
    readonly connection: number;
    readonly streams: StreamNumbers;
    readonly servers: readonly IceServer[];
    readonly turnOnly: boolean;
  }): Promise<void>;
  /** The caller's description, with what candidates were found within a moment. `again`: finds a way anew (RFC 8445 section 2.4). */
  offer(options: { readonly connection: number; readonly again: boolean }): Promise<string>;
  /** The answer to an offer, the first or one that finds a way anew. */
  answer(options: { readonly connection: number; readonly offer: string }): Promise<string>;
  takeAnswer(options: { readonly connection: number; readonly answer: string }): Promise<void>;
  /** Candidate lines of the other side (`RTCIceCandidate.candidate`); one that makes no sense is passed over. */
  addCandidates(options: { readonly connection: number; readonly lines: readonly string[] }): Promise<void>;
  /** Over the data channel. Refused as `gone` where it is not open. */
  say(options: { readonly connection: number; readonly bytes: Uint8Array }): Promise<void>;
  /**
   * A connection through the media server, whose requests core carries (`relay-request`). `capabilities`: as `entered` has them. Sends over
   * `streams`: the sound at once, the others from when they are first on. `servers`: for networks that let nothing but TLS out.
   */
  openRelay(options: {
    readonly connection: number;
    readonly streams: StreamNumbers;
    readonly capabilities: Extract<CallAnswer, { readonly kind: 'entered' }>['capabilities'];
    /** By purpose, what `produce` says of a stream, sealed. */
    readonly labels: { readonly [Each in Purpose]: Uint8Array };
    readonly servers?: readonly IceServer[] | undefined;
  }): Promise<void>;
  /** The answer to `relay-request` `re`; absent where it was refused. */
  answerRelay(options: { readonly re: number; readonly answer: CallAnswer | undefined }): Promise<void>;
  /**
   * The other side sends this: it is to be received as `purpose`, by a transform of the number `stream`. Another producer of the same
   * purpose takes its place.
   */
  receiveRelayed(options: {
    readonly connection: number;
    readonly purpose: Purpose;
    readonly stream: number;
    readonly producer: Extract<RelayEvent, { readonly kind: 'producer-opened' }>['producer'];
  }): Promise<void>;
  /** The other side sends it no more. */
  endRelayed(options: {
    readonly connection: number;
    readonly producer: Extract<RelayEvent, { readonly kind: 'producer-closed' }>['producer'];
  }): Promise<void>;
  /** The relayed connection's way is to be found anew. */
  restartRelay(options: { readonly connection: number }): Promise<void>;
  /** The stream of this number may send: what is on of its purpose goes from now on, over the connection that was released last. */
  release(options: { readonly connection: number; readonly purpose: Purpose }): Promise<void>;
  /** Stops a stream at once and for good; the person is told by core. */
  stopStream(options: { readonly connection: number; readonly purpose: Purpose }): Promise<void>;
  closeConnection(options: { readonly connection: number }): Promise<void>;
  /** The call is over: connections, media worker, microphone, camera and screen end. */
  endCall(): Promise<void>;
}

/**
 * Frames that WebRTC has sent, or decoded, of a stream since it was opened: never more than that, and 1 as soon as anything has. WebRTC counts
 * pictures before the transform and packets that carry nothing, so that the number may be some seconds and a few frames behind.
 */
export interface StreamFigures {
  readonly stream: number;
  readonly frames: number;
}

/** How good a connection is; looked at every second. */
export interface QualityFigures {
  /** Round trip, ms. */
  readonly roundTripMs: number | undefined;
  /** Share of packets lost lately in both directions, 0 to 1. */
  readonly lost: number;
  /** Bits a second. */
  readonly sentBits: number;
  readonly receivedBits: number;
  /** It goes through a TURN server, of either side. */
  readonly byTurn: boolean;
}

/** What the window tells. */
export type FromCallWindow =
  | { readonly kind: 'media'; readonly message: FromMedia }
  /** The media worker has ended by itself. */
  | { readonly kind: 'media-ended' }
  | {
      readonly kind: 'way';
      readonly connection: number;
      /** `interrupted`: nothing comes through, it may come back. `failed`: it will not by itself. */
      readonly state: 'connected' | 'interrupted' | 'failed';
    }
  | { readonly kind: 'candidates'; readonly connection: number; readonly lines: readonly string[] }
  /** The data channel is open. */
  | { readonly kind: 'channel'; readonly connection: number }
  | { readonly kind: 'said'; readonly connection: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'relay-request';
      readonly connection: number;
      readonly re: number;
      readonly request: CallRequest;
    }
  /** What of this side's is on, after the person has switched it or a device went away. */
  | { readonly kind: 'on'; readonly microphone: boolean; readonly camera: boolean; readonly screen: boolean }
  | {
      readonly kind: 'figures';
      readonly connection: number;
      readonly sent: readonly StreamFigures[];
      readonly received: readonly StreamFigures[];
      readonly quality: QualityFigures;
    };

/** The part of the ports by which core has a window do this. */
export interface CallWindowPort extends CallWindow {
  /** Whether this browser can hold a call whose every frame is encrypted. */
  readonly canCall: () => Promise<boolean>;
  /** Who hears what the window tells; one listener. */
  listen(hear: (told: FromCallWindow) => void): void;
}
