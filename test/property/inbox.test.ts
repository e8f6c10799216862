/**
 * Any schedule of sends, lost frames, repeats, disorder, broken connections and lost power ends with both sides having every message
 * exactly once. A failing schedule prints its seed; `TACET_SOAK=1` runs more and longer ones.
 */
import t from 'tap';
import { ANONYMOUS_PATH } from '@tacet/protocol/frames/client';
import {
  changeDeliveries,
  makeHostileWire,
  type Deliver,
  type HostileWire,
} from '../support/hostile-wire.ts';
import {
  isOnline,
  readAll,
  type MessageLine,
  openTestClient,
  openWith,
  signUp,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

const SOAK = process.env['TACET_SOAK'] === '1';
const SEEDS = SOAK ? Array.from({ length: 30 }, (_, i) => i + 1) : [1, 2];
const STEPS = SOAK ? 200 : 30;

t.setTimeout(SOAK ? 3_600_000 : 600_000);

/** Numbers below one from a seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A wire that repeats, swaps and loses envelopes, and loses frames on the way out, as the dice fall. */
function disturb(wire: HostileWire, dice: () => number): void {
  let held: Deliver | undefined;
  wire.change = changeDeliveries((frame) => {
    const roll = dice();
    if (roll < 0.1) return [frame, frame];
    if (roll < 0.2 && held === undefined) {
      held = frame;
      return [];
    }
    const before = held;
    held = undefined;
    return before === undefined ? [frame] : [frame, before];
  });
  wire.swallow = ({ kind }, path) => path === ANONYMOUS_PATH && kind === 'send' && dice() < 0.02;
}

/** One person over all lives of the client. */
class Person {
  client: TestClient;
  readonly wire: HostileWire;
  readonly name: string;

  constructor(client: TestClient, wire: HostileWire, name: string) {
    this.client = client;
    this.wire = wire;
    this.name = name;
  }

  /** The power goes now, and comes back. */
  async restart(): Promise<void> {
    this.client.crash();
    this.client = openTestClient({
      url: this.client.ports.origin,
      disk: this.client.ports.disk,
      wire: this.wire,
    });
    await isOnline(this.client);
  }
}

/** Reads everything again and again until it satisfies; fails with what there was after a while. */
async function untilAll(
  client: TestClient,
  name: string,
  what: string,
  test: (lines: readonly MessageLine[]) => boolean,
): Promise<readonly string[]> {
  const { clock } = client.ports;
  for (const until = clock.now() + 30_000; ;) {
    const lines = await readAll(client, await openWith(client, name));
    const texts = lines.map(({ text }) => text).toSorted();
    if (test(lines)) return texts;
    if (clock.now() > until) throw new Error(`never came: ${what}; there were ${texts.join(', ')}`);
    await new Promise<void>((resolve) => clock.after(100, resolve));
  }
}

for (const seed of SEEDS) {
  t.test(`nothing is lost or doubled by the schedule of seed ${seed}`, async (t) => {
    const dice = seeded(seed);
    await using server = await openTestServer();
    const wires = [makeHostileWire(), makeHostileWire()] as const;
    const first = openTestClient({ url: server.url, wire: wires[0] });
    await signUp(first, 'ada');
    const { link } = await first.commands.makeInvite();
    const second = openTestClient({ url: server.url, wire: wires[1] });
    await signUp(second, 'ben', link);
    const people = [new Person(first, wires[0], 'Ada'), new Person(second, wires[1], 'Ben')] as const;
    t.teardown(() => Promise.all(people.map(({ client }) => client.close())));
    await openWith(second, 'Ada');
    await openWith(first, 'Ben');
    for (const wire of wires) disturb(wire, dice);

    const sent: string[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      const who = dice() < 0.5 ? 0 : 1;
      const person = people[who];
      const other = people[1 - who]!;
      const roll = dice();
      if (roll < 0.1) person.client.ports.dropSockets();
      else if (roll < 0.15) await person.restart();
      else {
        const text = `${step} by ${person.name}`;
        const to = await openWith(person.client, other.name);
        await person.client.commands.sendText(to, text);
        sent.push(text);
      }
      await person.client.commands.connectNow();
    }

    // Everything leaves while what is delivered is still repeated, swapped and held back.
    for (const [i, person] of people.entries()) {
      person.wire.swallow = undefined;
      person.client.ports.dropSockets();
      await person.client.commands.connectNow();
      await isOnline(person.client);
      await untilAll(person.client, people[1 - i]!.name, `everything to leave ${person.name}`, (lines) =>
        lines.every(({ delivery }) => delivery.kind !== 'sending'),
      );
    }

    // The disturbance ends; one more message from each side shows every gap, and repairs close it.
    for (const wire of wires) {
      wire.change = undefined;
      wire.swallow = undefined;
    }
    for (const person of people) {
      person.client.ports.dropSockets();
      await person.client.commands.connectNow();
      await isOnline(person.client);
    }
    for (const [i, person] of people.entries()) {
      const to = await openWith(person.client, people[1 - i]!.name);
      await person.client.commands.sendText(to, `the last by ${person.name}`);
      sent.push(`the last by ${person.name}`);
    }
    for (const [i, person] of people.entries()) {
      const other = people[1 - i]!.name;
      const texts = await untilAll(person.client, other, `everything at ${person.name}`, (lines) => {
        const shown = new Set(lines.map(({ text }) => text));
        return sent.every((text) => shown.has(text));
      });
      t.strictSame(texts, sent.toSorted(), `${person.name} has each once`);
      await untilAll(person.client, other, 'all own ones delivered', (lines) =>
        lines.every(({ delivery }) => delivery.kind === 'delivered'),
      );
    }
  });
}
