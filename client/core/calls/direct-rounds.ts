/**
 * The direct way of one call as the two sides speak of it: a description in the ring and one in the accept, candidates after each, and rounds
 * in which the caller looks for the way anew. It is opened once; given up, it does not come back.
 */
import type { Call } from '@tacet/protocol/content/call';
import { idBytes, type CallId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { NumberedStreams } from './call-media.ts';
import type { CallWindow, FromCallWindow, IceServer } from './call-window.ts';
import { CANDIDATES_MOST, DirectWay } from './direct-way.ts';
import type { Side } from './joins.ts';

export type DirectWord = Extract<Call, { readonly what: 'candidates' | 'again' | 'answered' }>;

export interface RoundsNeeds {
  readonly call: CallId;
  readonly side: Side;
  readonly window: CallWindow;
  /** Its data channel is open, and has brought something. */
  opened(way: DirectWay): void;
  heard(bytes: Uint8Array): void;
  say(body: DirectWord, options?: { readonly online: true }): void;
  /** Does something with the window, after what was asked before. */
  ask(work: () => Promise<void>): void;
}

/** What a way is opened with. `turnOnly`: no address is told but that of a TURN server. */
export interface Opening {
  readonly open: NumberedStreams;
  readonly servers: readonly IceServer[];
  readonly turnOnly: boolean;
}

export class DirectRounds {
  readonly #n: RoundsNeeds;
  #way: DirectWay | undefined;
  #round = 0;
  /** The caller's candidates that come while it rings. */
  #early: string[] | undefined = [];

  constructor(needs: RoundsNeeds) {
    this.#n = needs;
  }

  /** Whether it was opened, and not given up. */
  get isOpen(): boolean {
    return this.#way !== undefined;
  }

  /** Whether both sides have named an address by which they may be reached. */
  get hasAddresses(): boolean {
    return this.#way?.hasAddresses ?? false;
  }

  /** The caller's description; `undefined` where the way was given up meanwhile. Throws what the window refuses. */
  offer(opening: Opening): Promise<string | undefined> {
    return this.#open(opening, (way) => way.offer(false));
  }

  /** The callee's, the same way. */
  answer(opening: Opening, offer: string): Promise<string | undefined> {
    return this.#open(opening, (way) => way.answer(offer));
  }

  async #open(
    { open, servers, turnOnly }: Opening,
    describe: (way: DirectWay) => Promise<string>,
  ): Promise<string | undefined> {
    const { call, window } = this.#n;
    const way = new DirectWay(open, window, (lines) =>
      this.#n.say({ what: 'candidates', call: idBytes(call), lines: [...lines] }, { online: true }),
    );
    const isGivenUp = (): boolean => this.#way !== way;
    this.#way = way;
    const early = this.#early ?? [];
    this.#early = undefined;
    try {
      await way.open(servers, turnOnly);
      // It waits there for their description.
      await way.hear(early);
      const description = isGivenUp() ? undefined : await describe(way);
      return isGivenUp() ? undefined : description;
    } catch (error) {
      if (isGivenUp()) return undefined;
      throw error;
    }
  }

  /** Offer or answer has left: candidates may follow. */
  described(): void {
    this.#way?.told();
  }

  async takeAnswer(answer: string): Promise<void> {
    await this.#way?.takeAnswer(answer);
  }

  /** What the window tells of it, and of no other connection. */
  told(told: FromCallWindow): void {
    const way = this.#way;
    if (way === undefined || !('connection' in told) || told.connection !== way.connection) return;
    if (told.kind === 'candidates') way.found(told.lines);
    else if (told.kind === 'channel') this.#n.opened(way);
    else if (told.kind === 'said') this.#n.heard(told.bytes);
  }

  /** What the other side's device says of it. */
  hear(body: DirectWord): void {
    const way = this.#way;
    if (way === undefined) {
      if (body.what === 'candidates') this.#keep(body.lines);
      return;
    }
    const { side } = this.#n;
    switch (body.what) {
      case 'candidates':
        this.#n.ask(() => way.hear(body.lines));
        return;
      case 'again':
        if (side === 'callee' && body.round > this.#round) this.#answerAgain(way, body);
        return;
      case 'answered':
        if (side === 'caller' && body.round === this.#round) this.#n.ask(() => way.takeAnswer(body.answer));
    }
  }

  #keep(lines: readonly string[]): void {
    const early = this.#early;
    early?.push(...lines.slice(0, CANDIDATES_MOST - early.length));
  }

  #answerAgain(way: DirectWay, { round, offer }: Extract<DirectWord, { readonly what: 'again' }>): void {
    this.#round = round;
    this.#n.ask(async () => {
      const answer = await way.answer(offer);
      this.#n.say({ what: 'answered', call: idBytes(this.#n.call), round, answer });
    });
  }

  /** The caller looks for it anew. False: it is not there, or was looked for too often. */
  lookAgain(): boolean {
    const way = this.#way;
    if (way === undefined || this.#round >= LIMITS.callRounds) return false;
    this.#round += 1;
    const round = this.#round;
    this.#n.ask(async () => {
      const offer = await way.offer(true);
      this.#n.say({ what: 'again', call: idBytes(this.#n.call), round, offer });
    });
    return true;
  }

  /** Gives it up. */
  drop(): void {
    const way = this.#way;
    this.#way = undefined;
    this.#early = undefined;
    way?.close().catch(() => undefined);
  }
}
