/**
 * Records spqr.json with this code base under seeded randomness: exchanges of the post-quantum ratchet, and its stored form in
 * every state. Run by hand (`node test/vectors/record-spqr-vectors.ts`) only when a format gets a new version: recorded vectors are
 * never recorded anew to make a test pass. That the exchanges are right is shown by the interop tests against native libsignal.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { ready } from '../../crypto/ready.ts';
import { encodeSpqrState, initSpqr, receiveSpqr, sendSpqr } from '../../crypto/spqr/ratchet.ts';
import { hexText, seededRandom } from '../support/mangle.ts';

const authKey = Uint8Array.from(createHash('sha256').update('tacet test vector spqr').digest());
const records = new Map<string, string>();

/** Capital letter: that side sends and the message arrives. Small letter: it is lost. */
function lossySchedule(seed: number, length: number): string {
  const random = seededRandom(seed);
  return Array.from({ length }, () => {
    const [turn = 0, fate = 0] = random(2);
    const side = turn < 128 ? 'A' : 'B';
    return fate < 40 ? side.toLowerCase() : side;
  }).join('');
}

async function recordExchange(seed: number, schedule: string): Promise<unknown> {
  await ready({ random: seededRandom(seed) });
  const states = { a: initSpqr(authKey, 'a-to-b'), b: initSpqr(authKey, 'b-to-a') };
  const digest = createHash('sha256');
  const firstMessages: unknown[] = [];
  for (const step of schedule) {
    const from = step.toLowerCase() === 'a' ? 'a' : 'b';
    const to = from === 'a' ? 'b' : 'a';
    const sent = sendSpqr(states[from]);
    states[from] = sent.state;
    digest.update(sent.message).update(sent.key);
    if (firstMessages.length < 12)
      firstMessages.push({ message: hexText(sent.message), key: hexText(sent.key) });
    if (step !== step.toLowerCase()) states[to] = receiveSpqr(states[to], sent.message).state;
    for (const state of [states.a, states.b]) {
      // The second epoch's states, where they have the chains of several epochs and skipped keys.
      if (state.braid.epoch === 2) records.set(state.braid.kind, hexText(encodeSpqrState(state)));
    }
  }
  return {
    seed,
    authKey: hexText(authKey),
    schedule,
    firstMessages,
    sha256: digest.digest('hex'),
    epochs: [states.a.braid.epoch, states.b.braid.epoch],
  };
}

const exchanges = [await recordExchange(1, 'AB'.repeat(200)), await recordExchange(2, lossySchedule(7, 600))];
const value = {
  origin: 'recorded from this code base under seeded randomness',
  exchanges,
  records: [...records].map(([kind, record]) => ({ kind, record })),
};
writeFileSync(new URL('spqr.json', import.meta.url), `${JSON.stringify(value, undefined, 2)}\n`);
