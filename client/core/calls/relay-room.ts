/**
 * A place in the call's room on the media server, and who of the others there is the other side: whoever shows the very join that the
 * ratchet brought. All others are passed over, whatever they say. A lost socket is resumed, a lost place is taken anew.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { CallAnswer, CallEvent, OtherParticipant } from '@tacet/protocol/calls/answers';
import type { CallRequest, CallRequestOf } from '@tacet/protocol/calls/requests';
import type { CallsAnswer } from '@tacet/protocol/frames/calls';
import { CoreError } from '../failure.ts';
import type { Clock } from '../ports.ts';
import { answerOf, mayWindowAsk, type RelayLink } from './relay-link.ts';

/** Places of one call: a media server that takes them away again and again carries no call. */
const PLACES_MOST = 64;
/** How long a place in the room is tried for. */
const TRY_MS = 20_000;
const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 4_000;
/** Events that come before the answer that lets this side in. */
const EARLY_MOST = 256;
/** Participants that show the other side's join: it, and places of it that were lost. */
const OTHERS_MOST = 8;
/** Streams of the other side in one place: each of its few, anew now and then. */
const PRODUCERS_MOST = 32;

export type Producer = Pick<
  Extract<CallEvent, { readonly kind: 'producer-opened' }>,
  'producer' | 'media' | 'label' | 'paused'
>;
type Capabilities = Extract<CallAnswer, { readonly kind: 'entered' }>['capabilities'];

export interface RelayRoomEvents {
  /** A new place: nothing of an earlier one is left. */
  entered(capabilities: Capabilities): void;
  /** The other side is there, for the first time or anew: it knows nothing yet. */
  met(): void;
  opened(producer: Producer): void;
  closed(producer: Uint8Array): void;
  said(body: Uint8Array): void;
  /** No place is to be had. */
  failed(): void;
}

export interface RoomKeys {
  /** 16 and 32 bytes. */
  readonly room: Uint8Array;
  readonly key: Uint8Array;
  /** The own join, sealed. */
  readonly join: Uint8Array;
  /** The other side's, sealed. */
  readonly theirs: Uint8Array;
}

export class RelayRoom {
  readonly #link: RelayLink;
  readonly #keys: RoomKeys;
  readonly #clock: Clock;
  readonly #events: RelayRoomEvents;
  /** Participants that show the other side's join, the newest last. */
  #others: Uint8Array[] = [];
  readonly #producers = new Map<string, { readonly producer: Uint8Array; readonly of: string }>();
  #resume: Uint8Array | undefined;
  /** How often a place was asked for. */
  #places = 0;
  #isIn = false;
  #early: CallEvent[] = [];
  #isOver = false;
  #isTrying = false;
  #stopWaiting: (() => void) | undefined;

  constructor(link: RelayLink, keys: RoomKeys, clock: Clock, events: RelayRoomEvents) {
    this.#link = link;
    this.#keys = keys;
    this.#clock = clock;
    this.#events = events;
  }

  /** Takes a place, or another one: what was there before is given up. Rejects never; `failed` tells. */
  async enter(): Promise<void> {
    if (this.#isIn) this.#link.request({ kind: 'leave' }).catch(() => undefined);
    this.#forgetPlace();
    await this.#try(() => this.#takePlace());
  }

  /** The socket was lost. The transports live on for a while. */
  async lost(): Promise<void> {
    if (!this.#isIn || this.#isOver) return;
    await this.#try(async () => {
      if (this.#resume === undefined) return this.#takePlace();
      try {
        await this.#takeUp(this.#resume);
      } catch (error) {
        if (error instanceof CoreError) throw error;
        this.#forgetPlace();
        await this.#takePlace();
      }
    });
  }

  /** Carries a request of the window. `undefined`: it was refused. */
  async carry(request: CallRequest): Promise<CallAnswer | undefined> {
    if (!mayWindowAsk(request) || this.#isOver) return undefined;
    try {
      const answer = await this.#link.request(request);
      return answer.kind === 'call-servers' ? undefined : answer;
    } catch {
      return undefined;
    }
  }

  /** Whether the other side is there. */
  get hasMet(): boolean {
    return this.#others.length > 0;
  }

  /**
   * Says something to the other side, in every place that shows its join: only itself can read it, and nobody who shows the join as well keeps
   * it from it. Throws where it is not there, and what the server refuses.
   */
  async say(body: Uint8Array): Promise<void> {
    if (!this.hasMet) throw new CoreError('offline', 'the other side is not there');
    await Promise.all(this.#others.map((to) => this.#link.request({ kind: 'message', to, body })));
  }

  /** Leaves, without waiting for a word of the server. */
  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopWaiting?.();
    if (this.#isIn) this.#link.request({ kind: 'leave' }).catch(() => undefined);
  }

  /** Something happened in the room. */
  hear(event: CallEvent): void {
    if (this.#isOver) return;
    if (!this.#isIn) {
      if (this.#early.length < EARLY_MOST) this.#early.push(event);
      return;
    }
    switch (event.kind) {
      case 'participant-entered':
        this.#meet(event);
        return;
      case 'participant-left':
        this.#part(event.participant);
        return;
      case 'producer-opened':
        if (this.#isOther(event.participant)) this.#open(event.participant, event);
        return;
      case 'producer-closed':
        this.#close(encodeB64u(event.producer));
        return;
      case 'message':
        if (this.#isOther(event.from)) this.#events.said(event.body);
        return;
      case 'worker-lost':
      case 'room-closed':
        this.enter().catch(() => undefined);
        return;
      case 'producer-paused':
      case 'consumer-closed':
      case 'layers-wanted':
    }
  }

  #forgetPlace(): void {
    this.#isIn = false;
    this.#resume = undefined;
    this.#others = [];
    this.#producers.clear();
    this.#early = [];
  }

  async #takePlace(): Promise<void> {
    this.#places += 1;
    if (this.#places > PLACES_MOST) {
      this.#isOver = true;
      this.#events.failed();
      throw new CoreError('cancelled', 'too many places in one call');
    }
    // Nothing of an earlier place is told from here on.
    this.#early = [];
    const { room, key, join } = this.#keys;
    const admitted = answerOf(await this.#ask({ kind: 'admit', room, key }), 'admitted');
    const entered = answerOf(await this.#ask({ kind: 'enter', token: admitted.token, join }), 'entered');
    this.#resume = entered.resume;
    this.#isIn = true;
    this.#events.entered(entered.capabilities);
    for (const other of entered.others) this.#meet(other);
    this.#flushEarly();
  }

  async #takeUp(token: Uint8Array): Promise<void> {
    this.#isIn = false;
    const resumed = answerOf(await this.#ask({ kind: 'resume', token }), 'resumed');
    if (this.#resume !== token) {
      this.#link.request({ kind: 'leave' }).catch(() => undefined);
      throw new CoreError('cancelled', 'the place was given up meanwhile');
    }
    this.#resume = resumed.resume;
    this.#isIn = true;
    const here = new Set(resumed.others.map(({ participant }) => encodeB64u(participant)));
    for (const gone of this.#others.filter((other) => !here.has(encodeB64u(other)))) this.#part(gone);
    for (const other of resumed.others) {
      const ids = new Set(other.producers.map(({ producer }) => encodeB64u(producer)));
      const of = encodeB64u(other.participant);
      for (const [id, held] of this.#producers) if (held.of === of && !ids.has(id)) this.#close(id);
      this.#meet(other);
    }
    // What was on its way when the socket went may be lost.
    if (this.hasMet) this.#events.met();
    this.#flushEarly();
  }

  #flushEarly(): void {
    for (const event of this.#early.splice(0)) this.hear(event);
  }

  #meet({
    participant,
    join,
    producers = [],
  }: Pick<OtherParticipant, 'participant' | 'join'> & Partial<OtherParticipant>): void {
    if (!equalBytes(join, this.#keys.theirs)) return;
    if (!this.#isOther(participant)) {
      this.#others = [...this.#others, participant].slice(-OTHERS_MOST);
      this.#events.met();
    }
    for (const producer of producers) this.#open(participant, producer);
  }

  #part(participant: Uint8Array): void {
    const id = encodeB64u(participant);
    this.#others = this.#others.filter((other) => encodeB64u(other) !== id);
    for (const [producer, { of }] of this.#producers) if (of === id) this.#close(producer);
  }

  #isOther(participant: Uint8Array): boolean {
    return this.#others.some((other) => equalBytes(other, participant));
  }

  #open(participant: Uint8Array, producer: Producer): void {
    const id = encodeB64u(producer.producer);
    if (this.#producers.has(id) || this.#producers.size >= PRODUCERS_MOST) return;
    this.#producers.set(id, { producer: producer.producer, of: encodeB64u(participant) });
    this.#events.opened(producer);
  }

  #close(id: string): void {
    const held = this.#producers.get(id);
    if (held === undefined) return;
    this.#producers.delete(id);
    this.#events.closed(held.producer);
  }

  async #ask(request: CallRequestOf<'admit' | 'enter' | 'resume'>): Promise<CallsAnswer> {
    const answer = await this.#link.request(request);
    if (this.#isOver) throw new CoreError('cancelled', 'the call is over');
    return answer;
  }

  /** Tries until there is a place or the time is over. One that is taken away before it is there is tried for like one that is refused. */
  async #try(work: () => Promise<void>): Promise<void> {
    if (this.#isTrying || this.#isOver) return;
    this.#isTrying = true;
    const end = this.#clock.now() + TRY_MS;
    try {
      for (let waitMs = FIRST_WAIT_MS; !this.#isOver; waitMs = Math.min(MOST_WAIT_MS, waitMs * 2)) {
        try {
          await work();
          if (this.#isIn) return;
        } catch {
          // The next one may come about.
        }
        if (this.#clock.now() >= end) break;
        await this.#wait(waitMs);
      }
    } finally {
      this.#isTrying = false;
    }
    if (!this.#isOver) this.#events.failed();
  }

  #wait(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(waitMs, resolve);
      this.#stopWaiting = () => {
        cancel();
        resolve();
      };
    });
  }
}
