/**
 * One call at work on this device, from its ring to its end: its secrets, the two call identities and what is said between them. What
 * becomes of the call is decided elsewhere (`call-state.ts`), and so is which way it takes (`call-ways.ts`).
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { Call, CallMedia } from '@tacet/protocol/content/call';
import type { CallBundle } from '@tacet/protocol/content/call-join';
import type { OnNow } from '@tacet/protocol/content/call-said';
import { idBytes, type AccountId, type CallId, type DeviceId } from '@tacet/protocol/ids';
import { callCode, callCommitment, keyFrom, type CallSecret } from '@tacet/crypto/vault';
import { copyBytes, type OwnBytes } from '../bytes.ts';
import type { Engine, EngineIdentityKeyPair } from '../engine.ts';
import type { Ports } from '../ports.ts';
import type { CallView, OnNowView } from '../view.ts';
import { CallIdentity } from './call-identity.ts';
import { CallTalk } from './call-talk.ts';
import { CallWays, type WayWord } from './call-ways.ts';
import type { CallWindowPort, FromCallWindow } from './call-window.ts';
import { makeJoin, openJoin, type Side } from './joins.ts';

export type Ring = Extract<Call, { readonly what: 'ring' }>;
export type Accept = Extract<Call, { readonly what: 'accept' }>;

export interface RunNeeds {
  readonly ports: Pick<Ports, 'clock' | 'random' | 'origin' | 'openSocket'>;
  readonly engine: Engine;
  readonly window: CallWindowPort;
  readonly own: { readonly account: AccountId; readonly device: DeviceId };
  readonly identity: EngineIdentityKeyPair;
  /** The window holds devices and a media worker of a call that goes over into this one. */
  readonly inherits: boolean;
  /** Whether the person shows no address, as it is set now. */
  hides(): boolean;
}

export interface RunEvents {
  /** `online`: it is of no use to devices that are away. */
  say(body: Call, options?: { readonly online: true }): void;
  state(state: 'connected' | 'interrupted' | 'failed'): void;
  /** What the other side says of the call contradicts itself. */
  broken(): void;
  /** Something that is shown has changed. */
  changed(): void;
}

/** The other side's device, proved by the ratchet and the join that it signed. */
export interface Peer {
  readonly device: DeviceId;
  /** 33 bytes. */
  readonly identityKey: Uint8Array;
  readonly bundle: CallBundle;
}

/** A ring whose join holds. */
export interface Heard {
  readonly ring: Ring;
  readonly peer: Peer;
}

export class CallRun {
  readonly call: CallId;
  readonly side: Side;
  readonly account: AccountId;
  readonly #events: RunEvents;
  readonly #secret: CallSecret;
  readonly #nonce: OwnBytes;
  readonly #identity: CallIdentity;
  readonly #join: OwnBytes;
  readonly #talk: CallTalk;
  readonly #ways: CallWays;
  /** On the callee's side. */
  readonly #ring: Ring | undefined;
  #peer: Peer | undefined;
  #code: string | undefined;
  #theirs: OnNowView = { microphone: false, camera: false, screen: false };
  #isOver = false;

  constructor(
    needs: RunNeeds,
    begun: { readonly call: CallId; readonly account: AccountId; readonly heard: Heard | undefined },
    events: RunEvents,
  ) {
    const { ports, engine, own, identity, window, inherits } = needs;
    const { clock, random } = ports;
    const { call, account, heard } = begun;
    const side = heard === undefined ? 'caller' : 'callee';
    const secret = keyFrom<CallSecret>(heard === undefined ? random(32) : heard.ring.secret);
    this.call = call;
    this.side = side;
    this.account = account;
    this.#events = events;
    this.#ring = heard?.ring;
    this.#peer = heard?.peer;
    this.#secret = secret;
    this.#nonce = random(32);
    this.#identity = new CallIdentity(engine, side, { random, now: () => clock.now() });
    this.#join = makeJoin({ call, secret, side, ...own }, this.#identity.bundle, identity);
    this.#talk = new CallTalk(this.#identity, {
      key: (key) => this.#ways.learn(key),
      on: (on) => this.#turned(on),
    });
    this.#ways = new CallWays(
      {
        ports,
        window,
        call,
        side,
        secret,
        join: this.#join,
        inherits,
        talk: this.#talk,
        hides: () => needs.hides(),
      },
      events,
    );
  }

  /** The other side's device. */
  get peer(): Peer | undefined {
    return this.#peer;
  }

  /** The caller's nonce, for `chosen`. */
  get nonce(): Uint8Array {
    return copyBytes(this.#nonce);
  }

  /** What a screen is shown of it. */
  get shown(): Pick<CallView, 'code' | 'way' | 'theirs' | 'quality' | 'troubles'> {
    return { code: this.#code, theirs: this.#theirs, ...this.#ways.shown };
  }

  /** The caller's: rings all devices of the other side. */
  ring(media: CallMedia): void {
    this.#do(async () => {
      const offer = await this.#ways.offer();
      if (this.#isOver) return;
      this.#events.say({
        what: 'ring',
        call: idBytes(this.call),
        secret: copyBytes(this.#secret),
        media,
        join: this.#join,
        commitment: callCommitment(this.#nonce),
        ...(offer === undefined ? {} : { offer }),
      });
      this.#ways.described();
    });
  }

  /** The callee's: takes the call here. */
  accept(media: CallMedia): void {
    const [ring, peer] = [this.#ring, this.#peer];
    if (ring === undefined || peer === undefined) return;
    this.#ways.know(ring.join);
    this.#do(async () => {
      await this.#identity.meet(peer.bundle);
      if (this.#isOver) return;
      const [answer, said] = await Promise.all([this.#ways.answer(ring.offer), this.#talk.begin()]);
      if (this.#isOver) return;
      this.#events.say({
        what: 'accept',
        call: idBytes(this.call),
        media,
        join: this.#join,
        nonce: copyBytes(this.#nonce),
        said,
        ...(answer === undefined ? {} : { answer }),
      });
      this.#ways.described();
      this.#ways.meet(answer !== undefined);
    });
  }

  /** The caller's: whether an accept of this device holds. The first one that does has the call. */
  takes(accept: Accept, device: DeviceId, identityKey: Uint8Array): boolean {
    const { call, account } = this;
    if (this.side === 'callee' || this.#isOver) return false;
    const joining = { call, secret: this.#secret, side: 'callee', account, device } as const;
    const bundle = openJoin(joining, identityKey, accept.join);
    if (bundle === undefined) return false;
    if (this.#peer !== undefined) return true;
    this.#peer = { device, identityKey, bundle };
    this.#ways.know(accept.join);
    const mine = { join: this.#join, nonce: this.#nonce };
    this.#code = callCode(this.#secret, idBytes(call), mine, accept);
    this.#do(async () => {
      await this.#identity.meet(bundle);
      const { answer, said } = accept;
      if (said !== undefined) this.#talk.begun(said);
      if (answer !== undefined && !this.#isOver) await this.#ways.takeAnswer(answer);
      this.#ways.meet(answer !== undefined);
    });
    return true;
  }

  /** The callee's: the caller says that this device has the call. A nonce other than the one that the ring promised ends it. */
  chosen(nonce: Uint8Array): void {
    const ring = this.#ring;
    if (ring === undefined || this.#code !== undefined || this.#isOver) return;
    if (!equalBytes(callCommitment(nonce), ring.commitment)) {
      this.#events.broken();
      return;
    }
    const mine = { join: this.#join, nonce: this.#nonce };
    this.#code = callCode(this.#secret, idBytes(this.call), { join: ring.join, nonce }, mine);
    this.#events.changed();
  }

  /** The other side's device says something of the way. */
  hear(body: WayWord): void {
    if (!this.#isOver) this.#ways.hear(body);
  }

  /** The window tells something. */
  told(told: FromCallWindow): void {
    if (!this.#isOver) this.#ways.told(told);
  }

  /** The call is over: its secrets go. `goesOn`: another one takes its place at once, and devices stay on. */
  close({ goesOn }: { readonly goesOn: boolean } = { goesOn: false }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#talk.close();
    this.#ways.close({ goesOn });
    this.#secret.fill(0);
    this.#nonce.fill(0);
    this.#ring?.secret.fill(0);
  }

  #turned({ microphone, camera, screen }: OnNow): void {
    this.#theirs = { microphone, camera, screen };
    this.#events.changed();
  }

  /** What the window refuses here ends the call. */
  #do(work: () => Promise<void>): void {
    work().catch(() => {
      if (!this.#isOver) this.#events.state('failed');
    });
  }
}
