/**
 * The way that the media of a call take: directly between the browsers, or through the media server where that does not work or is not
 * wanted. Once through the server, always through the server; either side may say so. Each way has streams, sender instances and receivers of
 * its own, so that no key and counter ever meet twice.
 */
import type { Call } from '@tacet/protocol/content/call';
import type { StreamKey } from '@tacet/protocol/content/call-said';
import { idBytes, type CallId } from '@tacet/protocol/ids';
import type { CallSecret } from '@tacet/crypto/vault';
import type { Ports } from '../ports.ts';
import type { CallTrouble } from '../view.ts';
import { CallMedia } from './call-media.ts';
import type { CallTalk } from './call-talk.ts';
import type { CallWindowPort, FromCallWindow } from './call-window.ts';
import { DirectRounds, type DirectWord, type Opening } from './direct-rounds.ts';
import type { DirectWay } from './direct-way.ts';
import { WayServers } from './ice-servers.ts';
import type { Side } from './joins.ts';
import { KeyWatch } from './key-watch.ts';
import { RelayLink } from './relay-link.ts';
import { RelayWay } from './relay-way.ts';
import { WayWatch, type WayState } from './way-watch.ts';

export type WayWord = DirectWord | Extract<Call, { readonly what: 'relayed' }>;

export interface WaysNeeds {
  readonly ports: Pick<Ports, 'clock' | 'random' | 'origin' | 'openSocket'>;
  readonly window: CallWindowPort;
  readonly call: CallId;
  readonly side: Side;
  readonly secret: CallSecret;
  /** The own join, sealed. */
  readonly join: Uint8Array;
  /** The window holds devices and a media worker of a call that goes over into this one. */
  readonly inherits: boolean;
  readonly talk: CallTalk;
  /** Whether the person shows no address, as it is set now. */
  hides(): boolean;
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
  readonly #servers: WayServers;
  readonly #direct: DirectRounds;
  #relay: RelayWay | undefined;
  /** The other side's join, once it has the call. */
  #theirs: Uint8Array | undefined;
  /** It is needed, and there is none. */
  #lacksRelay = false;
  /** With the media worker it is lost. */
  #hasLostDirect = false;
  /** What is done with the window, in order. */
  #doing: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(needs: WaysNeeds, events: WaysEvents) {
    this.#n = needs;
    this.#events = events;
    const { call, side, ports, window, talk } = needs;
    const ask = (work: () => Promise<void>): void => this.#do(work);
    this.#media = new CallMedia(
      { call, window, random: ports.random, clock: ports.clock },
      { keyed: () => talk.keyed(), changed: () => events.changed() },
    );
    this.#direct = new DirectRounds({
      call,
      side,
      window,
      ask,
      opened: (way) => this.#carryDirectly(way),
      heard: (bytes) => talk.hear(bytes),
      say: (body, options) => events.say(body, options),
    });
    this.#link = new RelayLink(ports.openSocket, ports.clock, {
      event: (event) => this.#relay?.hear(event),
      lost: () => this.#relay?.lost(),
    });
    this.#servers = new WayServers(this.#link, ports);
    this.#watch = new WayWatch(ports.clock, side, {
      lookAgain: () => {
        if (!this.#direct.lookAgain()) this.#goRelayed(false);
      },
      goRelayed: () => this.#goRelayed(false),
      giveUp: () => events.state('failed'),
      restart: () => this.#relay?.restart(),
      enterAnew: () => this.#relay?.enter(),
    });
    this.#keys = new KeyWatch(ports.clock, {
      connected: () => events.state('connected'),
      ask: () => {
        talk.ask();
        events.changed();
      },
    });
  }

  get shown(): CallMedia['shown'] & { readonly way: 'direct' | 'relayed' | undefined } {
    const { quality, troubles } = this.#media.shown;
    return {
      way: this.#relay !== undefined ? 'relayed' : this.#watch.hasConnected ? 'direct' : undefined,
      quality,
      troubles: [...troubles, ...this.#lacks()],
    };
  }

  /** The caller's description; `undefined`: no address is told, the call goes through the server. Throws what the window refuses. */
  async offer(): Promise<string | undefined> {
    await this.#begin();
    return this.#mayGoDirect ? this.#direct.offer(this.#opening()) : undefined;
  }

  /** The callee's answer to it, if there is one. */
  async answer(offer: string | undefined): Promise<string | undefined> {
    await this.#begin();
    return offer !== undefined && this.#mayGoDirect ? this.#direct.answer(this.#opening(), offer) : undefined;
  }

  /** Offer or answer has left: candidates may follow. */
  described(): void {
    this.#direct.described();
  }

  /** The other side has the call: by its sealed join it is known at the media server. */
  know(theirs: Uint8Array): void {
    this.#theirs = theirs;
  }

  /** Both have said how they can be reached; `isDirect`: by a description. */
  meet(isDirect: boolean): void {
    if (this.#isOver) return;
    if (!isDirect || !this.#direct.isOpen) this.#leaveDirect();
    else this.#watch.begin(() => this.#direct.hasAddresses || !this.#servers.relaysAlone);
  }

  /** The callee's answer. */
  async takeAnswer(answer: string): Promise<void> {
    await this.#direct.takeAnswer(answer);
  }

  /** A key of the other side's, for what is received now. */
  learn(key: StreamKey): void {
    this.#media.learn(key);
    this.#keys.keyed();
  }

  /** What the other side's device says of the way. */
  hear(body: WayWord): void {
    if (body.what === 'relayed') this.#goRelayed(true);
    else this.#direct.hear(body);
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
      case 'channel':
      case 'said':
        this.#direct.told(told);
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

  /** `goesOn`: another call takes the place of this one at once, and devices stay on. */
  close({ goesOn }: { readonly goesOn: boolean }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watch.stop();
    this.#keys.moved();
    this.#relay?.close();
    this.#link.close();
    this.#media.end({ goesOn, hasDevices: this.#n.inherits || this.#theirs !== undefined });
  }

  /** What would be needed to hear each other. */
  #lacks(): readonly CallTrouble[] {
    if (this.#lacksRelay) return ['no-relay'];
    const isThere = this.#relay === undefined || this.#relay.hasMet;
    return isThere && this.#keys.isWithout ? ['no-keys'] : [];
  }

  get #mayGoDirect(): boolean {
    const isPossible = !this.#isOver && !this.#hasLostDirect && this.#relay === undefined;
    return isPossible && this.#servers.mayGoDirect(this.#n.hides());
  }

  async #begin(): Promise<void> {
    await Promise.all([this.#media.start(), this.#servers.ask()]);
  }

  #opening(): Opening {
    const open = this.#media.open({ receives: true });
    return { open, servers: this.#servers.ice, turnOnly: this.#n.hides() };
  }

  #carryDirectly({ connection, streams }: DirectWay): void {
    if (this.#relay !== undefined) return;
    const { talk, window } = this.#n;
    talk.carryBy({ streams, send: (bytes) => window.say({ connection, bytes }) });
  }

  /** There is no direct way any more. */
  #leaveDirect(): void {
    if (!this.#goRelayed(false)) this.#events.state('failed');
  }

  /** From now on through the media server; false where there is none. `isHeard`: the other side has said so. */
  #goRelayed(isHeard: boolean): boolean {
    const { call, secret, join, ports, window, talk } = this.#n;
    const theirs = this.#theirs;
    if (this.#relay !== undefined || theirs === undefined || this.#isOver) return true;
    if (this.#servers.lacksRelay && !isHeard) {
      this.#lacksRelay = true;
      this.#events.changed();
      return false;
    }
    this.#watch.relayed();
    if (!isHeard) this.#events.say({ what: 'relayed', call: idBytes(call) });
    const relay = new RelayWay(
      {
        call,
        secret,
        mine: join,
        theirs,
        link: this.#link,
        clock: ports.clock,
        window,
        servers: this.#servers.ice,
        open: () => this.#media.open({ receives: false }),
      },
      {
        carried: (by) => talk.carryBy(by),
        said: (bytes) => talk.hear(bytes),
        moved: () => this.#leaveWay(),
        failed: () => this.#events.state('failed'),
      },
    );
    talk.carryBy(undefined);
    this.#leaveWay();
    this.#relay = relay;
    this.#direct.drop();
    relay.enter();
    this.#events.changed();
    return true;
  }

  #way(state: WayState): void {
    const hadConnected = this.#watch.hasConnected;
    this.#watch.heard(state);
    // While the media go directly, the server need not see that the call goes on.
    if (state === 'connected' && this.#relay === undefined) this.#link.rest();
    if (state === 'connected') {
      this.#lacksRelay = false;
      this.#keys.up();
      return;
    }
    this.#keys.down();
    this.#events.changed();
    if (hadConnected) this.#events.state('interrupted');
  }

  /** Streams and keys of the present way are of no use any more. */
  #leaveWay(): void {
    this.#media.close();
    this.#keys.moved();
    // What is being closed has nothing to show any more.
    if (this.#isOver) return;
    this.#events.changed();
    if (this.#watch.hasConnected) this.#events.state('interrupted');
  }

  /**
   * With the media worker all streams are gone: both sides begin anew through the server. Where the other side has not taken the call yet,
   * that is once it has.
   */
  #mediaEnded(): void {
    this.#hasLostDirect = true;
    // What its connection still counts is held against no other media worker's counts.
    this.#leaveWay();
    if (this.#theirs === undefined) this.#direct.drop();
    this.#do(async () => {
      const isThere = await this.#media.startAnew();
      if (this.#isOver) return;
      if (!isThere) this.#events.state('failed');
      else if (this.#relay === undefined) this.#leaveDirect();
      else this.#relay.enter();
    });
  }

  /** What the window refuses is told by how the connection stands. */
  #do(work: () => Promise<void>): void {
    this.#doing = this.#doing.then(() => (this.#isOver ? undefined : work())).catch(() => undefined);
  }
}
