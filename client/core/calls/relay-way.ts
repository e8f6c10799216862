/**
 * The way through the media server: a place in the call's room and a connection of the window's for it. With each new place everything is made
 * anew: streams, sender instances, receivers. The media server carries what it cannot read.
 */
import { MEDIA_PURPOSES, type Purpose } from '@tacet/protocol/content/call-said';
import { idBytes, type CallId } from '@tacet/protocol/ids';
import { callRoom, openCallLabel, sealCallLabel, type CallSecret } from '@tacet/crypto/vault';
import type { Clock } from '../ports.ts';
import type { Carrier } from './call-talk.ts';
import type { NumberedStreams } from './call-media.ts';
import type { CallWindow, FromCallWindow, IceServer } from './call-window.ts';
import type { RelayLink } from './relay-link.ts';
import { RelayRoom, type Producer } from './relay-room.ts';
import type { CallStreams } from './streams.ts';

export interface RelayNeeds {
  readonly call: CallId;
  readonly secret: CallSecret;
  /** Both sealed joins. */
  readonly mine: Uint8Array;
  readonly theirs: Uint8Array;
  readonly link: RelayLink;
  readonly clock: Clock;
  readonly window: CallWindow;
  readonly servers: readonly IceServer[];
  /** Streams for a new connection. */
  open(): NumberedStreams;
}

export interface RelayWayEvents {
  /** What carries from now on; `undefined`: nothing does until the other side is there. */
  carried(by: Carrier | undefined): void;
  said(bytes: Uint8Array): void;
  /** The streams of an earlier place are to end. */
  moved(): void;
  failed(): void;
}

export class RelayWay {
  readonly #needs: RelayNeeds;
  readonly #events: RelayWayEvents;
  readonly #room: RelayRoom;
  #open: NumberedStreams | undefined;
  /** What is asked of the window, in order. */
  #asking: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(needs: RelayNeeds, events: RelayWayEvents) {
    this.#needs = needs;
    this.#events = events;
    const { room, key } = callRoom(needs.secret, idBytes(needs.call));
    const { mine, theirs, link, clock } = needs;
    this.#room = new RelayRoom(link, { room, key, join: mine, theirs }, clock, {
      entered: (capabilities) => this.#entered(capabilities),
      met: () => this.#carry(),
      opened: (producer) => this.#receive(producer),
      closed: (producer) => this.#end(producer),
      said: (body) => events.said(body),
      failed: () => events.failed(),
    });
  }

  /** Takes a place, or another one. */
  enter(): void {
    this.#room.enter().catch(() => undefined);
  }

  hear(event: Parameters<RelayRoom['hear']>[0]): void {
    this.#room.hear(event);
  }

  lost(): void {
    this.#room.lost().catch(() => undefined);
  }

  get connection(): number | undefined {
    return this.#open?.connection;
  }

  get streams(): CallStreams | undefined {
    return this.#open?.streams;
  }

  /** The window wants something of the media server. */
  carry({ connection, re, request }: Extract<FromCallWindow, { readonly kind: 'relay-request' }>): void {
    const carried = connection === this.connection ? this.#room.carry(request) : Promise.resolve(undefined);
    carried.then((answer) => this.#needs.window.answerRelay({ re, answer })).catch(() => undefined);
  }

  /** The way is to be found anew, in this place. */
  restart(): void {
    this.#ask(async (connection) => this.#needs.window.restartRelay({ connection }));
  }

  /** Whether the other side is in the room. */
  get hasMet(): boolean {
    return this.#room.hasMet;
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#room.leave();
    this.#close();
  }

  #entered(capabilities: Parameters<CallWindow['openRelay']>[0]['capabilities']): void {
    const { secret, call, window, servers } = this.#needs;
    this.#close();
    const open = this.#needs.open();
    this.#open = open;
    const label = (purpose: Purpose): Uint8Array =>
      sealCallLabel(secret, idBytes(call), MEDIA_PURPOSES.indexOf(purpose) + 1);
    const labels = {
      audio: label('audio'),
      camera: label('camera'),
      screen: label('screen'),
      'screen-audio': label('screen-audio'),
    };
    this.#ask(async (connection) =>
      window.openRelay({ connection, streams: open.streams.numbers, capabilities, labels, servers }),
    );
  }

  /** The other side is there and knows nothing. */
  #carry(): void {
    const streams = this.streams;
    if (streams !== undefined) this.#events.carried({ streams, send: (bytes) => this.#room.say(bytes) });
  }

  #receive({ producer, media, label }: Producer): void {
    const purpose = this.#purposeOf(label);
    if (purpose === undefined || (media === 'audio') !== purpose.endsWith('audio')) return;
    const stream = this.streams?.receive(purpose);
    if (stream === undefined) return;
    this.#ask(async (connection) =>
      this.#needs.window.receiveRelayed({ connection, purpose, producer, stream }),
    );
  }

  #purposeOf(label: Uint8Array): Purpose | undefined {
    try {
      return MEDIA_PURPOSES[openCallLabel(this.#needs.secret, idBytes(this.#needs.call), label) - 1];
    } catch {
      return undefined;
    }
  }

  #end(producer: Uint8Array): void {
    this.#ask(async (connection) => this.#needs.window.endRelayed({ connection, producer }));
  }

  #close(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    this.#events.carried(undefined);
    this.#events.moved();
    const closed = this.#needs.window.closeConnection({ connection: open.connection });
    closed.catch(() => undefined);
  }

  /** Asks the window about the present connection, after what was asked before; what it refuses is told by how the connection stands. */
  #ask(ask: (connection: number) => Promise<void>): void {
    const { connection } = this;
    if (connection === undefined) return;
    this.#asking = this.#asking
      .then(() => (connection === this.connection ? ask(connection) : undefined))
      .catch(() => undefined);
  }
}
