/**
 * A connection through the media server, by mediasoup-client: one transport to send, one to receive. Every sender and receiver gets its
 * transform in the task in which it is made; a sender is given no track of a device before its stream is released.
 */
import type { CallAnswer } from '@tacet/protocol/calls/answers';
import type { CallRequest, Direction } from '@tacet/protocol/calls/requests';
import type { Purpose } from '@tacet/protocol/content/call-said';
import { Device, type types } from 'mediasoup-client';
import { CallWindowError, type CallWindow, type StreamNumbers } from '../../core/calls/call-window.ts';
import {
  askKeyFrame,
  attach,
  HOLD_FRAMES,
  iceServersOf,
  type Connection,
  type ConnectionEvents,
  type Flow,
} from './connection.ts';
import { FIRST_KILOBITS, KIND_OF, MOST_BITS, PURPOSES } from './lines.ts';
import { capabilitiesFrom, capabilitiesTo, dtlsTo, streamFrom, streamTo } from './relay-parameters.ts';

type RelayOptions = Parameters<CallWindow['openRelay']>[0];
type ReceiveOptions = Parameters<CallWindow['receiveRelayed']>[0];
type ProducerId = ReceiveOptions['producer'];
type AnswerOf<Kind extends CallAnswer['kind']> = Extract<CallAnswer, { readonly kind: Kind }>;

export interface RelayEvents extends ConnectionEvents {
  /** Asks the media server. */
  ask(request: CallRequest): Promise<CallAnswer>;
}

interface Receiving {
  readonly producer: string;
  /** Ends it, here and at the media server; nothing before it has come. */
  end: () => void;
}

export class RelayConnection implements Connection {
  readonly kind = 'relay';
  readonly number: number;
  readonly flows: Flow[] = [];
  readonly #options: RelayOptions;
  readonly #streams: StreamNumbers;
  readonly #worker: Worker;
  readonly #events: RelayEvents;
  readonly #transports = new Map<Direction, types.Transport>();
  readonly #senders = new Map<Purpose, Promise<RTCRtpSender>>();
  /** Senders from the task on in which they are made. */
  readonly #made = new Map<Purpose, RTCRtpSender>();
  readonly #wanted = new Map<Purpose, MediaStreamTrack | null>();
  readonly #given = new Map<Purpose, MediaStreamTrack | null>();
  readonly #received = new Map<Purpose, Receiving>();
  readonly #opened: Promise<Device>;
  #isClosed = false;

  constructor(options: RelayOptions, worker: Worker, events: RelayEvents) {
    this.number = options.connection;
    this.#options = options;
    this.#streams = options.streams;
    this.#worker = worker;
    this.#events = events;
    this.#opened = this.#open();
    this.#opened.catch(() => {
      if (!this.#isClosed) events.way('failed');
    });
  }

  /** The sound has its sender at once, which opens the way; the others when they are first on. */
  async put(purpose: Purpose, track: MediaStreamTrack | undefined, isReleased: boolean): Promise<void> {
    this.#wanted.set(purpose, isReleased && track !== undefined ? track : null);
    if (!this.#senders.has(purpose)) {
      if (track === undefined && purpose !== 'audio') return;
      this.#senders.set(purpose, this.#produce(purpose));
    }
    // Nobody waits for the media server here. Without this stream the others go on.
    this.#senders.get(purpose)?.then(
      (sender) => this.#give(purpose, sender),
      () => undefined,
    );
  }

  async stop(purpose: Purpose): Promise<void> {
    this.#wanted.set(purpose, null);
    this.#given.set(purpose, null);
    this.#received.get(purpose)?.end();
    this.#received.delete(purpose);
    await this.#made.get(purpose)?.replaceTrack(null);
  }

  /** Receives a stream of the other side's, in the place of one of the same purpose. */
  async receive({ purpose, producer, stream }: ReceiveOptions): Promise<void> {
    const before = this.#received.get(purpose);
    if (before?.producer === hex(producer)) throw new CallWindowError('gone');
    before?.end();
    const receiving: Receiving = { producer: hex(producer), end: () => undefined };
    this.#received.set(purpose, receiving);
    const device = await this.#opened;
    const capabilities = capabilitiesTo(device.recvRtpCapabilities);
    const consumed = await this.#ask({ kind: 'consume', producer, capabilities }, 'consumed');
    if (consumed.media !== KIND_OF[purpose]) throw new CallWindowError('failed');
    const consumer = await this.#transport('receive').consume({
      id: hex(consumed.consumer),
      producerId: receiving.producer,
      kind: consumed.media,
      rtpParameters: streamFrom(consumed.stream),
      onRtpReceiver: (receiver) => {
        attach(this.#worker, receiver, { side: 'receive', stream });
        this.flows.push({ stream, side: 'receive', of: receiver });
      },
    });
    receiving.end = () => {
      consumer.close();
      // A stream whose sender has ended it is closed there already.
      this.#ask({ kind: 'close-consumer', consumer: consumed.consumer }, 'done').catch(() => undefined);
    };
    if (this.#received.get(purpose) !== receiving) {
      receiving.end();
      throw new CallWindowError('gone');
    }
    await this.#ask({ kind: 'set-consumer', consumer: consumed.consumer, paused: false }, 'done');
    this.#events.received(purpose, consumer.track);
  }

  /** The other side's stream has ended; its purpose, where it was received. */
  endReceiving(producer: ProducerId): Purpose | undefined {
    for (const [purpose, receiving] of this.#received) {
      if (receiving.producer !== hex(producer)) continue;
      receiving.end();
      this.#received.delete(purpose);
      return purpose;
    }
    return undefined;
  }

  /** Finds both ways anew (RFC 8445 section 2.4). */
  async restart(): Promise<void> {
    await this.#opened;
    for (const [direction, transport] of this.#transports) {
      const { ice } = await this.#ask({ kind: 'restart-ice', direction }, 'ice');
      await transport.restartIce({ iceParameters: ice });
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const transport of this.#transports.values()) transport.close();
  }

  async #open(): Promise<Device> {
    const device = await Device.factory();
    await device.load({ routerRtpCapabilities: capabilitiesFrom(this.#options.capabilities) });
    for (const direction of ['send', 'receive'] as const) await this.#openTransport(device, direction);
    return device;
  }

  async #openTransport(device: Device, direction: Direction): Promise<void> {
    const { ice, candidates, dtls } = await this.#ask({ kind: 'open-transport', direction }, 'transport');
    if (this.#isClosed) throw new CallWindowError('gone');
    const options: types.TransportOptions = {
      id: direction,
      iceParameters: ice,
      iceCandidates: candidates.map((candidate) => ({ ...candidate, ip: candidate.address })),
      dtlsParameters: dtls,
      iceServers: iceServersOf(this.#options.servers ?? []),
      additionalSettings: HOLD_FRAMES,
    };
    const transport =
      direction === 'send' ? device.createSendTransport(options) : device.createRecvTransport(options);
    this.#transports.set(direction, transport);
    transport.on('connect', ({ dtlsParameters }, connected, failed) => {
      const request = { kind: 'connect-transport', direction, dtls: dtlsTo(dtlsParameters) } as const;
      this.#ask(request, 'done').then(() => connected(), failed);
    });
    transport.on('produce', ({ kind, rtpParameters, appData }, produced, failed) => {
      const label = this.#options.labels[purposeOf(appData)];
      const request = { kind: 'produce', media: kind, stream: streamTo(rtpParameters), label } as const;
      this.#ask(request, 'produced').then(({ producer }) => produced({ id: hex(producer) }), failed);
    });
    transport.on('connectionstatechange', () => this.#tellWay());
  }

  /** A sender is made with a track that no device has, and has none afterwards. */
  async #produce(purpose: Purpose): Promise<RTCRtpSender> {
    await this.#opened;
    const blank = KIND_OF[purpose] === 'audio' ? makeSilence() : makeDark();
    try {
      return await this.#makeSender(purpose, blank.track);
    } finally {
      blank.end();
    }
  }

  async #makeSender(purpose: Purpose, track: MediaStreamTrack | undefined): Promise<RTCRtpSender> {
    if (track === undefined) throw new CallWindowError('failed');
    const stream = this.#streams[purpose].send;
    const { rtpSender } = await this.#transport('send').produce({
      track,
      encodings: [{ maxBitrate: MOST_BITS[purpose] }],
      codecOptions: { videoGoogleStartBitrate: FIRST_KILOBITS },
      stopTracks: false,
      appData: { purpose },
      onRtpSender: (sender) => {
        attach(this.#worker, sender, { side: 'send', stream });
        this.flows.push({ stream, side: 'send', of: sender });
        this.#made.set(purpose, sender);
        sender.replaceTrack(null).catch(() => undefined);
      },
    });
    if (rtpSender === undefined) throw new CallWindowError('failed');
    return rtpSender;
  }

  async #give(purpose: Purpose, sender: RTCRtpSender): Promise<void> {
    const wanted = this.#wanted.get(purpose) ?? null;
    if (this.#isClosed || (this.#given.get(purpose) ?? null) === wanted) return;
    this.#given.set(purpose, wanted);
    await sender.replaceTrack(wanted);
    if (wanted?.kind === 'video') await askKeyFrame(sender);
  }

  #transport(direction: Direction): types.Transport {
    const transport = this.#transports.get(direction);
    if (transport === undefined || this.#isClosed) throw new CallWindowError('gone');
    return transport;
  }

  async #ask<Kind extends CallAnswer['kind']>(request: CallRequest, kind: Kind): Promise<AnswerOf<Kind>> {
    const answer = await this.#events.ask(request);
    if (!isOfKind(answer, kind)) throw new CallWindowError('failed');
    return answer;
  }

  /** Both ways as one. The one to receive over is opened by the first stream that comes. */
  #tellWay(): void {
    const states = [...this.#transports.values()].map((transport) => transport.connectionState);
    const [sending] = states;
    if (states.includes('failed')) this.#events.way('failed');
    else if (states.includes('disconnected')) this.#events.way('interrupted');
    else if (sending === 'connected' && !states.includes('connecting')) this.#events.way('connected');
  }
}

function isOfKind<Kind extends CallAnswer['kind']>(answer: CallAnswer, kind: Kind): answer is AnswerOf<Kind> {
  return answer.kind === kind;
}

/** What a sender is made with: a track of its kind, of no device. */
interface Blank {
  readonly track: MediaStreamTrack | undefined;
  end(): void;
}

function makeSilence(): Blank {
  const context = new AudioContext();
  const [track] = context.createMediaStreamDestination().stream.getAudioTracks();
  return {
    track,
    end() {
      track?.stop();
      context.close().catch(() => undefined);
    },
  };
}

function makeDark(): Blank {
  const canvas = document.createElement('canvas');
  // Some browsers capture nothing of one that was never drawn on.
  canvas.getContext('2d');
  const [track] = canvas.captureStream(0).getVideoTracks();
  return { track, end: () => track?.stop() };
}

function purposeOf(appData: types.AppData): Purpose {
  const purpose = PURPOSES.find((one) => one === appData['purpose']);
  if (purpose === undefined) throw new CallWindowError('failed');
  return purpose;
}

function hex(id: Uint8Array): string {
  return [...id].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
