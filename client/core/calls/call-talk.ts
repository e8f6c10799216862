/**
 * What the two sides say to each other while a call goes on, inside the session of their call identities: the keys of streams and what is on.
 * Whatever carries it, and whoever stands in between, what comes is decrypted, parsed, and passed over where it is anything else.
 */
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { Said, type OnNow, type StreamKey } from '@tacet/protocol/content/call-said';
import { LIMITS } from '@tacet/protocol/limits';
import { padContent, unpadContent } from '@tacet/protocol/padding';
import type { OwnBytes } from '../bytes.ts';
import type { CallIdentity } from './call-identity.ts';
import type { CallStreams } from './streams.ts';

/** Messages that wait to be decrypted. */
const WAITING_MOST = 64;
/** How often keys are told again over one carrier because the other side asks. */
const TOLD_AGAIN_MOST = 32;

/** What carries it now: the data channel or the media server. */
export interface Carrier {
  readonly streams: CallStreams;
  /** Throws where it does not arrive. */
  send(bytes: Uint8Array): Promise<void>;
}

export interface TalkEvents {
  key(key: StreamKey): void;
  on(on: OnNow): void;
}

export class CallTalk {
  readonly #identity: CallIdentity;
  readonly #events: TalkEvents;
  #carrier: Carrier | undefined;
  #on: OnNow = { kind: 'on', microphone: false, camera: false, screen: false };
  #waiting = 0;
  #toldAgain = 0;
  /** What is said goes out one after the other. */
  #saying: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(identity: CallIdentity, events: TalkEvents) {
    this.#identity = identity;
    this.#events = events;
  }

  /** From now on this carries; the other side at its end knows nothing yet. `undefined`: nothing does. */
  carryBy(carrier: Carrier | undefined): void {
    this.#carrier = carrier;
    this.#toldAgain = 0;
    this.#tell(true);
  }

  /** What begins the session, to be carried by the word that takes the call: asks for the other side's keys. */
  begin(): Promise<OwnBytes> {
    return this.#seal({ kind: 'ask' });
  }

  /** The other side's keys have not come. */
  ask(): void {
    this.#then(() => this.#say({ kind: 'ask' }));
  }

  /** There is a key that was not told. */
  keyed(): void {
    this.#tell(false);
  }

  /** What of this side's is on has changed. */
  turn({ microphone, camera, screen }: Omit<OnNow, 'kind'>): void {
    this.#on = { kind: 'on', microphone, camera, screen };
    this.#then(() => this.#say(this.#on));
  }

  /** The word that takes the call has brought what begins the session. Keys are told nowhere but in the call: nothing else counts here. */
  begun(bytes: Uint8Array): void {
    this.#hear(bytes, (said) => said.kind === 'ask').catch(() => undefined);
  }

  /** Something was carried here. */
  hear(bytes: Uint8Array): void {
    this.#hear(bytes).catch(() => undefined);
  }

  async #hear(bytes: Uint8Array, counts: (said: Said) => boolean = () => true): Promise<void> {
    if (bytes.length > LIMITS.callMessageMaxBytes || this.#waiting >= WAITING_MOST || this.#isOver) return;
    this.#waiting += 1;
    const couldSay = this.#identity.canSay;
    let said: Said;
    try {
      said = parseCbor(Said, unpadContent(await this.#identity.open(bytes)));
    } catch {
      return;
    } finally {
      this.#waiting -= 1;
    }
    if (this.#isOver || !counts(said)) return;
    if (said.kind === 'keys') for (const key of said.keys) this.#events.key(key);
    else if (said.kind === 'on') this.#events.on(said);
    if (!couldSay || (said.kind === 'ask' && this.#mayTellAgain())) this.#tell(true);
  }

  #mayTellAgain(): boolean {
    this.#toldAgain += 1;
    return this.#toldAgain <= TOLD_AGAIN_MOST;
  }

  close(): void {
    this.#isOver = true;
    this.#carrier = undefined;
  }

  /**
   * Tells the keys that the other side does not know; `isAnew`: it knows none, nor what is on. What another carrier takes over is told there: the
   * keys of the one before are closed by then.
   */
  #tell(isAnew: boolean): void {
    this.#then(async () => {
      const carrier = this.#carrier;
      if (carrier === undefined || !this.#identity.canSay) return;
      const keys = carrier.streams.untold(isAnew);
      const tellKeys = async (): Promise<void> => {
        await this.#say({ kind: 'keys', keys: [...keys] });
        for (const key of keys) carrier.streams.told(key);
      };
      // Neither waits until the other has arrived.
      await Promise.all([...(isAnew ? [this.#say(this.#on)] : []), ...(keys.length > 0 ? [tellKeys()] : [])]);
    });
  }

  async #say(said: Said): Promise<void> {
    const carrier = this.#carrier;
    if (carrier === undefined || !this.#identity.canSay) return;
    await carrier.send(await this.#seal(said));
  }

  /** Written before anything is waited for: a key is gone once its stream is closed. */
  #seal(said: Said): Promise<OwnBytes> {
    return this.#identity.seal(padContent(encodeCbor(said)));
  }

  /** What does not arrive is told again with the next carrier. */
  #then(work: () => Promise<void>): void {
    this.#saying = this.#saying.then(() => (this.#isOver ? undefined : work())).catch(() => undefined);
  }
}
