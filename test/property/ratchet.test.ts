// Any schedule of sending, dropping, repeating, reordering, tampering and restarting: both ends stay in step, or the loss
// is reported. Parties keep serialised records only, so every step restarts from what was saved.
import t from 'tap';
import fc from 'fast-check';
import { ready } from '@tacet/crypto';
import { isCryptoError } from '../../crypto/errors.ts';
import { epochOf, soak } from '../support/schedule.ts';
import { seedProperties } from '../support/seed-properties.ts';
import { libraries, makeConversation } from '../support/signal-engines.ts';
import type { Party, Wire } from '../support/signal-party.ts';
import { SignalMessage } from '../../crypto/wire/signal-message.ts';
import { toHex } from '../../crypto/bytes.ts';

await ready();
// Long runs are slow on a busy machine, and the soak is ten times longer.
t.setTimeout(580_000);
seedProperties(t);

type Step =
  | { readonly kind: 'send'; readonly side: 0 | 1; readonly length: number }
  | { readonly kind: 'deliver' | 'drop' | 'repeat'; readonly side: 0 | 1; readonly pick: number }
  | { readonly kind: 'tamper'; readonly side: 0 | 1; readonly pick: number; readonly bit: number }
  | { readonly kind: 'noise'; readonly side: 0 | 1; readonly bytes: Uint8Array };

const side = fc.constantFrom<0 | 1>(0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), side, length: fc.nat(64) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('deliver' as const), side, pick: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), side, pick: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), side, pick: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('tamper' as const), side, pick: fc.nat(5), bit: fc.nat() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('noise' as const),
      side,
      bytes: fc.uint8Array({ maxLength: 120 }),
    }),
  },
);

interface Letter {
  readonly wire: Wire;
  readonly text: string;
  readonly ratchetKey: string;
  readonly epoch: number;
}

function letterOf(wire: Wire, text: string): Letter {
  const ratchetKey = toHex(SignalMessage.deserialize(wire.bytes)._parts().ratchetKey);
  return { wire, text, ratchetKey, epoch: epochOf(libraries.ours, wire) };
}

/** What one side receives: letters under way, and what the ratchet may have forgotten by now. */
class Inbox {
  readonly party: Party;
  readonly peer: Party;
  readonly underWay: Letter[] = [];
  readonly opened: Letter[] = [];
  /** Ratchet keys in the order in which they were first opened. */
  readonly chains: string[] = [];
  newestEpoch = 0;

  constructor(party: Party, peer: Party) {
    this.party = party;
    this.peer = peer;
  }

  /** The protocol keeps five receiver chains and two epochs; what is older may be lost, and then says so. */
  mayBeLost(letter: Letter): boolean {
    const position = this.chains.indexOf(letter.ratchetKey);
    const isForgotten = position >= 0 && position < this.chains.length - 5;
    return isForgotten || letter.epoch < this.newestEpoch - 1;
  }

  async open(letter: Letter): Promise<void> {
    const before = this.party.snapshot();
    try {
      const text = Buffer.from(await this.party.decrypt(this.peer, letter.wire)).toString();
      if (text !== letter.text) throw new Error('opened to another text');
      this.opened.push(letter);
      if (!this.chains.includes(letter.ratchetKey)) this.chains.push(letter.ratchetKey);
      this.newestEpoch = Math.max(this.newestEpoch, letter.epoch);
    } catch (error) {
      if (!isCryptoError(error) || !this.mayBeLost(letter)) throw error;
      if (this.party.snapshot() !== before) throw new Error('a lost message changed state', { cause: error });
    }
  }

  /** Delivers something that must be refused. */
  async refuse(wire: Wire, what: string): Promise<void> {
    const before = this.party.snapshot();
    let refused = false;
    try {
      await this.party.decrypt(this.peer, wire);
    } catch (error) {
      if (!isCryptoError(error)) throw error;
      refused = true;
    }
    if (!refused) throw new Error(`${what} was accepted`);
    if (this.party.snapshot() !== before) throw new Error(`${what} changed state`);
  }
}

t.test('any schedule keeps both ends in step or reports the loss', async (t) => {
  let opened = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
      const { alice, bob } = await makeConversation('ours', 'ours');
      const inboxes = [new Inbox(bob, alice), new Inbox(alice, bob)] as const;
      let written = 0;
      for (const one of steps) {
        const inbox = inboxes[one.side];
        switch (one.kind) {
          case 'send': {
            written += 1;
            const text = `${written}:${'x'.repeat(one.length)}`;
            inbox.underWay.push(letterOf(await inbox.peer.encrypt(inbox.party, Buffer.from(text)), text));
            break;
          }
          case 'deliver':
          case 'drop': {
            const [letter] = inbox.underWay.splice(one.pick % Math.max(1, inbox.underWay.length), 1);
            if (letter !== undefined && one.kind === 'deliver') await inbox.open(letter);
            break;
          }
          case 'repeat': {
            const letter = inbox.opened[one.pick % Math.max(1, inbox.opened.length)];
            if (letter !== undefined) await inbox.refuse(letter.wire, 'a repeated message');
            break;
          }
          case 'tamper': {
            const letter = inbox.underWay[one.pick % Math.max(1, inbox.underWay.length)];
            if (letter === undefined) break;
            const bytes = letter.wire.bytes.slice();
            const bit = one.bit % (bytes.length * 8);
            bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
            await inbox.refuse({ type: letter.wire.type, bytes }, `a message with bit ${bit} changed`);
            break;
          }
          case 'noise':
            await inbox.refuse({ type: 2, bytes: Uint8Array.from(one.bytes) }, 'noise');
            await inbox.refuse({ type: 3, bytes: Uint8Array.from(one.bytes) }, 'noise');
            break;
        }
      }
      // Whatever happened, both ends go on.
      for (const inbox of inboxes) {
        const text = 'still here';
        await inbox.open(letterOf(await inbox.peer.encrypt(inbox.party, Buffer.from(text)), text));
        if (inbox.opened.at(-1)?.text !== text) throw new Error('the ends are out of step');
        opened += inbox.opened.length;
      }
    }),
    { numRuns: 100 * soak },
  );
  t.ok(opened > 200, `${opened} messages opened`);
});

t.test('any order of a one-way burst opens completely', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }).chain((count) =>
        fc.shuffledSubarray(
          Array.from({ length: count }, (_, index) => index),
          { minLength: count },
        ),
      ),
      async (order) => {
        const { alice, bob } = await makeConversation('ours', 'ours');
        const wires: Wire[] = [];
        for (const index of order.keys())
          wires.push(await alice.encrypt(bob, Buffer.from(`message ${index}`)));
        for (const index of order) {
          const wire = wires[index];
          if (wire === undefined) throw new Error('no such message');
          const text = Buffer.from(await bob.decrypt(alice, wire)).toString();
          if (text !== `message ${index}`) throw new Error('opened to another text');
        }
      },
    ),
    { numRuns: 15 * soak },
  );
  t.pass('every message of every order opened to its own text');
});

t.test(
  'a message that fails leaves the very same record behind, and one that was never saved can be opened again',
  async (t) => {
    const { alice, bob } = await makeConversation('ours', 'ours');
    const wire = await alice.encrypt(bob, Buffer.from('text'));
    const saved = new Map(bob.sessions);
    t.equal(Buffer.from(await bob.decrypt(alice, wire)).toString(), 'text');
    // The device died before its transaction was committed.
    for (const [address, record] of saved) bob.sessions.set(address, record);
    t.equal(Buffer.from(await bob.decrypt(alice, wire)).toString(), 'text');
    await t.rejects(bob.decrypt(alice, wire), { code: 1 });
  },
);
