/**
 * What stands in for a window with microphones and peer connections, where calls of real cores are tried without a browser. Descriptions lead to
 * connections over a net that the test can cut; frames are sealed and opened by what the media worker uses; requests to the media server are
 * those that a browser makes first.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import { MEDIA_PURPOSES, type Purpose } from '@tacet/protocol/content/call-said';
import { FrameOpener, FrameSealer, parseSenderKey } from '@tacet/crypto/sframe';
import {
  CallWindowError,
  type CallWindow,
  type CallWindowPort,
  type FromCallWindow,
  type StreamNumbers,
} from '@tacet/client/core/calls/call-window';
import type { FromMedia, ToMedia } from '@tacet/client/core/calls/media-messages';
import { audioOf, videoOf } from './sfu-client.ts';

type Options<Name extends keyof CallWindow> = Parameters<CallWindow[Name]>[0];

/** A frame that was opened. */
export interface SeenFrame {
  readonly purpose: Purpose;
  readonly text: string;
}

interface Connection {
  readonly connection: number;
  readonly kind: 'direct' | 'relay';
  readonly streams: StreamNumbers;
  readonly released: Set<Purpose>;
  readonly stopped: Set<Purpose>;
  /** Direct: the other end. */
  peer?: { readonly window: TestCallWindow; readonly connection: number };
  isOpen: boolean;
  readonly candidates: string[];
  /** Relayed: own producers by purpose, and what is received by producer. */
  readonly producers: Map<Purpose, string>;
  readonly receiving: Map<string, { readonly purpose: Purpose; readonly stream: number }>;
}

/** What carries between windows. */
export class CallNet {
  readonly windows: TestCallWindow[] = [];
  /** Whether a direct way comes about. */
  isDirectOpen = true;
}

let lastWindow = 0;

export class TestCallWindow implements CallWindowPort {
  readonly name: string;
  /** Everything that core has asked, by name. */
  readonly asked: string[] = [];
  readonly seen: SeenFrame[] = [];
  /** What refused frames were refused for. */
  readonly refused: string[] = [];
  /** Everything that was said over a data channel, as it went. */
  readonly carried: Uint8Array[] = [];
  /** Every key that core was given or gave. */
  readonly media: ToMedia[] = [];
  /** Every frame that was sealed here, by the call that it is of; `frame` begins with its SFrame header. */
  readonly sealed: { readonly call: string; readonly frame: Uint8Array }[] = [];
  isSupported = true;
  /** What is said over its data channels is lost while it is set. */
  losesWhatIsSaid = false;
  /** What it is asked to do with candidates is not done while it is set. */
  isBusy = false;
  /** A media worker is there when this has come about. */
  mediaStart: Promise<void> = Promise.resolve();
  /** Attachments are not confirmed while it is set. */
  withholdsAttached = false;
  /** What direct connections were given to find addresses by. */
  readonly iceUrls: string[] = [];
  readonly connections = new Map<number, Connection>();
  readonly #net: CallNet;
  #hear: (told: FromCallWindow) => void = () => undefined;
  #sealers = new Map<number, FrameSealer>();
  #openers = new Map<number, FrameOpener>();
  #sealed = new Map<number, number>();
  readonly #callOf = new Map<number, string>();
  #asking = new Map<number, (answer: Options<'answerRelay'>['answer']) => void>();
  #lastRe = 0;
  #isMediaOpen = false;

  constructor(net: CallNet) {
    lastWindow += 1;
    this.name = `w${lastWindow}`;
    this.#net = net;
    net.windows.push(this);
  }

  listen(hear: (told: FromCallWindow) => void): void {
    this.#hear = hear;
  }

  readonly canCall = async (): Promise<boolean> => this.isSupported;

  /** Tells core, as a window does: never while it asks. */
  tell(told: FromCallWindow): void {
    setImmediate(() => this.#hear(structuredClone(told)));
  }

  async openMedia(): Promise<void> {
    this.asked.push('openMedia');
    this.#sealers = new Map();
    this.#openers = new Map();
    this.#sealed = new Map();
    this.#isMediaOpen = true;
    await this.mediaStart;
  }

  tellMedia(message: ToMedia): void {
    if (!this.#isMediaOpen) return;
    const copy = structuredClone(message);
    this.media.push(copy);
    this.#do(copy).catch(() => {
      const stream = copy.kind === 'count' ? copy.re : copy.stream;
      this.#fromMedia({ kind: 'failed', stream, what: copy.kind });
    });
  }

  async openDirect({ connection, streams, servers, turnOnly }: Options<'openDirect'>): Promise<void> {
    this.asked.push(turnOnly ? 'openDirect turn' : 'openDirect');
    this.iceUrls.push(...servers.flatMap(({ urls }) => urls));
    this.#add(connection, 'direct', streams);
    for (const purpose of MEDIA_PURPOSES) this.attach(connection, purpose);
  }

  async offer({ connection, again }: Options<'offer'>): Promise<string> {
    this.asked.push(again ? 'offer again' : 'offer');
    this.#get(connection);
    this.tell({ kind: 'candidates', connection, lines: [`candidate:${this.name} 1`] });
    return `offer ${this.name} ${connection}`;
  }

  async answer({ connection, offer }: Options<'answer'>): Promise<string> {
    this.asked.push('answer');
    this.#pair(connection, offer, 'offer');
    this.tell({ kind: 'candidates', connection, lines: [`candidate:${this.name} 2`] });
    return `answer ${this.name} ${connection}`;
  }

  async takeAnswer({ connection, answer }: Options<'takeAnswer'>): Promise<void> {
    this.asked.push('takeAnswer');
    const { window, connection: theirs } = this.#pair(connection, answer, 'answer');
    // Its other end may be closed by now: the answer does not show it.
    if (!this.#net.isDirectOpen || !window.connections.has(theirs)) return;
    window.connect(theirs);
    this.connect(connection);
  }

  /** The direct way is there. */
  connect(connection: number): void {
    const held = this.#get(connection);
    this.tell({ kind: 'way', connection, state: 'connected' });
    if (!held.isOpen) this.tell({ kind: 'channel', connection });
    held.isOpen = true;
  }

  async addCandidates({ connection, lines }: Options<'addCandidates'>): Promise<void> {
    this.#get(connection).candidates.push(...lines);
    while (this.isBusy) await new Promise(setImmediate);
  }

  async say({ connection, bytes }: Options<'say'>): Promise<void> {
    const { peer, isOpen } = this.#get(connection);
    if (peer === undefined || !isOpen) throw new CallWindowError('gone');
    this.carried.push(bytes);
    if (!this.losesWhatIsSaid) peer.window.tell({ kind: 'said', connection: peer.connection, bytes });
  }

  async openRelay({ connection, streams, labels }: Options<'openRelay'>): Promise<void> {
    this.asked.push('openRelay');
    const held = this.#add(connection, 'relay', streams);
    await this.#request(connection, { kind: 'open-transport', direction: 'send' });
    await this.#request(connection, { kind: 'open-transport', direction: 'receive' });
    for (const purpose of ['audio', 'camera'] as const) {
      this.attach(connection, purpose);
      const media = purpose === 'audio' ? 'audio' : 'video';
      const ssrc = (streams[purpose].send % 100_000_000) + 1;
      const stream = media === 'audio' ? audioOf(ssrc) : { ...videoOf(ssrc), encodings: [{ ssrc }] };
      const answer = await this.#request(connection, {
        kind: 'produce',
        media,
        stream,
        label: labels[purpose],
      });
      if (answer?.kind === 'produced') held.producers.set(purpose, encodeB64u(answer.producer));
    }
    this.tell({ kind: 'way', connection, state: 'connected' });
  }

  async answerRelay({ re, answer }: Options<'answerRelay'>): Promise<void> {
    this.#asking.get(re)?.(answer);
    this.#asking.delete(re);
  }

  async receiveRelayed({ connection, purpose, producer, stream }: Options<'receiveRelayed'>): Promise<void> {
    this.asked.push(`receive ${purpose}`);
    this.#get(connection).receiving.set(encodeB64u(producer), { purpose, stream });
  }

  async endRelayed({ connection, producer }: Options<'endRelayed'>): Promise<void> {
    this.#get(connection).receiving.delete(encodeB64u(producer));
  }

  async restartRelay(): Promise<void> {
    this.asked.push('restartRelay');
  }

  async release({ connection, purpose }: Options<'release'>): Promise<void> {
    this.#get(connection).released.add(purpose);
  }

  async stopStream({ connection, purpose }: Options<'stopStream'>): Promise<void> {
    this.asked.push(`stop ${purpose}`);
    this.#get(connection).stopped.add(purpose);
  }

  async closeConnection({ connection }: Options<'closeConnection'>): Promise<void> {
    this.asked.push('closeConnection');
    this.connections.delete(connection);
  }

  async endCall(): Promise<void> {
    this.asked.push('endCall');
    this.connections.clear();
    this.#isMediaOpen = false;
  }

  /** The media worker goes by itself. */
  endMedia(): void {
    this.#isMediaOpen = false;
    this.#sealers.clear();
    this.#openers.clear();
    this.tell({ kind: 'media-ended' });
  }

  /** The connection that was opened last. */
  get latest(): Connection | undefined {
    return [...this.connections.values()].at(-1);
  }

  /** Confirms that a transform holds a sender's frames, as the media worker does. */
  attach(connection: number, purpose: Purpose): void {
    if (this.withholdsAttached) return;
    const stream = this.#get(connection).streams[purpose].send;
    this.#fromMedia({ kind: 'attached', stream });
  }

  /** Sends a frame over the latest connection, as WebRTC does of what is released. False: it does not go. */
  async send(purpose: Purpose, text: string): Promise<boolean> {
    const held = this.latest;
    if (held === undefined || !held.released.has(purpose) || held.stopped.has(purpose)) return false;
    const stream = held.streams[purpose].send;
    const sealer = this.#sealers.get(stream);
    if (sealer === undefined) return false;
    const codec = purpose.endsWith('audio') ? 'opus' : 'vp9';
    const frame = await sealer.seal(0, codec, new TextEncoder().encode(text));
    this.#sealed.set(stream, (this.#sealed.get(stream) ?? 0) + 1);
    this.sealed.push({ call: this.#callOf.get(stream) ?? '', frame });
    if (held.kind === 'direct') {
      const { peer } = held;
      const there = peer?.window.connections.get(peer.connection);
      if (peer === undefined || there === undefined) return false;
      await peer.window.receive(there.streams[purpose].receive, purpose, frame);
      return true;
    }
    const producer = held.producers.get(purpose);
    for (const window of this.#net.windows) {
      for (const { receiving } of window.connections.values()) {
        const received = producer === undefined ? undefined : receiving.get(producer);
        if (received !== undefined) await window.receive(received.stream, received.purpose, frame);
      }
    }
    return true;
  }

  /** A frame comes by a stream. */
  async receive(stream: number, purpose: Purpose, frame: Uint8Array<ArrayBuffer>): Promise<void> {
    const codec = purpose.endsWith('audio') ? 'opus' : 'vp9';
    const opened = await this.#openers.get(stream)?.open(codec, frame);
    if (opened?.kind === 'opened') this.seen.push({ purpose, text: new TextDecoder().decode(opened.frame) });
    else this.refused.push(opened?.why ?? 'no stream');
  }

  /** Asks core to carry a request to the media server. */
  async request(
    request: Parameters<TestCallWindow['tell']>[0] & { kind: 'relay-request' },
  ): Promise<unknown> {
    return this.#request(request.connection, request.request);
  }

  #request(
    connection: number,
    request: Extract<FromCallWindow, { readonly kind: 'relay-request' }>['request'],
  ): Promise<Options<'answerRelay'>['answer']> {
    this.#lastRe += 1;
    const re = this.#lastRe;
    return new Promise((resolve) => {
      this.#asking.set(re, resolve);
      this.tell({ kind: 'relay-request', connection, re, request });
    });
  }

  #add(connection: number, kind: Connection['kind'], streams: StreamNumbers): Connection {
    const held: Connection = {
      connection,
      kind,
      streams,
      released: new Set(),
      stopped: new Set(),
      isOpen: false,
      candidates: [],
      producers: new Map(),
      receiving: new Map(),
    };
    this.connections.set(connection, held);
    return held;
  }

  #get(connection: number): Connection {
    const held = this.connections.get(connection);
    if (held === undefined) throw new CallWindowError('gone');
    return held;
  }

  /** The window and connection that a description is of. */
  #pair(
    connection: number,
    description: string,
    kind: 'offer' | 'answer',
  ): { readonly window: TestCallWindow; readonly connection: number } {
    const held = this.#get(connection);
    const [of, name, theirs] = description.split(' ');
    const window = this.#net.windows.find((each) => each.name === name);
    if (of !== kind || window === undefined) throw new CallWindowError('failed');
    held.peer = { window, connection: Number(theirs) };
    return held.peer;
  }

  #fromMedia(message: FromMedia): void {
    this.tell({ kind: 'media', message });
  }

  async #do(message: ToMedia): Promise<void> {
    switch (message.kind) {
      case 'open-sender': {
        const { call, purpose, instance, layers, stream } = message;
        const sealer = await FrameSealer.open({ call, purpose, instance, layers });
        this.#sealers.set(stream, sealer);
        this.#callOf.set(stream, encodeB64u(call));
        this.#fromMedia({ kind: 'sender-key', stream, ...sealer.share() });
        return;
      }
      case 'open-receiver':
        this.#openers.set(message.stream, new FrameOpener({ call: message.call, purpose: message.purpose }));
        return;
      case 'add-key': {
        const { stream, instance, step, baseKey } = message;
        const opener = this.#openers.get(stream);
        if (opener === undefined) throw new TypeError('no such receiver');
        await opener.addKey(parseSenderKey(instance, step, baseKey));
        return;
      }
      case 'close':
        this.#sealers.delete(message.stream);
        this.#openers.delete(message.stream);
        return;
      case 'count': {
        const senders = [...this.#sealers.keys()].map((stream) => ({
          stream,
          sealed: this.#sealed.get(stream) ?? 0,
          refused: 0,
        }));
        const receivers = [...this.#openers].map(([stream, opener]) => ({
          stream,
          counts: opener.counts(),
          foreign: 0,
        }));
        this.#fromMedia({ kind: 'counts', re: message.re, senders, receivers });
        return;
      }
      case 'ratchet':
      case 'drop-instance':
        throw new TypeError('not asked in a call between two');
    }
  }
}
