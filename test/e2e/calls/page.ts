/**
 * A page with the window's part of calls, of two people, and what plays core for them: it carries descriptions, candidates and keys from one to
 * the other. Both ends of each link speak over a channel that clones and transfers as a worker's does.
 */
import type {
  FromCallWindow,
  CallWindowPort,
  StreamNumbers,
} from '../../../client/core/calls/call-window.ts';
import type { FromMedia } from '../../../client/core/calls/media-messages.ts';
import { openCallWindow, serveCallWindow } from '../../../client/platform/call-link.ts';
import { openCallStage } from '../../../client/platform/calls/stage.ts';
import type { LinkEnd } from '../../../client/platform/window-link.ts';
import type { CallStage } from '../../../client/ui/calls/stage.ts';
import { CallAnswer, CallEvent } from '../../../protocol/calls/answers.ts';
import type { CallRequest } from '../../../protocol/calls/requests.ts';
import { encodeCbor, parseCbor } from '../../../protocol/cbor.ts';
import type { Purpose } from '../../../protocol/content/call-said.ts';

const CALL = new Uint8Array(16).fill(7);
const PURPOSES: readonly Purpose[] = ['audio', 'camera', 'screen', 'screen-audio'];

/** What the test gives the page: a client of the media server by its number, with CBOR in base64. Rejects where it is refused. */
declare const askSfu: (client: number, request: string) => Promise<string>;
/** What the media server has told the client since. */
declare const hearSfu: (client: number) => Promise<readonly string[]>;

/** Every connection that was made, to look at what it sends. */
const peers: RTCPeerConnection[] = [];
if ('RTCPeerConnection' in globalThis)
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(settings?: RTCConfiguration) {
      super(settings);
      peers.push(this);
    }
  };

type CallEventOf<Kind extends CallEvent['kind']> = Extract<CallEvent, { readonly kind: Kind }>;
type Told<Kind extends FromCallWindow['kind']> = Extract<FromCallWindow, { readonly kind: Kind }>;
type Media<Kind extends FromMedia['kind']> = Extract<FromMedia, { readonly kind: Kind }>;

/** What is done with the other side's descriptions and candidates on their way. */
export interface Post {
  description(text: string): Promise<string> | string;
  candidates(lines: readonly string[]): readonly string[];
}

function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Waits until a value is there. */
async function until<Value>(
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

/** One person's window, and what it has told. */
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

  /** What two looks at the window's figures say of a stream, some time apart. */
  async isStill(connection: number, side: 'sent' | 'received', purpose: Purpose): Promise<boolean> {
    // What is under way arrives.
    await waitMs(1_500);
    const before = this.frames(connection, side, purpose);
    await waitMs(2_200);
    return this.frames(connection, side, purpose) === before;
  }
}

/** Tells `to` the keys of what `from` sends, as their senders are opened. */
async function tellKeys(from: Side, to: Side, connection: number, instance: number): Promise<void> {
  for (const [i, purpose] of PURPOSES.entries()) {
    const { send } = from.streams(connection)[purpose];
    const stream = to.streams(connection)[purpose].receive;
    from.core.tellMedia({
      kind: 'open-sender',
      stream: send,
      call: CALL,
      purpose,
      instance: instance + i,
      layers: 1,
    });
    to.core.tellMedia({ kind: 'open-receiver', stream, call: CALL, purpose });
    const { baseKey, step, ...key } = await from.media('sender-key', (told) => told.stream === send);
    to.core.tellMedia({ kind: 'add-key', stream, instance: key.instance, step, baseKey });
  }
}

async function describe(
  from: Side,
  to: Side,
  connection: number,
  again: boolean,
  post: Post,
): Promise<string> {
  const offer = await from.core.offer({ connection, again });
  const answer = await to.core.answer({ connection, offer: await post.description(offer) });
  await from.core.takeAnswer({ connection, answer: await post.description(answer) });
  return answer;
}

const plainPost: Post = { description: (text) => text, candidates: (lines) => lines };

/** Of each stream, its place among the four; core seals them. */
const labels = {
  audio: Uint8Array.of(0),
  camera: Uint8Array.of(1),
  screen: Uint8Array.of(2),
  'screen-audio': Uint8Array.of(3),
};
/** What each client of the media server was told of the other's streams. */
const received: { [Each in Purpose]?: CallEventOf<'producer-opened'>['producer'] }[] = [{}, {}];

/** What tests find in the page. */
export const rig = {
  labels,
  received,
  until,
  waitMs,
  Side,
  /** Two people with what they have on; nothing is released. Resolves when their way stands, to the answer. */
  async connect([ada, ben]: readonly [Side, Side], connection = 1, post: Post = plainPost): Promise<string> {
    for (const [from, to] of [
      [ada, ben],
      [ben, ada],
    ] as const) {
      await from.core.openDirect({
        connection,
        streams: from.streams(connection),
        servers: [],
        turnOnly: false,
      });
      from.onTold((told) => {
        if (told.kind !== 'candidates' || told.connection !== connection) return;
        const lines = post.candidates(told.lines);
        if (lines.length > 0) to.core.addCandidates({ connection, lines }).catch(() => undefined);
      });
    }
    const answer = await describe(ada, ben, connection, false, post);
    for (const side of [ada, ben])
      await side.hear('way', (told) => told.connection === connection && told.state === 'connected');
    return answer;
  },
  describe,
  plainPost,
  async exchangeKeys([ada, ben]: readonly [Side, Side], connection = 1): Promise<void> {
    await tellKeys(ada, ben, connection, connection * 10);
    await tellKeys(ben, ada, connection, connection * 10);
  },
  async release(side: Side, connection = 1): Promise<void> {
    for (const purpose of PURPOSES) await side.core.release({ connection, purpose });
  },
  /** Two people who have what `media` says on, with a worker each. */
  async openTwo(media: 'audio' | 'video'): Promise<readonly [Side, Side]> {
    const sides = [new Side(), new Side()] as const;
    for (const side of sides) {
      await side.stage.prepare(media);
      await side.core.openMedia();
    }
    return sides;
  },
  /** Two people in a call in which all is released. */
  async talk(media: 'audio' | 'video'): Promise<readonly [Side, Side]> {
    const sides = await rig.openTwo(media);
    await rig.connect(sides);
    await rig.exchangeKeys(sides);
    for (const side of sides) await rig.release(side);
    return sides;
  },
  /** Bytes and packets of the voice that is sent over the last connection, in some stretches of it. A packet may carry nothing. */
  async voiceParts(): Promise<readonly { readonly bytes: number; readonly packets: number }[]> {
    const look = async (): Promise<{ readonly bytes: number; readonly packets: number } | undefined> => {
      for (const peer of peers.toReversed()) {
        const stats: ReadonlyMap<string, Record<string, unknown>> = await peer.getStats();
        for (const report of stats.values()) {
          const [bytes, packets] = [Number(report['bytesSent']), Number(report['packetsSent'])];
          // The counter of frames takes two bytes from the 256th on.
          const isVoice = report['type'] === 'outbound-rtp' && report['kind'] === 'audio' && packets > 300;
          if (isVoice) return { bytes, packets };
        }
      }
      return undefined;
    };
    const parts: { readonly bytes: number; readonly packets: number }[] = [];
    for (let i = 0; i < 8; i += 1) {
      const before = await until('a voice', look);
      await waitMs(400);
      const after = await until('a voice', look);
      parts.push({ bytes: after.bytes - before.bytes, packets: after.packets - before.packets });
    }
    return parts;
  },
  /** The colour in the middle of a picture: red, green, blue; once there is a picture. */
  async colour(stream: MediaStream | undefined): Promise<readonly number[]> {
    const video = document.createElement('video');
    [video.muted, video.autoplay] = [true, true];
    video.srcObject = stream ?? null;
    document.body.append(video);
    await until('a picture', () => video.videoWidth > 0 || undefined);
    await waitMs(500);
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [2, 2];
    const context = canvas.getContext('2d');
    context?.drawImage(video, 0, 0, 40, 40, 0, 0, 2, 2);
    video.remove();
    return [...(context?.getImageData(0, 0, 1, 1).data ?? [])].slice(0, 3);
  },
  /** A call through the media server: each is a client of it, and plays core with what it tells. */
  async relay(sides: readonly [Side, Side], connection: number, room: Uint8Array): Promise<void> {
    for (const [client, side] of sides.entries()) {
      side.onTold((told) => {
        if (told.kind !== 'relay-request' || told.connection !== connection) return;
        const { re, request } = told;
        ask(client, request).then(
          (answer) => side.core.answerRelay({ re, answer }),
          () => side.core.answerRelay({ re, answer: undefined }),
        );
      });
      const admitted = await ask(client, { kind: 'admit', room, key: new Uint8Array(32).fill(9) });
      if (admitted.kind !== 'admitted') throw new Error('not admitted');
      const join = Uint8Array.of(client);
      const entered = await ask(client, { kind: 'enter', token: admitted.token, join });
      if (entered.kind !== 'entered') throw new Error('not entered');
      await side.core.openRelay({
        connection,
        streams: side.streams(connection),
        capabilities: entered.capabilities,
        labels,
      });
      for (const other of entered.others)
        for (const producer of other.producers) receive(client, side, connection, producer);
    }
    for (const [client, side] of sides.entries()) follow(client, side, connection);
  },
};

async function ask(client: number, request: CallRequest): Promise<CallAnswer> {
  const bytes = await askSfu(client, toBase64(encodeCbor(request)));
  return parseCbor(CallAnswer, fromBase64(bytes));
}

function receive(
  client: number,
  side: Side,
  connection: number,
  { producer, label }: Pick<CallEventOf<'producer-opened'>, 'producer' | 'label'>,
): void {
  const purpose = PURPOSES[label[0] ?? 0];
  if (purpose === undefined) throw new Error('a label of ours');
  received[client] = { ...received[client], [purpose]: producer };
  const stream = side.streams(connection)[purpose].receive;
  side.core
    .receiveRelayed({ connection, purpose, producer, stream })
    .catch((error: unknown) => reportError(error));
}

/** What the media server tells reaches the side that it is told. */
function follow(client: number, side: Side, connection: number): void {
  hearSfu(client)
    .then((events) => {
      for (const bytes of events) {
        const event = parseCbor(CallEvent, fromBase64(bytes));
        if (event.kind === 'producer-opened') receive(client, side, connection, event);
      }
      setTimeout(() => follow(client, side, connection), 100);
    })
    .catch(() => undefined);
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.codePointAt(0) ?? 0);
}

export type Rig = typeof rig;
Object.assign(globalThis, { rig });
