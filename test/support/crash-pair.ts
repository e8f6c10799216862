/**
 * Ada and Ben on disks that outlive their clients: the power of either may go at any step, and a new client opens on what is there. What
 * each says is written down, to be compared with what both show.
 */
import type { ConversationId, MessageRef } from '@tacet/client/core/view';
import type { MessageId } from '@tacet/protocol/ids';
import { makeHostileWire, type HostileWire } from './hostile-wire.ts';
import { KeyTap } from './key-tap.ts';
import {
  eventsOf,
  idFor,
  isOnline,
  linesOf,
  nameOf,
  openTestClient,
  openWith,
  readAll,
  readShown,
  textsOf,
  type TestClient,
} from './make-client.ts';
import type { Disk } from './node-ports.ts';
import { Power } from './power.ts';
import { makeSpokenPair } from './spoken-pair.ts';

/** Timers up to this are for receipts and new tries, and are hastened; longer ones give up what is silent. */
const SHORT_TIMER_MS = 2_000;
const HASTE = 20;

/** One of the two. */
export interface Side {
  readonly wire: HostileWire;
  /** The conversation with the other one, and what that one is called. */
  readonly talk: ConversationId;
  readonly other: string;
  /** What this one said, in order, as it is to be shown in the end. */
  readonly said: Map<MessageId, string>;
  /** Replaced by `CrashPair.open`. */
  client: TestClient;
}

/** Where a pair is made. */
export interface CrashPlace {
  readonly url: string;
  readonly names: readonly [string, string];
  readonly invite?: string | undefined;
  /** What comes by repair stands where it came: what the other one shows is compared without its order. */
  readonly anyOrder?: boolean | undefined;
}

function isArrived({ mine, delivery }: ReturnType<typeof linesOf>[number]): boolean {
  return !mine || delivery.kind === 'delivered' || delivery.kind === 'read';
}

/** Two people in touch whose sessions go both ways. */
export class CrashPair implements AsyncDisposable {
  readonly #url: string;
  readonly #options: { readonly engine: KeyTap['engine']; readonly timerMs: (delayMs: number) => number };
  readonly #anyOrder: boolean;
  readonly #faults: string[] = [];
  /** How much each had said when it was compared last. */
  readonly #compared = new Map<Side, number>();
  readonly ada: Side;
  readonly ben: Side;
  readonly tap: KeyTap;

  private constructor({ url, anyOrder }: CrashPlace, tap: KeyTap, ada: Side, ben: Side) {
    this.#url = url;
    this.#anyOrder = anyOrder === true;
    this.#options = optionsOf(tap);
    this.tap = tap;
    this.ada = ada;
    this.ben = ben;
  }

  static async open(place: CrashPlace): Promise<CrashPair> {
    const { url, names, invite } = place;
    const tap = new KeyTap();
    const [adas, bens] = [makeHostileWire(), makeHostileWire()];
    const pair = await makeSpokenPair(url, {
      names,
      invite,
      adas: { ...optionsOf(tap), wire: adas },
      bens: { ...optionsOf(tap), wire: bens },
    });
    const side = (wire: HostileWire, talk: ConversationId, other: string, client: TestClient): Side => ({
      wire,
      talk,
      other: nameOf(other),
      said: new Map(),
      client,
    });
    const ada = side(adas, pair.toBen, names[1], pair.ada);
    const ben = side(bens, pair.toAda, names[0], pair.ben);
    for (const [each, words] of [
      [ada, 'hello'],
      [ben, 'hi'],
    ] as const) {
      each.said.set(idFor(words), words);
      // What passes is what a test sends, and no word of what was read.
      await each.client.commands.setPrivacy({ readReceipts: false });
    }
    const made = new CrashPair(place, tap, ada, ben);
    await made.isQuiet();
    return made;
  }

  /** Opens somebody's device on its disk: after a crash, or after its client was closed. The power may go again. */
  async open(side: Side, power = new Power(), meanwhile?: (disk: Disk) => void): Promise<void> {
    const { ports, client } = side.client;
    if (!ports.power.isOff) await side.client.close();
    for (const { name, error } of client.background.failures) this.#faults.push(`${name}: ${String(error)}`);
    meanwhile?.(ports.disk);
    side.client = openTestClient({
      url: this.#url,
      disk: ports.disk,
      wire: side.wire,
      power,
      ...this.#options,
    });
    await isOnline(side.client);
    await openWith(side.client, side.other);
  }

  /** Somebody says words; called again, the same words are not said again. */
  async say(side: Side, words: string, reply?: MessageRef): Promise<void> {
    const id = idFor(words);
    if (!side.said.has(id)) side.said.set(id, words);
    await side.client.keyed(id).sendText(side.talk, words, reply);
  }

  /** Somebody gives his words others; called again, nothing changes. */
  async edit(side: Side, words: string, others: string): Promise<void> {
    side.said.set(idFor(words), others);
    await side.client.commands.editMessage(side.talk, idFor(words), others);
  }

  /** Resolves once everything that was said is shown on both sides and was told to have arrived, and nobody does anything. */
  async isQuiet(): Promise<void> {
    for (const [from, to] of this.#ways) {
      for (const words of [...from.said.values()].slice(this.#compared.get(from) ?? 0)) {
        await to.client.waitFor(words, (state) => textsOf(state).includes(words));
      }
      await from.client.waitFor('all arrived', (state) => linesOf(state).every(isArrived));
      await to.client.waitFor('no gap', (state) =>
        eventsOf(state).every((what) => what !== 'gap' && what !== 'unreadable'),
      );
    }
    for (const { client } of [this.ada, this.ben]) await client.client.background.settled();
  }

  /** What is wrong: what is shown, what failed in the background, keys and numbers used twice. */
  async faults(): Promise<readonly string[]> {
    for (const [from, to] of this.#ways) {
      this.#compare(from, await this.#shown(from, true), 'their author', true);
      this.#compare(from, await this.#shown(to, false), 'the other', !this.#anyOrder);
      this.#compared.set(from, from.said.size);
      this.#faults.push(...this.tap.check(from.wire));
      for (const { name, error } of from.client.client.background.failures) {
        this.#faults.push(`${name}: ${String(error)}`);
      }
    }
    return this.#faults;
  }

  get #ways(): readonly (readonly [Side, Side])[] {
    return [
      [this.ada, this.ben],
      [this.ben, this.ada],
    ];
  }

  /** Every message of the open conversation that is somebody's own, or the other's. */
  async #shown({ client, talk }: Side, mine: boolean): Promise<readonly string[]> {
    await readShown(client);
    const lines = await readAll(client, talk);
    await client.commands.openConversation(talk);
    return lines.filter((line) => line.mine === mine).map(({ text }) => text);
  }

  #compare({ said }: Side, shown: readonly string[], who: string, inOrder: boolean): void {
    const told = (texts: readonly string[]): string => (inOrder ? texts : texts.toSorted()).join('\n');
    const expected = told([...said.values()]);
    if (told(shown) !== expected) this.#faults.push(`${who} sees\n${told(shown)}\nand not\n${expected}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.ada.client.close(), this.ben.client.close()]);
  }
}

function optionsOf({ engine }: KeyTap) {
  return {
    engine,
    timerMs: (delayMs: number) => (delayMs > SHORT_TIMER_MS ? delayMs : delayMs / HASTE),
  };
}
