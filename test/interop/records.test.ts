// Session records and the bounds of what they keep, beside the native library's.
import t from 'tap';
import { ready } from '@tacet/crypto';
import { makeConversation, makeParty, pairings } from '../support/signal-engines.ts';
import type { Party, Wire } from '../support/signal-party.ts';

await ready();
// Long runs are slow on a busy machine, and the soak is ten times longer.
t.setTimeout(580_000);

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

async function codeOf(work: Promise<unknown>): Promise<number | 'no error'> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return (error as { readonly code: number }).code;
  }
}

/** Message `count` (from 0) of a run by one side, and its predecessor. */
async function writeRun(
  from: Party,
  to: Party,
  count: number,
): Promise<{ readonly last: Wire; readonly before: Wire }> {
  let before: Wire | undefined;
  let last: Wire | undefined;
  for (let i = 0; i <= count; i += 1) {
    before = last;
    last = await from.encrypt(to, Buffer.from(`message ${i}`));
  }
  if (before === undefined || last === undefined) throw new Error('the run is too short');
  return { last, before };
}

for (const [first, second] of pairings) {
  t.test(`${second} skips 24,999 messages of ${first} and not 25,000`, async (t) => {
    const { alice, bob } = await makeConversation(first, second);
    const { last, before } = await writeRun(alice, bob, 25_000);
    const state = bob.snapshot();
    t.equal(await codeOf(bob.decrypt(alice, last)), 0, '25,000 skipped');
    t.equal(bob.snapshot(), state, 'the refused message changed nothing');
    t.equal(text(await bob.decrypt(alice, before)), 'message 24999', '24,999 skipped');
    t.equal(text(await bob.decrypt(alice, last)), 'message 25000', 'now within reach');
  });

  t.test(`${second} keeps the seeds of the last 2,000 skipped messages of ${first}`, async (t) => {
    const { alice, bob } = await makeConversation(first, second);
    const wires: Wire[] = [];
    for (let i = 0; i <= 2001; i += 1) wires.push(await alice.encrypt(bob, Buffer.from(`message ${i}`)));
    const at = (index: number): Wire => {
      const wire = wires[index];
      if (wire === undefined) throw new Error('no such message');
      return wire;
    };
    t.equal(text(await bob.decrypt(alice, at(2001))), 'message 2001', 'leaves 2,001 behind');
    t.equal(await codeOf(bob.decrypt(alice, at(0))), 1, 'the oldest is forgotten');
    t.equal(text(await bob.decrypt(alice, at(1))), 'message 1', 'the next is kept');
    t.equal(text(await bob.decrypt(alice, at(2000))), 'message 2000', 'and so is the newest');
    const size = bob.sessions.get(alice.address.toString())?.length ?? 0;
    t.ok(size > 140_000 && size < 200_000, `a full record has ${size} bytes`);
  });

  t.test(`${second} keeps 40 archived sessions with ${first} and opens on each`, async (t) => {
    const bob = makeParty(second);
    const alice = makeParty(first);
    // Bob answers 42 handshakes; each new one archives the session before it.
    const wires: Wire[] = [];
    for (let i = 0; i < 42; i += 1) {
      await alice.processBundle(bob);
      await bob.decrypt(alice, await alice.encrypt(bob, Buffer.from('start')));
      wires.push(await alice.encrypt(bob, Buffer.from(`session ${i}`)));
    }
    const inner = wires.map((wire) => innerMessage(bob, wire));
    const [oldest, kept] = inner;
    if (oldest === undefined || kept === undefined) throw new Error('no messages');
    t.equal(await codeOf(bob.decrypt(alice, oldest)), 0, 'the 41st archived session is gone');
    t.equal(text(await bob.decrypt(alice, kept)), 'session 1', 'the 40th is there');
    const newest = inner.at(-1);
    if (newest === undefined) throw new Error('no messages');
    t.equal(
      text(await bob.decrypt(alice, newest)),
      'session 41',
      'what was current is archived now, and opens',
    );
  });
}

/** The SignalMessage inside a first message, as if its sender had been answered already. */
function innerMessage(party: Party, wire: Wire): Wire {
  party.library.PreKeySignalMessage.deserialize(wire.bytes);
  // Field 4: found behind its tag after the version byte, the ids and two keys.
  let offset = 1;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = wire.bytes[offset] ?? 0;
      offset += 1;
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return value;
    }
  };
  while (offset < wire.bytes.length) {
    const tag = varint();
    const value = varint();
    if ((tag & 7) !== 2) continue;
    if (tag >> 3 === 4) return { type: 2, bytes: wire.bytes.slice(offset, offset + value) };
    offset += value;
  }
  throw new Error('no inner message');
}
