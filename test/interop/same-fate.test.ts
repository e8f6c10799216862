// The same storm for every pairing of the two engines: which messages still open, and what each message carries of the
// post-quantum exchange, depends on the schedule alone. So this project's engine must lose exactly those messages that the
// native one loses, and send the same chunks. Losses here are the protocol's own: five receiver chains, two epochs.
import t from 'tap';
import { ready } from '@tacet/crypto';
import { decodeSpqrMessage } from '../../crypto/spqr/wire.ts';
import { pickSeed, Seeded, soak } from '../support/schedule.ts';
import { makeConversation } from '../support/signal-engines.ts';
import type { EngineName } from '../support/signal-engines.ts';
import type { Party, Wire } from '../support/signal-party.ts';

await ready();

interface Storm {
  readonly longestBurst: number;
  readonly loss: number;
  /** Messages under way to one side, any of which may arrive next. */
  readonly underWay: number;
}

interface Fate {
  /** Per delivered message: opened to what was written (1), to something else (X) or not at all (0). */
  readonly opened: string;
  /** Per sent message: epoch, index, kind of payload and chunk number of the post-quantum field. */
  readonly carried: readonly string[];
}

function carriedBy(library: Party['library'], wire: Wire): string {
  if (wire.type !== library.CiphertextMessageType.Whisper) return 'first';
  const { epoch, index, payload } = decodeSpqrMessage(
    Uint8Array.from(library.SignalMessage.deserialize(wire.bytes).pqRatchet()),
  );
  return `${epoch}/${index} ${payload.kind} ${'number' in payload ? payload.number : ''}`;
}

async function weather(
  first: EngineName,
  second: EngineName,
  seed: number,
  messages: number,
  storm: Storm,
): Promise<Fate> {
  const { alice, bob } = await makeConversation(first, second);
  const seeded = new Seeded(seed);
  const queues = new Map<
    Party,
    { readonly from: Party; readonly wire: Wire; readonly plaintext: Uint8Array }[]
  >([
    [alice, []],
    [bob, []],
  ]);
  const carried: string[] = [];
  let opened = '';

  async function deliver(to: Party, keep: number): Promise<void> {
    const queue = queues.get(to) ?? [];
    while (queue.length > keep) {
      const [item] = queue.splice(seeded.below(queue.length), 1);
      if (item === undefined) return;
      try {
        const plaintext = await to.decrypt(item.from, item.wire);
        opened += Buffer.compare(plaintext, item.plaintext) === 0 ? '1' : 'X';
      } catch {
        opened += '0';
      }
    }
  }

  let from = alice;
  while (carried.length < messages) {
    const burst = 1 + seeded.below(storm.longestBurst);
    const to = from === alice ? bob : alice;
    for (let i = 0; i < burst; i += 1) {
      const plaintext = seeded.bytes(8);
      const wire = await from.encrypt(to, plaintext);
      carried.push(carriedBy(from.library, wire));
      if (!seeded.chance(storm.loss)) queues.get(to)?.push({ from, wire, plaintext });
      await deliver(to, storm.underWay - 1);
    }
    from = to;
  }
  await deliver(alice, 0);
  await deliver(bob, 0);
  return { opened, carried };
}

const storms: Readonly<Record<string, Storm>> = {
  'wide reordering': { longestBurst: 3, loss: 0.15, underWay: 40 },
  'heavy loss': { longestBurst: 1, loss: 0.6, underWay: 30 },
  'long bursts': { longestBurst: 60, loss: 0.1, underWay: 60 },
  'loss without reordering': { longestBurst: 2, loss: 0.6, underWay: 1 },
};

for (const [name, storm] of Object.entries(storms)) {
  t.test(
    `${name}: each pairing opens the same messages and sends the same chunks as native alone`,
    async (t) => {
      const seed = pickSeed();
      const messages = 900 * soak;
      const reference = await weather('native', 'native', seed, messages, storm);
      t.notMatch(reference.opened, /X/u);
      t.match(reference.opened, /1/u);
      for (const [first, second] of [
        ['ours', 'native'],
        ['native', 'ours'],
        ['ours', 'ours'],
      ] as const) {
        const fate = await weather(first, second, seed, messages, storm);
        t.equal(fate.opened, reference.opened, `${first} and ${second}, TACET_SEED=${seed}`);
        const differing = fate.carried.findIndex((carried, i) => carried !== reference.carried[i]);
        t.equal(
          differing,
          -1,
          `first message that carries something else, ${first} and ${second}, TACET_SEED=${seed}`,
        );
      }
    },
  );
}
