/**
 * The way that the media of a call take: directly between the browsers, or through the media server where that does not work or is not
 * wanted. Once through the server, always through the server; either side may say so. Each way has streams, sender instances and receivers of
 * its own, so that no key and counter ever meet twice.
 */
import type { Call } from '@tacet/protocol/content/call';
import type { StreamKey } from '@tacet/protocol/content/call-said';
import type { CallServers } from '@tacet/protocol/frames/calls';
import { idBytes, type CallId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { CallSecret } from '@tacet/crypto/vault';
import type { Ports } from '../ports.ts';
import type { CallTrouble } from '../view.ts';
import { CallMedia } from './call-media.ts';
import type { CallTalk } from './call-talk.ts';
import type { CallWindowPort, FromCallWindow } from './call-window.ts';
import { DirectWay } from './direct-way.ts';
import { askServers, iceServers } from './ice-servers.ts';
import type { Side } from './joins.ts';
import { KeyWatch } from './key-watch.ts';
import { RelayLink } from './relay-link.ts';
import { RelayWay } from './relay-way.ts';
import { WayWatch, type WayState } from './way-watch.ts';

export type WayWord = Extract<Call, { readonly what: 'candidates' | 'again' | 'answered' | 'relayed' }>;

export interface WaysNeeds {
  readonly ports: Pick<Ports, 'clock' | 'random' | 'origin' | 'openSocket'>;
  readonly window: CallWindowPort;
  readonly call: CallId;
  readonly side: Side;
  readonly secret: CallSecret;
  /** The own join, sealed. */
  readonly join: Uint8Array;
  /** The person does not show an address. */
  readonly hides: boolean;
  readonly talk: CallTalk;
}

export interface WaysEvents {
  say(body: WayWord, options?: { readonly online: true }): void;
  state(state: WayState): void;
  changed(): void;
}

export class CallWays {
  readonly #n: WaysNeeds;
  readonly #events: WaysEvents;
  readonly #media: CallMedia;
  readonly #link: RelayLink;
  readonly #watch: WayWatch;
  readonly #keys: KeyWatch;
  #servers: CallServers | undefined;
  #direct: DirectWay | undefined;
  #relay: RelayWay | undefined;
  /** The other side's join, once it has the call. */
  #theirs: Uint8Array | undefined;
  #lacksRelay = false;
  #round = 0;
  /** What is done with the window, in order. */
  #doing: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(needs: WaysNeeds, events: WaysEvents) {
    const { ports } = needs;
    this.#n = needs;
    this.#events = events;
    const { call, window, talk } = needs;
    this.#media = new CallMedia(
      { call, window, random: ports.random, ask: (work) => this.#do(work) },
      { keyed: () => talk.keyed(), changed: () => events.changed() },
    );
    this.#link = new RelayLink(ports.openSocket, ports.clock, {
      event: (event) => this.#relay?.hear(event),
      lost: () => this.#relay?.lost(),
    });
    this.#watch = new WayWatch(ports.clock, needs.side, {
      lookAgain: () => this.#lookAgain(),
      goRelayed: () => this.#goRelayed(false),
      restart: () => this.#relay?.restart(),
      enterAnew: () => this.#relay?.enter(),
    });
    this.#keys = new KeyWatch(ports.clock, {
      connected: () => events.state('connected'),
      ask: () => talk.ask(),
    });
  }

  get shown(): CallMedia['shown'] & { readonly way: 'direct' | 'relayed' | undefined } {
    const { quality, troubles } = this.#media.shown;
    const lacking: readonly CallTrouble[] = this.#lacksRelay ? ['no-relay'] : [];
    return {
      way: this.#relay !== undefined ? 'relayed' : this.#watch.hasConnected ? 'direct' : undefined,
      quality,
      troubles: [...troubles, ...lacking],
    };
  }

  /** The caller's description; `undefined`: no address is told, the call goes through the server. Throws what the window refuses. */
  async offer(): Promise<string | undefined> {
    await this.#begin();
    return this.#mayGoDirect ? (await this.#openDirect()).offer(false) : undefined;
  }

  /** The callee's answer to it, if there is one. */
  async answer(offer: string | undefined): Promise<string | undefined> {
    await this.#begin();
    return offer !== undefined && this.#mayGoDirect ? (await this.#openDirect()).answer(offer) : undefined;
  }

  /** Offer or answer has left: candidates may follow. */
  described(): void {
    this.#direct?.told();
  }

  /** The other side has the call: by its sealed join it is known at the media server. */
  know(theirs: Uint8Array): void {
    this.#theirs = theirs;
  }

  /** Both have said how they can be reached; `isDirect`: by a description. */
  meet(isDirect: boolean): void {
    if (isDirect && this.#direct !== undefined) this.#watch.begin();
    else this.#goRelayed(false);
  }

  /** The callee's answer. */
  async takeAnswer(answer: string): Promise<void> {
    await this.#direct?.takeAnswer(answer);
  }

  /** A key of the other side's, for what is received now. */
  learn(key: StreamKey): void {
    this.#media.learn(key);
    this.#keys.keyed();
  }

  /** What the other side's device says of the way. */
  hear(body: WayWord): void {
    const direct = this.#direct;
    switch (body.what) {
      case 'candidates':
        if (direct !== undefined) this.#do(() => direct.hear(body.lines));
        return;
      case 'again':
        if (this.#n.side === 'callee' && body.round > this.#round) this.#answerAgain(body);
        return;
      case 'answered':
        if (this.#n.side === 'caller' && body.round === this.#round) {
          this.#do(async () => direct?.takeAnswer(body.answer));
        }
        return;
      case 'relayed':
        this.#goRelayed(true);
    }
  }

  #answerAgain({ round, offer }: Extract<WayWord, { readonly what: 'again' }>): void {
    const direct = this.#direct;
    if (direct === undefined) return;
    this.#round = round;
    this.#do(async () => {
      const answer = await direct.answer(offer);
      this.#events.say({ what: 'answered', call: idBytes(this.#n.call), round, answer });
    });
  }

  /** What the window tells. */
  told(told: FromCallWindow): void {
    switch (told.kind) {
      case 'media':
        this.#media.heard(told.message);
        return;
      case 'media-ended':
        this.#mediaEnded();
        return;
      case 'way':
        if (told.connection === this.#media.connection) this.#way(told.state);
        return;
      case 'candidates':
        if (told.connection === this.#direct?.connection) this.#direct.found(told.lines);
        return;
      case 'channel':
        if (told.connection === this.#direct?.connection) this.#carryDirectly(this.#direct);
        return;
      case 'said':
        if (told.connection === this.#direct?.connection) this.#n.talk.hear(told.bytes);
        return;
      case 'relay-request':
        this.#relay?.carry(told);
        return;
      case 'on':
        this.#n.talk.turn(told);
        return;
      case 'figures':
        this.#media.figures(told);
    }
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watch.stop();
    this.#keys.moved();
    this.#relay?.close();
    this.#link.close();
    this.#media.end();
  }

  /** Without an address to be shown only TURN servers are a direct way, and only where there is no media server. */
  get #mayGoDirect(): boolean {
    const { relay, turn } = this.#servers ?? { relay: 'ready', turn: [] };
    return !this.#n.hides || (relay === 'none' && turn.length > 0);
  }

  async #begin(): Promise<void> {
    const { clock } = this.#n.ports;
    const asked = askServers(this.#link, clock, (servers) => {
      this.#servers = servers;
    });
    await Promise.all([this.#media.start(), asked]);
  }

  async #openDirect(): Promise<DirectWay> {
    const { call, window, hides, ports } = this.#n;
    const way = new DirectWay(this.#media.open({ receives: true }), window, (lines) =>
      this.#events.say({ what: 'candidates', call: idBytes(call), lines: [...lines] }, { online: true }),
    );
    this.#direct = way;
    await way.open(iceServers(ports.origin, this.#servers), hides);
    return way;
  }

  #carryDirectly({ connection, streams }: DirectWay): void {
    if (this.#relay !== undefined) return;
    const { talk, window } = this.#n;
    talk.carryBy({ streams, send: (bytes) => window.say({ connection, bytes }) });
  }

  /** From now on through the media server. `isHeard`: the other side has said so. */
  #goRelayed(isHeard: boolean): void {
    const { call, secret, join, ports, window, talk } = this.#n;
    const theirs = this.#theirs;
    if (this.#relay !== undefined || theirs === undefined || this.#isOver) return;
    if (this.#servers?.relay === 'none' && !isHeard) {
      this.#lacksRelay = true;
      this.#events.state('failed');
      return;
    }
    this.#watch.relayed();
    if (!isHeard) this.#events.say({ what: 'relayed', call: idBytes(call) });
    const { clock, origin } = ports;
    const relay = new RelayWay(
      {
        call,
        secret,
        mine: join,
        theirs,
        link: this.#link,
        clock,
        window,
        servers: iceServers(origin, this.#servers),
        open: () => this.#media.open({ receives: false }),
      },
      {
        carried: (by) => talk.carryBy(by),
        said: (bytes) => talk.hear(bytes),
        moved: () => this.#leaveWay(),
        failed: () => {
          this.#lacksRelay = true;
          this.#events.state('failed');
        },
      },
    );
    talk.carryBy(undefined);
    this.#leaveWay();
    const direct = this.#direct;
    this.#direct = undefined;
    this.#relay = relay;
    if (direct !== undefined) this.#do(() => direct.close());
    relay.enter();
    this.#events.changed();
  }

  #way(state: WayState): void {
    const hadConnected = this.#watch.hasConnected;
    this.#watch.heard(state);
    // While the media go directly, the server need not see that the call goes on.
    if (state === 'connected' && this.#relay === undefined) this.#link.rest();
    if (state === 'connected') {
      this.#keys.up();
      return;
    }
    this.#keys.down();
    if (hadConnected) this.#events.state('interrupted');
  }

  /** Streams and keys of the present way are of no use any more. */
  #leaveWay(): void {
    this.#media.close();
    this.#keys.moved();
    if (this.#watch.hasConnected) this.#events.state('interrupted');
  }

  /** The caller looks for the direct way anew. */
  #lookAgain(): void {
    const direct = this.#direct;
    if (direct === undefined || this.#round >= LIMITS.callRounds) return this.#goRelayed(false);
    this.#round += 1;
    const round = this.#round;
    this.#do(async () => {
      const offer = await direct.offer(true);
      this.#events.say({ what: 'again', call: idBytes(this.#n.call), round, offer });
    });
  }

  /** With the media worker all streams are gone: both sides begin anew through the server. */
  #mediaEnded(): void {
    if (!this.#media.mayStartAnew) {
      this.#events.state('failed');
      return;
    }
    this.#do(async () => {
      await this.#media.start();
      if (this.#relay === undefined) this.#goRelayed(false);
      else this.#relay.enter();
    });
  }

  /** What the window refuses is told by how the connection stands. */
  #do(work: () => Promise<void>): void {
    this.#doing = this.#doing.then(() => (this.#isOver ? undefined : work())).catch(() => undefined);
  }
}
