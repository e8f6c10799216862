/** The way from one browser to the other: descriptions and candidates in order, whatever order they come in, and how it stands. */
import type { CallWindow, IceServer } from './call-window.ts';
import type { NumberedStreams } from './call-media.ts';
import type { CallStreams } from './streams.ts';
import { LIMITS } from '@tacet/protocol/limits';

/** Candidates of one side in one call: a browser finds a few dozen, and as many again when it looks anew. */
export const CANDIDATES_MOST = 512;

/** A candidate among the lines of a description (RFC 8839 section 5.1). */
const CANDIDATE = /^a=candidate:/m;

export class DirectWay {
  readonly connection: number;
  readonly streams: CallStreams;
  readonly #window: CallWindow;
  /** Own candidates, to be told to the other side. */
  readonly #candidates: (lines: readonly string[]) => void;
  /** Candidates of the other side that wait for its description. */
  #theirs: string[] = [];
  #theirCount = 0;
  #isDescribed = false;
  /** Own candidates that wait for the own description to leave. */
  #mine: string[] = [];
  #mineCount = 0;
  #isTold = false;
  /** Whether each side has named an address, in a description or after it. */
  #isMineKnown = false;
  #isTheirsKnown = false;

  constructor(
    { connection, streams }: NumberedStreams,
    window: CallWindow,
    candidates: (lines: readonly string[]) => void,
  ) {
    this.connection = connection;
    this.streams = streams;
    this.#window = window;
    this.#candidates = candidates;
  }

  /** Whether both sides have named an address by which they may be reached. */
  get hasAddresses(): boolean {
    return this.#isMineKnown && this.#isTheirsKnown;
  }

  open(servers: readonly IceServer[], turnOnly: boolean): Promise<void> {
    return this.#window.openDirect({
      connection: this.connection,
      streams: this.streams.numbers,
      servers,
      turnOnly,
    });
  }

  /** The caller's description. `again`: a way is looked for anew. */
  async offer(again: boolean): Promise<string> {
    return this.#described(await this.#window.offer({ connection: this.connection, again }));
  }

  /** The callee's. */
  async answer(offer: string): Promise<string> {
    const answer = await this.#window.answer({ connection: this.connection, offer });
    await this.#taken(offer);
    return this.#described(answer);
  }

  async takeAnswer(answer: string): Promise<void> {
    await this.#window.takeAnswer({ connection: this.connection, answer });
    await this.#taken(answer);
  }

  /** The own description has left: candidates may follow it. */
  told(): void {
    this.#isTold = true;
    this.#tell(this.#mine.splice(0));
  }

  /** The window has found some. */
  found(lines: readonly string[]): void {
    const few = lines
      .filter(({ length }) => length > 0 && length <= LIMITS.callCandidateMaxChars)
      .slice(0, CANDIDATES_MOST - this.#mineCount);
    this.#mineCount += few.length;
    this.#isMineKnown ||= few.length > 0;
    if (this.#isTold) this.#tell(few);
    else this.#mine.push(...few);
  }

  /** The other side tells some. */
  async hear(lines: readonly string[]): Promise<void> {
    const few = lines.slice(0, CANDIDATES_MOST - this.#theirCount);
    this.#theirCount += few.length;
    this.#isTheirsKnown ||= few.length > 0;
    if (!this.#isDescribed) this.#theirs.push(...few);
    else if (few.length > 0) await this.#window.addCandidates({ connection: this.connection, lines: few });
  }

  async close(): Promise<void> {
    await this.#window.closeConnection({ connection: this.connection });
  }

  /** The own description is there. */
  #described(description: string): string {
    this.#isMineKnown ||= CANDIDATE.test(description);
    return description;
  }

  /** The other side's was taken. */
  async #taken(description: string): Promise<void> {
    this.#isTheirsKnown ||= CANDIDATE.test(description);
    this.#isDescribed = true;
    const lines = this.#theirs.splice(0);
    if (lines.length > 0) await this.#window.addCandidates({ connection: this.connection, lines });
  }

  #tell(lines: readonly string[]): void {
    for (let from = 0; from < lines.length; from += LIMITS.callCandidatesMax) {
      this.#candidates(lines.slice(from, from + LIMITS.callCandidatesMax));
    }
  }
}
