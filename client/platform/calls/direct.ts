/**
 * A connection between two browsers (RFC 8829): four streams that send and receive from the start, so that a camera or a screen is added without
 * a word to the other side, and a data channel. The caller alone offers.
 */
import { CallWindowError, type IceServer, type StreamNumbers } from '../../core/calls/call-window.ts';
import type { Purpose } from '@tacet/protocol/content/call-said';
import {
  askKeyFrame,
  attach,
  HOLD_FRAMES,
  iceServersOf,
  type Connection,
  type ConnectionEvents,
  type Flow,
} from './connection.ts';
import { tameDescription } from './description.ts';
import { isOffered, KIND_OF, MOST_BITS, PURPOSES, type MediaKind } from './lines.ts';

/** How long a description waits for candidates, ms: those of this machine are found by then. The others follow. */
const CANDIDATES_MS = 300;
/** How long candidates wait for others, ms, so that one message carries several. */
const TOGETHER_MS = 100;
/** Candidates of the other side that wait for its description. */
const EARLY_MOST = 512;
/** A message of the channel, bytes; what two browsers say fits well. */
const SAID_MOST_BYTES = 16 * 1024;
/** Messages a second that are heard. */
const HEARD_MOST = 100;
/** Bytes that wait to be sent over the channel. */
const BUFFERED_MOST_BYTES = 1024 * 1024;

export interface DirectOptions {
  readonly connection: number;
  readonly streams: StreamNumbers;
  readonly servers: readonly IceServer[];
  readonly turnOnly: boolean;
}

export interface DirectEvents extends ConnectionEvents {
  candidates(lines: readonly string[]): void;
  channelOpen(): void;
  said(bytes: Uint8Array): void;
}

export class DirectConnection implements Connection {
  readonly kind = 'direct';
  readonly number: number;
  readonly flows: Flow[] = [];
  readonly #streams: StreamNumbers;
  readonly #worker: Worker;
  readonly #events: DirectEvents;
  readonly #peer: RTCPeerConnection;
  readonly #channel: RTCDataChannel;
  readonly #lines = new Map<Purpose, RTCRtpTransceiver>();
  /** What each sender was given last; a change of a track takes a moment. */
  readonly #given = new Map<Purpose, MediaStreamTrack | null>();
  /** Descriptions are taken one after another. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Whether this side's description has gone: candidates before are in it. */
  #isTold = false;
  #found: string[] = [];
  #early: string[] = [];
  #heard = 0;
  #heardSince = 0;

  constructor(options: DirectOptions, worker: Worker, events: DirectEvents) {
    this.number = options.connection;
    this.#streams = options.streams;
    this.#worker = worker;
    this.#events = events;
    this.#peer = new RTCPeerConnection({
      ...HOLD_FRAMES,
      iceServers: iceServersOf(options.servers),
      iceTransportPolicy: options.turnOnly ? 'relay' : 'all',
    });
    this.#channel = this.#peer.createDataChannel('said', { negotiated: true, id: 0 });
    this.#channel.binaryType = 'arraybuffer';
    this.#channel.onopen = () => events.channelOpen();
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => this.#hear(data);
    this.#peer.onicecandidate = ({ candidate }) => this.#find(candidate);
    this.#peer.onconnectionstatechange = () => this.#tellWay();
    // In the task in which the receiver and, of the callee, the sender were made.
    this.#peer.ontrack = ({ transceiver }) => this.#takeLine(transceiver);
  }

  /** The caller's description. `again`: with new credentials, by which a way is found anew. */
  offer(again: boolean): Promise<string> {
    return this.#next(async () => {
      if (this.#lines.size === 0) for (const purpose of PURPOSES) this.#addLine(purpose);
      this.#isTold = false;
      await this.#peer.setLocalDescription(await this.#peer.createOffer({ iceRestart: again }));
      this.#events.ready();
      return this.#tell();
    });
  }

  /** The callee's answer. */
  answer(offer: string): Promise<string> {
    return this.#next(async () => {
      this.#isTold = false;
      await this.#peer.setRemoteDescription({ type: 'offer', sdp: tameDescription(offer) });
      if (this.#lines.size !== PURPOSES.length) throw new CallWindowError('failed');
      await this.#bound();
      await this.#peer.setLocalDescription();
      await this.#takeEarly();
      this.#events.ready();
      return this.#tell();
    });
  }

  takeAnswer(answer: string): Promise<void> {
    return this.#next(async () => {
      await this.#peer.setRemoteDescription({ type: 'answer', sdp: tameDescription(answer) });
      await this.#takeEarly();
    });
  }

  async addCandidates(lines: readonly string[]): Promise<void> {
    for (const line of lines) if (this.#early.length < EARLY_MOST) this.#early.push(line);
    await this.#next(async () => {
      if (this.#peer.remoteDescription !== null) await this.#takeEarly();
    });
  }

  say(bytes: Uint8Array): void {
    if (this.#channel.readyState !== 'open' || this.#channel.bufferedAmount > BUFFERED_MOST_BYTES)
      throw new CallWindowError('gone');
    this.#channel.send(new Uint8Array(bytes));
  }

  async put(purpose: Purpose, track: MediaStreamTrack | undefined, isReleased: boolean): Promise<void> {
    const sender = this.#lines.get(purpose)?.sender;
    const wanted = isReleased && track !== undefined ? track : null;
    if (sender === undefined || (this.#given.get(purpose) ?? null) === wanted) return;
    this.#given.set(purpose, wanted);
    await sender.replaceTrack(wanted);
    if (wanted?.kind === 'video') await askKeyFrame(sender);
  }

  async stop(purpose: Purpose): Promise<void> {
    this.#given.set(purpose, null);
    await this.#lines.get(purpose)?.sender.replaceTrack(null);
  }

  close(): void {
    this.#peer.onconnectionstatechange = null;
    this.#peer.close();
  }

  #addLine(purpose: Purpose): void {
    const transceiver = this.#peer.addTransceiver(KIND_OF[purpose], {
      direction: 'sendrecv',
      sendEncodings: [{ maxBitrate: MOST_BITS[purpose] }],
    });
    this.#hold(purpose, transceiver);
  }

  /** A line of the other side's offer, by its place; of an answer, one that is there. */
  #takeLine(transceiver: RTCRtpTransceiver): void {
    const place = this.#peer.getTransceivers().indexOf(transceiver);
    const purpose = PURPOSES[place];
    if (purpose === undefined) return;
    if (!this.#lines.has(purpose)) {
      transceiver.direction = 'sendrecv';
      this.#hold(purpose, transceiver);
    }
    if (this.#lines.get(purpose) === transceiver) this.#events.received(purpose, transceiver.receiver.track);
  }

  #hold(purpose: Purpose, transceiver: RTCRtpTransceiver): void {
    const { sender, receiver } = transceiver;
    const { send, receive } = this.#streams[purpose];
    attach(this.#worker, sender, { side: 'send', stream: send });
    attach(this.#worker, receiver, { side: 'receive', stream: receive });
    transceiver.setCodecPreferences(offeredCodecs(KIND_OF[purpose]));
    this.#lines.set(purpose, transceiver);
    this.flows.push(
      { stream: send, side: 'send', of: sender },
      { stream: receive, side: 'receive', of: receiver },
    );
  }

  /** What the caller says when it makes its senders. */
  async #bound(): Promise<void> {
    const bind = (purpose: Purpose, { sender }: RTCRtpTransceiver): Promise<void> => {
      const parameters = sender.getParameters();
      for (const encoding of parameters.encodings) encoding.maxBitrate = MOST_BITS[purpose];
      return sender.setParameters(parameters);
    };
    await Promise.all([...this.#lines].map(([purpose, line]) => bind(purpose, line)));
  }

  async #tell(): Promise<string> {
    await this.#gathered();
    const { localDescription } = this.#peer;
    if (localDescription === null) throw new CallWindowError('gone');
    this.#isTold = true;
    return localDescription.sdp;
  }

  #gathered(): Promise<void> {
    return new Promise((resolve) => {
      const limit = setTimeout(() => end(), CANDIDATES_MS);
      const look = (): void => {
        if (this.#peer.iceGatheringState === 'complete') end();
      };
      const end = (): void => {
        clearTimeout(limit);
        this.#peer.removeEventListener('icegatheringstatechange', look);
        resolve();
      };
      // Where a way is looked for anew, the state is still that of the time before.
      this.#peer.addEventListener('icegatheringstatechange', look);
    });
  }

  #find(candidate: RTCIceCandidate | null): void {
    if (!this.#isTold || candidate === null || candidate.candidate === '') return;
    this.#found.push(candidate.candidate);
    if (this.#found.length === 1)
      setTimeout(() => this.#events.candidates(this.#found.splice(0)), TOGETHER_MS);
  }

  async #takeEarly(): Promise<void> {
    for (const line of this.#early.splice(0)) {
      // All streams are of one bundle, whose first section stands for it.
      await this.#peer.addIceCandidate({ candidate: line, sdpMLineIndex: 0 }).catch(() => undefined);
    }
  }

  #tellWay(): void {
    const state = this.#peer.connectionState;
    if (state === 'connected' || state === 'failed') this.#events.way(state);
    else if (state === 'disconnected') this.#events.way('interrupted');
  }

  /** One who floods is not heard for the rest of the second. */
  #hear(data: unknown): void {
    if (!(data instanceof ArrayBuffer) || data.byteLength > SAID_MOST_BYTES) return;
    const now = performance.now();
    if (now - this.#heardSince > 1_000) [this.#heard, this.#heardSince] = [0, now];
    this.#heard += 1;
    if (this.#heard <= HEARD_MOST) this.#events.said(new Uint8Array(data));
  }

  async #next<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    try {
      return await done;
    } catch (cause) {
      if (cause instanceof CallWindowError) throw cause;
      throw new CallWindowError(this.#peer.signalingState === 'closed' ? 'gone' : 'failed', { cause });
    }
  }
}

function offeredCodecs(kind: MediaKind): RTCRtpCodec[] {
  const { codecs } = RTCRtpReceiver.getCapabilities(kind) ?? { codecs: [] };
  return codecs.filter(({ mimeType }) => isOffered(kind, mimeType));
}
