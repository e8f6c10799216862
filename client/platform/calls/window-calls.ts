/**
 * Does in the window what core asks for a call: connections by their numbers, what is on over the one that was released last, sound and
 * pictures of the other side, figures every second.
 */
import { CallWindowError, type CallWindow, type FromCallWindow } from '../../core/calls/call-window.ts';
import type { Purpose } from '@tacet/protocol/content/call-said';
import type { OnHere } from '../../ui/calls/stage.ts';
import type { CallWindowEnd } from '../call-link-messages.ts';
import type { ConnectionEvents } from './connection.ts';
import { DirectConnection } from './direct.ts';
import { FigureReader } from './figures.ts';
import { PURPOSES } from './lines.ts';
import { MediaWorker } from './media-worker.ts';
import type { RelayConnection } from './relay.ts';
import { RelayRequests } from './relay-requests.ts';

const FIGURES_MS = 1_000;

/** What the window has besides connections. */
export interface WindowMedia {
  /** What is on here of a purpose. */
  track(purpose: Purpose): MediaStreamTrack | undefined;
  on(): OnHere;
  /** Lets go of what is on here of a purpose, before it returns. */
  turnOff(purpose: Purpose): void;
  /** What comes from the other side as a purpose is heard and seen from now on. */
  show(purpose: Purpose, track: MediaStreamTrack | undefined): void;
  /** A call is being made. */
  begin(): void;
  /** It is over: devices are let go of. */
  end(): void;
}

/** A connection, and what came of it. */
interface Held {
  readonly connection: DirectConnection | RelayConnection;
  readonly figures: ReturnType<typeof setInterval>;
  readonly received: Map<Purpose, MediaStreamTrack>;
  readonly stopped: Set<Purpose>;
}

/** What a request of core's is given. */
type Asked<Name extends keyof CallWindow> = Parameters<CallWindow[Name]>[0];

export class WindowCalls implements CallWindowEnd {
  readonly #media: WindowMedia;
  readonly #tell: (told: FromCallWindow) => void;
  readonly #held = new Map<number, Held>();
  /** Numbers of this call's connections. */
  readonly #used = new Set<number>();
  /** Which connection sends a purpose. */
  readonly #released = new Map<Purpose, number>();
  readonly #requests: RelayRequests;
  #worker: MediaWorker | undefined;

  constructor(media: WindowMedia, tell: (told: FromCallWindow) => void) {
    this.#media = media;
    this.#tell = tell;
    this.#requests = new RelayRequests((asked) => tell({ kind: 'relay-request', ...asked }));
  }

  async openMedia(port: MessagePort): Promise<void> {
    this.#worker?.end();
    const worker = new MediaWorker(port, () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#tell({ kind: 'media-ended' });
    });
    this.#worker = worker;
    this.#media.begin();
    this.#tell({ kind: 'on', ...this.#media.on() });
  }

  async openDirect(options: Asked<'openDirect'>): Promise<void> {
    const worker = this.#expectNew(options.connection);
    this.#hold(
      new DirectConnection(options, worker, {
        ...this.#eventsOf(options.connection),
        candidates: (lines) => this.#tell({ kind: 'candidates', connection: options.connection, lines }),
        channelOpen: () => this.#tell({ kind: 'channel', connection: options.connection }),
        said: (bytes) => this.#tell({ kind: 'said', connection: options.connection, bytes }),
      }),
    );
  }

  offer({ connection, again }: Asked<'offer'>): Promise<string> {
    return this.#direct(connection).offer(again);
  }

  answer({ connection, offer }: Asked<'answer'>): Promise<string> {
    return this.#direct(connection).answer(offer);
  }

  takeAnswer({ connection, answer }: Asked<'takeAnswer'>): Promise<void> {
    return this.#direct(connection).takeAnswer(answer);
  }

  addCandidates({ connection, lines }: Asked<'addCandidates'>): Promise<void> {
    return this.#direct(connection).addCandidates(lines);
  }

  async say({ connection, bytes }: Asked<'say'>): Promise<void> {
    this.#direct(connection).say(bytes);
  }

  async openRelay(options: Asked<'openRelay'>): Promise<void> {
    const { connection } = options;
    const { RelayConnection: Relay } = await import('./relay.ts');
    const worker = this.#expectNew(connection);
    this.#hold(
      new Relay(options, worker, {
        ...this.#eventsOf(connection),
        ask: (request) => this.#requests.ask(connection, request),
      }),
    );
    await this.#put(connection);
  }

  async answerRelay({ re, answer }: Asked<'answerRelay'>): Promise<void> {
    this.#requests.take(re, answer);
  }

  receiveRelayed(options: Asked<'receiveRelayed'>): Promise<void> {
    return this.#relay(options.connection).receive(options);
  }

  async endRelayed({ connection, producer }: Asked<'endRelayed'>): Promise<void> {
    const ended = this.#relay(connection).endReceiving(producer);
    if (ended === undefined) return;
    this.#find(connection).received.delete(ended);
    this.#show(ended);
  }

  restartRelay({ connection }: Asked<'restartRelay'>): Promise<void> {
    return this.#relay(connection).restart();
  }

  /** Nothing is sent over the one before when the next one begins. */
  async release({ connection, purpose }: Asked<'release'>): Promise<void> {
    if (this.#find(connection).stopped.has(purpose)) throw new CallWindowError('gone');
    const before = this.#released.get(purpose);
    this.#released.set(purpose, connection);
    if (before !== undefined && before !== connection) await this.#put(before);
    await this.#put(connection);
  }

  /** Acts before anything is waited for, whatever is under way. The person sees that the device is off. */
  async stopStream({ connection, purpose }: Asked<'stopStream'>): Promise<void> {
    const held = this.#find(connection);
    held.stopped.add(purpose);
    held.received.delete(purpose);
    if (this.#released.get(purpose) === connection) this.#released.delete(purpose);
    const stopped = held.connection.stop(purpose);
    this.#media.turnOff(purpose);
    this.#show(purpose);
    await stopped;
  }

  async closeConnection({ connection }: Asked<'closeConnection'>): Promise<void> {
    this.#close(connection);
    for (const purpose of PURPOSES) this.#show(purpose);
  }

  async endCall(): Promise<void> {
    for (const number of this.#held.keys()) this.#close(number);
    for (const purpose of PURPOSES) this.#show(purpose);
    this.#worker?.end();
    this.#worker = undefined;
    // The next call counts its connections anew, over a media worker of its own.
    this.#used.clear();
    this.#media.end();
  }

  /** What is on here has changed. */
  async changed(): Promise<void> {
    if (this.#worker !== undefined) this.#tell({ kind: 'on', ...this.#media.on() });
    for (const number of this.#held.keys()) await this.#put(number);
  }

  #eventsOf(number: number): ConnectionEvents {
    return {
      way: (state) => this.#tell({ kind: 'way', connection: number, state }),
      received: (purpose, track) => {
        const held = this.#held.get(number);
        if (held === undefined || held.stopped.has(purpose)) return;
        held.received.set(purpose, track);
        this.#show(purpose);
      },
      ready: () => {
        this.#put(number).catch(() => undefined);
      },
    };
  }

  #expectNew(number: number): Worker {
    if (this.#worker === undefined || this.#used.has(number)) throw new CallWindowError('gone');
    this.#used.add(number);
    return this.#worker.worker;
  }

  #hold(connection: Held['connection']): void {
    const { number } = connection;
    const reader = new FigureReader(number, connection.flows);
    const figures = setInterval(() => {
      reader
        .read()
        .then((read) => this.#held.get(number) === held && this.#tell(read))
        .catch(() => undefined);
    }, FIGURES_MS);
    const held: Held = { connection, figures, received: new Map(), stopped: new Set() };
    this.#held.set(number, held);
  }

  #find(number: number): Held {
    const held = this.#held.get(number);
    if (held === undefined) throw new CallWindowError('gone');
    return held;
  }

  #direct(number: number): DirectConnection {
    const { connection } = this.#find(number);
    if (connection.kind !== 'direct') throw new CallWindowError('gone');
    return connection;
  }

  #relay(number: number): RelayConnection {
    const { connection } = this.#find(number);
    if (connection.kind !== 'relay') throw new CallWindowError('gone');
    return connection;
  }

  #close(number: number): void {
    const held = this.#held.get(number);
    if (held === undefined) return;
    this.#held.delete(number);
    clearInterval(held.figures);
    held.connection.close();
    this.#requests.forget(number);
    for (const [purpose, released] of this.#released) if (released === number) this.#released.delete(purpose);
  }

  /** Gives a connection what is on of each purpose. */
  async #put(number: number): Promise<void> {
    const held = this.#held.get(number);
    if (held === undefined) return;
    for (const purpose of PURPOSES) {
      if (held.stopped.has(purpose)) continue;
      await held.connection.put(purpose, this.#media.track(purpose), this.#released.get(purpose) === number);
    }
  }

  /** Of a purpose, what the newest connection brings. */
  #show(purpose: Purpose): void {
    const newest = [...this.#held]
      .toSorted(([a], [b]) => b - a)
      .find(([, { received }]) => received.has(purpose));
    this.#media.show(purpose, newest?.[1].received.get(purpose));
  }
}
