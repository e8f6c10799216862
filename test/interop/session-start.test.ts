// How sessions begin between this project's engine and the native library.
import t from 'tap';
import { ready } from '@tacet/crypto';
import { pickSeed, Seeded, soak } from '../support/schedule.ts';
import { makeConversation, makeParty, pairings } from '../support/signal-engines.ts';
import type { Party } from '../support/signal-party.ts';

await ready();
// Long runs are slow on a busy machine, and the soak is ten times longer.
t.setTimeout(580_000);

const PREKEY = 3;
const WHISPER = 2;

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

for (const [first, second] of pairings) {
  for (const withOneTimePreKey of [true, false]) {
    const kind = withOneTimePreKey ? 'with' : 'without';
    t.test(`${first} starts a session with ${second} ${kind} a one-time prekey`, async (t) => {
      const alice = makeParty(first);
      const bob = makeParty(second);
      await alice.processBundle(bob, bob.makeBundle(withOneTimePreKey));
      const wires = [];
      for (let i = 0; i < 4; i += 1) wires.push(await alice.encrypt(bob, Buffer.from(`first ${i}`)));
      t.same(
        wires.map((wire) => wire.type),
        [PREKEY, PREKEY, PREKEY, PREKEY],
        'the envelope is repeated until the answer',
      );
      // The third comes first, and one of the repeated ones makes no second session.
      for (const index of [2, 0, 3, 1]) {
        const wire = wires[index];
        if (wire === undefined) throw new Error('no such message');
        t.equal(text(await bob.decrypt(alice, wire)), `first ${index}`);
      }
      t.equal(bob.kyberUses.length, 1, 'the Kyber prekey is marked once');
      t.equal(bob.preKeys.size, 0, 'the one-time prekey is removed');
      t.same(bob.identities.get(alice.address.toString()), alice.identity.publicKey.serialize());
      t.equal(bob.record(alice).remoteRegistrationId(), alice.registrationId);
      t.equal(alice.record(bob).remoteRegistrationId(), bob.registrationId);

      const reply = await bob.encrypt(alice, Buffer.from('reply'));
      t.equal(reply.type, WHISPER);
      t.equal(text(await alice.decrypt(bob, reply)), 'reply');
      const next = await alice.encrypt(bob, Buffer.from('next'));
      t.equal(next.type, WHISPER, 'the envelope is dropped after the answer');
      t.equal(text(await bob.decrypt(alice, next)), 'next');
    });
  }

  t.test(`${first} and ${second} start at the same time and agree on sessions without loss`, async (t) => {
    const seed = pickSeed();
    const seeded = new Seeded(seed);
    for (let round = 0; round < 6 * soak; round += 1) {
      const alice = makeParty(first);
      const bob = makeParty(second);
      await alice.processBundle(bob);
      await bob.processBundle(alice);
      let opened = 0;
      const queue: { readonly from: Party; readonly to: Party; readonly body: string }[] = [];
      const wires: Awaited<ReturnType<Party['encrypt']>>[] = [];
      for (let i = 0; i < 24; i += 1) {
        const [from, to] = seeded.chance(0.5) ? [alice, bob] : [bob, alice];
        const body = `message ${i}`;
        queue.push({ from, to, body });
        wires.push(await from.encrypt(to, Buffer.from(body)));
        // Up to three messages are under way at any time.
        while (queue.length > (i === 23 ? 0 : 3)) {
          const item = queue.shift();
          const wire = wires.shift();
          if (item === undefined || wire === undefined) break;
          const plaintext = text(await item.to.decrypt(item.from, wire));
          if (plaintext !== item.body) throw new Error(`wrong text; repeat with TACET_SEED=${seed}`);
          opened += 1;
        }
      }
      t.equal(opened, 24, `repeat with TACET_SEED=${seed}`);
    }
  });

  t.test(`${first} and ${second} go on after one side archived its session and started anew`, async (t) => {
    const { alice, bob } = await makeConversation(first, second);
    const late = await bob.encrypt(alice, Buffer.from('under way'));
    alice.archive(bob);
    t.notOk(alice.record(bob).hasCurrentState());
    await t.rejects(alice.encrypt(bob, Buffer.from('no')), 'there is no session to send on');
    await alice.processBundle(bob);
    t.equal(text(await alice.decrypt(bob, late)), 'under way', 'the archived session opens it');
    const wire = await alice.encrypt(bob, Buffer.from('on the promoted session'));
    t.equal(wire.type, WHISPER, 'the session that opened something is the current one again');
    t.equal(text(await bob.decrypt(alice, wire)), 'on the promoted session');
  });
}

t.test('both engines call the stores in the same order', async (t) => {
  const traces: string[][] = [];
  for (const engine of ['native', 'ours'] as const) {
    const alice = makeParty(engine);
    const bob = makeParty(engine);
    const bundle = bob.makeBundle();
    const trace: string[] = [];
    const note = (what: string) => {
      for (const party of [alice, bob]) trace.push(`${what}: ${party.trace.splice(0).join(', ')}`);
    };
    await alice.processBundle(bob, bundle);
    note('bundle');
    const wires = [await alice.encrypt(bob, Buffer.from('a')), await alice.encrypt(bob, Buffer.from('b'))];
    note('encrypt');
    for (const wire of wires) {
      await bob.decrypt(alice, wire);
      note('decrypt first');
    }
    await alice.decrypt(bob, await bob.encrypt(alice, Buffer.from('c')));
    note('reply');
    for (const wire of wires) {
      await t.rejects(bob.decrypt(alice, wire));
      note('duplicate');
    }
    alice.trusts = false;
    await t.rejects(alice.encrypt(bob, Buffer.from('d')));
    await t.rejects(alice.processBundle(bob));
    const untrusted = await bob.encrypt(alice, Buffer.from('e'));
    await t.rejects(alice.decrypt(bob, untrusted));
    note('untrusted');
    traces.push(trace);
  }
  t.equal(traces[0]?.length, 16);
  t.same(traces[0], traces[1]);
});

t.test('errors carry the native library’s numbers, names and operations', async (t) => {
  const failures: string[][] = [];
  for (const engine of ['native', 'ours'] as const) {
    const { alice, bob } = await makeConversation(engine, engine);
    const stranger = makeParty(engine);
    const wire = await alice.encrypt(bob, Buffer.from('text'));
    await bob.decrypt(alice, wire);
    const refused: string[] = [];
    const note = async (work: Promise<unknown>): Promise<void> => {
      try {
        await work;
        refused.push('no error');
      } catch (error) {
        const { name, code, operation } = error as { name: string; code: number; operation: string };
        refused.push(`${name} ${code} ${operation}`);
      }
    };
    await note(bob.decrypt(alice, wire));
    await note(
      bob.decrypt(alice, { type: WHISPER, bytes: wire.bytes.with(-1, (wire.bytes.at(-1) ?? 0) ^ 1) }),
    );
    await note(stranger.decrypt(alice, wire));
    await note(stranger.encrypt(alice, Buffer.from('text')));
    await stranger.processBundle(bob);
    const first = await stranger.encrypt(bob, Buffer.from('text'));
    await note(
      bob.decrypt(stranger, { type: PREKEY, bytes: first.bytes.with(-1, (first.bytes.at(-1) ?? 0) ^ 1) }),
    );
    bob.trusts = false;
    await note(bob.decrypt(stranger, first));
    await note(bob.encrypt(alice, Buffer.from('text')));
    await note(bob.processBundle(alice));
    const bundle = alice.makeBundle();
    stranger.sessions.clear();
    await note(stranger.processBundle(alice, { ...bundle, signedPreKeySignature: new Uint8Array(64) }));
    failures.push(refused);
  }
  t.equal(failures[0]?.length, 9);
  t.notOk(failures[0]?.includes('no error'));
  t.same(failures[1], failures[0]);
});
