/** One person's window as core sees it, and what it has told. */
import type {
  CallWindowPort,
  FromCallWindow,
  StreamNumbers,
} from '../../../client/core/calls/call-window.ts';
import type { FromMedia } from '../../../client/core/calls/media-messages.ts';
import { openCallWindow, serveCallWindow } from '../../../client/platform/call-link.ts';
import { openCallStage } from '../../../client/platform/calls/stage.ts';
import type { LinkEnd } from '../../../client/platform/window-link.ts';
import type { CallStage } from '../../../client/ui/calls/stage.ts';
import type { Purpose } from '../../../protocol/content/call-said.ts';

type Told<Kind extends FromCallWindow['kind']> = Extract<FromCallWindow, { readonly kind: Kind }>;
type Media<Kind extends FromMedia['kind']> = Extract<FromMedia, { readonly kind: Kind }>;

export function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Waits until a value is there. */
export async function until<Value>(
  what: string,
  look: () => Promise<Value | undefined> | Value | undefined,
): Promise<Value> {
  for (let i = 0; i < 900; i += 1) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await waitMs(100);
  }
  throw new Error(`never came: ${what}`);
}

function startedPort(port: MessagePort): LinkEnd {
  port.start();
  return port;
}

/** A window with the stage of its screens. Both ends of its link speak over a channel that clones and transfers as a worker's does. */
export class Side {
  readonly stage: CallStage = openCallStage();
  readonly told: FromCallWindow[] = [];
  readonly core: CallWindowPort;
  /** Numbers of streams that no connection has yet. */
  #next = 1;
  readonly #streams = new Map<number, StreamNumbers>();
  readonly #listeners: ((told: FromCallWindow) => void)[] = [];

  constructor() {
    const { port1, port2 } = new MessageChannel();
    serveCallWindow(startedPort(port1), this.stage as ReturnType<typeof openCallStage>);
    this.core = openCallWindow(startedPort(port2));
    this.core.listen((told) => {
      this.told.push(told);
      for (const listener of this.#listeners) listener(told);
    });
  }

  onTold(listener: (told: FromCallWindow) => void): void {
    this.#listeners.push(listener);
  }

  /** Numbers of the streams of a connection. */
  streams(connection: number): StreamNumbers {
    const made = this.#streams.get(connection);
    if (made !== undefined) return made;
    const take = (): { send: number; receive: number } => ({ send: this.#next++, receive: this.#next++ });
    const streams = { audio: take(), camera: take(), screen: take(), 'screen-audio': take() };
    this.#streams.set(connection, streams);
    return streams;
  }

  /** The first of a kind that was told, or will be. */
  hear<Kind extends FromCallWindow['kind']>(
    kind: Kind,
    fits: (told: Told<Kind>) => boolean = () => true,
  ): Promise<Told<Kind>> {
    const isIt = (one: FromCallWindow): one is Told<Kind> => one.kind === kind && fits(one as Told<Kind>);
    return until(kind, () => this.told.find(isIt));
  }

  media<Kind extends FromMedia['kind']>(
    kind: Kind,
    fits: (told: Media<Kind>) => boolean,
  ): Promise<Media<Kind>> {
    const isIt = (one: FromMedia): one is Media<Kind> => one.kind === kind && fits(one as Media<Kind>);
    return until(`media ${kind}`, () =>
      this.told.flatMap((one) => (one.kind === 'media' ? [one.message] : [])).find(isIt),
    );
  }

  /** What the window counted last. */
  frames(connection: number, side: 'sent' | 'received', purpose: Purpose): number {
    const figures = this.told.findLast(
      (one): one is Told<'figures'> => one.kind === 'figures' && one.connection === connection,
    );
    const number = this.streams(connection)[purpose][side === 'sent' ? 'send' : 'receive'];
    return figures?.[side].find(({ stream }) => stream === number)?.frames ?? 0;
  }

  /** Waits until it has sent or received so many more. */
  async flows(connection: number, side: 'sent' | 'received', purpose: Purpose, more = 20): Promise<void> {
    const before = this.frames(connection, side, purpose);
    await until(
      `${purpose} ${side}`,
      () => this.frames(connection, side, purpose) > before + more || undefined,
    );
  }

  /** What the media worker counts now. */
  async counts(): Promise<Media<'counts'>> {
    const re = this.told.length + 1;
    this.core.tellMedia({ kind: 'count', re });
    return this.media('counts', (counts) => counts.re === re);
  }

  /** Whether nothing more of a stream is sealed, or decoded, when what was under way has arrived. */
  async isStill(connection: number, side: 'sent' | 'received', purpose: Purpose): Promise<boolean> {
    const { send } = this.streams(connection)[purpose];
    const look = async (): Promise<number> => {
      if (side === 'received') return this.frames(connection, side, purpose);
      const { senders } = await this.counts();
      return senders.find(({ stream }) => stream === send)?.sealed ?? 0;
    };
    await waitMs(1_500);
    const before = await look();
    await waitMs(2_000);
    return (await look()) === before;
  }
}
