/**
 * A page with the window's part of calls, of two people, and what plays core for them: it carries descriptions, candidates and keys from one to
 * the other.
 */
import { MEDIA_PURPOSES } from '../../../protocol/content/call-said.ts';
import { colour, devicesGiven, openMicrophones, packetsSent, voiceParts } from './looks.ts';
import { Side, until, waitMs } from './side.ts';
import { labels, received, relay } from './through-sfu.ts';

const CALL = new Uint8Array(16).fill(7);

/** What is done with the other side's descriptions and candidates on their way. */
export interface Post {
  description(text: string): Promise<string> | string;
  candidates(lines: readonly string[]): readonly string[];
}

/** Tells `to` the keys of what `from` sends, as their senders are opened. */
async function tellKeys(from: Side, to: Side, connection: number, instance: number): Promise<void> {
  for (const [i, purpose] of MEDIA_PURPOSES.entries()) {
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
    for (const purpose of MEDIA_PURPOSES) await side.core.release({ connection, purpose });
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
  voiceParts,
  colour,
  devicesGiven,
  openMicrophones,
  packetsSent,
  relay,
};

export type Rig = typeof rig;
Object.assign(globalThis, { rig });
