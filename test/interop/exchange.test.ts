// Conversations between this project's engine and the native library under every kind of weather. State is saved and
// loaded at every step: the parties keep serialised records only.
import t from 'tap';
import { ready } from '@tacet/crypto';
import { pickSeed, runSchedule, Seeded, soak } from '../support/schedule.ts';
import { makeConversation, pairings } from '../support/signal-engines.ts';

await ready();
// Long runs are slow on a busy machine, and the soak is ten times longer.
t.setTimeout(580_000);

for (const [first, second] of pairings) {
  t.test(`${first} and ${second} talk in turns and move one epoch on with every 87 messages`, async (t) => {
    const { alice, bob } = await makeConversation(first, second);
    const outcome = await runSchedule(alice, bob, new Seeded(pickSeed()), {
      messages: 400 * soak,
      longestBurst: 1,
      loss: 0,
      duplicates: 0.05,
      window: 1,
    });
    t.equal(outcome.delivered, 400 * soak);
    t.ok(outcome.duplicates > 0);
    t.equal(outcome.epoch, Math.floor((400 * soak + 3) / 87) + 1);
  });

  t.test(`${first} and ${second} write in bursts`, async (t) => {
    const { alice, bob } = await makeConversation(first, second);
    const outcome = await runSchedule(alice, bob, new Seeded(pickSeed()), {
      messages: 600 * soak,
      longestBurst: 40,
      loss: 0,
      duplicates: 0.02,
      window: 1,
    });
    t.ok(outcome.delivered >= 600 * soak);
  });

  t.test(`${first} and ${second} lose 15 % and reorder the rest over more than 20 epochs`, async (t) => {
    const { alice, bob } = await makeConversation(first, second);
    const outcome = await runSchedule(alice, bob, new Seeded(pickSeed()), {
      messages: 4800 * soak,
      longestBurst: 2,
      loss: 0.15,
      duplicates: 0.02,
      window: 8,
    });
    t.ok(outcome.lost > 500 * soak, `${outcome.lost} lost`);
    t.ok(outcome.delivered + outcome.lost >= 4800 * soak);
    t.ok(outcome.epoch > 20, `epoch ${outcome.epoch}`);
  });

  t.test(`${first} and ${second} open a long one-way burst in reverse order`, async (t) => {
    const { alice, bob } = await makeConversation(first, second);
    const wires = [];
    for (let i = 0; i < 150; i += 1) wires.push(await alice.encrypt(bob, Buffer.from(`message ${i}`)));
    for (const [index, wire] of wires.toReversed().entries()) {
      t.equal(Buffer.from(await bob.decrypt(alice, wire)).toString(), `message ${149 - index}`);
    }
  });
}
