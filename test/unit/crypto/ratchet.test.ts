import t from 'tap';
import { createHmac, hkdfSync } from 'node:crypto';
import { toHex } from '../../../crypto/bytes.ts';
import { MAX_SKIPPED_KEYS } from '../../../crypto/consts.ts';
import { ready } from '../../../crypto/ready.ts';
import {
  brandChainKey,
  brandMessageSeed,
  brandRootKey,
  deriveMessageKeys,
  stepChain,
  stepRoot,
  takeSeed,
} from '../../../crypto/ratchet/chains.ts';
import {
  settleReceiving,
  startInitiator,
  startResponder,
  takeReceiving,
  takeSending,
} from '../../../crypto/ratchet/double.ts';
import type { DoubleRatchet } from '../../../crypto/ratchet/double.ts';
import {
  addSkipped,
  isSkippedSeeds,
  NO_SKIPPED_SEEDS,
  takeSkipped,
} from '../../../crypto/ratchet/skipped.ts';
import { PrivateKey } from '../../../crypto/ec.ts';
import { because } from '../../support/refusal.ts';

await ready();

function seed(value: number): ReturnType<typeof brandMessageSeed> {
  return brandMessageSeed(new Uint8Array(32).fill(value));
}

function seeds(count: number, first = 0): ReturnType<typeof seed>[] {
  return Array.from({ length: count }, (_, index) => seed(first + index));
}

t.test('chains, root steps and message keys are the specified derivations', async (t) => {
  const key = new Uint8Array(32).fill(7);
  const chain = { key: brandChainKey(key), index: 4 };
  const hmac = (byte: number) => createHmac('sha256', key).update(Uint8Array.of(byte)).digest('hex');
  t.equal(toHex(takeSeed(chain).seed), hmac(1));
  t.same(takeSeed(chain).next, stepChain(chain));
  t.equal(toHex(stepChain(chain).key), hmac(2));
  t.equal(stepChain(chain).index, 5);
  const agreement = new Uint8Array(32).fill(9);
  const expected = Buffer.from(hkdfSync('sha256', agreement, key, 'WhisperRatchet', 64)).toString('hex');
  const step = stepRoot(brandRootKey(key), agreement);
  t.equal(toHex(step.rootKey) + toHex(step.chain.key), expected);
  t.equal(step.chain.index, 0);
  t.same(agreement, new Uint8Array(32), 'the agreement is wiped');
  const salt = new Uint8Array(32).fill(3);
  const keys = deriveMessageKeys(seed(1), salt);
  t.equal(
    toHex(keys.cipherKey) + toHex(keys.macKey) + toHex(keys.iv),
    Buffer.from(hkdfSync('sha256', seed(1), salt, 'WhisperMessageKeys', 80)).toString('hex'),
  );
});

t.test('a skipped seed is given out once', async (t) => {
  const kept = addSkipped(NO_SKIPPED_SEEDS, 10, seeds(3));
  t.ok(isSkippedSeeds(kept));
  const taken = takeSkipped(kept, 11);
  t.same(taken?.seed, seed(1));
  t.equal(takeSkipped(taken?.rest ?? kept, 11), undefined);
  t.same(takeSkipped(taken?.rest ?? kept, 12)?.seed, seed(2));
  t.same(takeSkipped(taken?.rest ?? kept, 10)?.seed, seed(0));
  t.equal(takeSkipped(kept, 9), undefined);
  t.same(takeSkipped(kept, 11)?.seed, seed(1), 'the first state is as it was');
});

t.test('the oldest skipped seeds make room for new ones', async (t) => {
  const full = addSkipped(NO_SKIPPED_SEEDS, 0, seeds(MAX_SKIPPED_KEYS));
  const more = addSkipped(full, 5000, seeds(3));
  t.equal(more.length, full.length);
  for (const gone of [0, 1, 2]) t.equal(takeSkipped(more, gone), undefined);
  t.ok(takeSkipped(more, 3));
  t.same(takeSkipped(more, 5002)?.seed, seed(2));
  const replaced = addSkipped(full, 9000, seeds(MAX_SKIPPED_KEYS + 1));
  t.equal(replaced.length, full.length);
  t.equal(takeSkipped(replaced, 9000), undefined, 'one more than fits');
  t.ok(takeSkipped(replaced, 9001));
  t.notOk(isSkippedSeeds(new Uint8Array(full.length + 36)), 'more than fits is no stored form');
  t.notOk(isSkippedSeeds(new Uint8Array(35)));
});

function makeRatchets(): { alice: DoubleRatchet; bob: DoubleRatchet } {
  const signed = PrivateKey.generate();
  const publicKey = signed.getPublicKey().serialize();
  const root = brandRootKey(new Uint8Array(32).fill(1));
  const chain = brandChainKey(new Uint8Array(32).fill(2));
  return {
    alice: startInitiator(root, chain, publicKey),
    bob: startResponder(root, chain, { privateKey: signed.serialize(), publicKey }),
  };
}

t.test('both sides find the same seeds, turn by turn, and old states stay as they were', async (t) => {
  let { alice, bob } = makeRatchets();
  for (let turn = 0; turn < 12; turn += 1) {
    const before = JSON.stringify(bob);
    const sent = takeSending(alice);
    alice = sent.state;
    const step = takeReceiving(bob, sent.ratchetKey, sent.counter);
    t.same(step.seed, sent.seed);
    t.equal(JSON.stringify(bob), before, 'looking at a message changes nothing');
    const settled = settleReceiving(bob, step);
    t.equal(JSON.stringify(bob), before);
    t.ok(settled.receivers.length <= 5);
    [alice, bob] = [settled, alice];
  }
});

t.test('the previous counter is the number of the last message of the chain before', async (t) => {
  let { alice, bob } = makeRatchets();
  const written = [];
  for (let i = 0; i < 3; i += 1) {
    const sent = takeSending(alice);
    alice = sent.state;
    written.push(sent);
  }
  t.same(
    written.map(({ counter, previousCounter }) => [counter, previousCounter]),
    [
      [0, 0],
      [1, 0],
      [2, 0],
    ],
  );
  for (const sent of written) bob = settleReceiving(bob, takeReceiving(bob, sent.ratchetKey, sent.counter));
  const reply = takeSending(bob);
  t.equal(reply.previousCounter, 0, 'nothing was sent on the chain of the signed prekey');
  alice = settleReceiving(alice, takeReceiving(alice, reply.ratchetKey, reply.counter));
  t.equal(takeSending(alice).previousCounter, 2);
});

t.test('a message is found once, and one too far ahead not at all', async (t) => {
  const { alice, bob } = makeRatchets();
  const { ratchetKey } = takeSending(alice);
  const settled = settleReceiving(bob, takeReceiving(bob, ratchetKey, 3));
  t.throws(() => takeReceiving(settled, ratchetKey, 3), { code: 1 });
  t.equal(toHex(takeReceiving(settled, ratchetKey, 2).seed).length, 64, 'a skipped one is there');
  t.throws(() => takeReceiving(settled, ratchetKey, 4 + 25_001), { code: 0 });
  t.ok(takeReceiving(settled, ratchetKey, 4 + 25_000), 'the classical bound is one wider than the other’s');
});

/** The same ratchet with its sender and receiver chains that far. */
function movedTo(state: DoubleRatchet, index: number): DoubleRatchet {
  return {
    ...state,
    sender: { ...state.sender, chain: { ...state.sender.chain, index } },
    receivers: state.receivers.map((receiver) => ({ ...receiver, chain: { ...receiver.chain, index } })),
  };
}

t.test('counters go past 2^31 and end before 2^32 instead of beginning anew', async (t) => {
  const { alice } = makeRatchets();
  const { ratchetKey } = alice.receivers[0] ?? { ratchetKey: new Uint8Array(0) };
  for (const middle of [2 ** 31 - 2, 2 ** 31, 2 ** 32 - 5]) {
    const state = movedTo(alice, middle);
    t.equal(takeSending(state).counter, middle);
    const settled = settleReceiving(state, takeReceiving(state, ratchetKey, middle + 3));
    for (const skipped of [middle, middle + 2]) t.ok(takeReceiving(settled, ratchetKey, skipped));
    t.equal(settled.receivers[0]?.chain.index, middle + 4);
  }
  const end = movedTo(alice, 2 ** 32 - 1);
  t.throws(() => takeSending(end), because('bad-state'));
  t.throws(() => takeReceiving(end, ratchetKey, 2 ** 32 - 1), because('undecryptable'));
  t.equal(takeSending(movedTo(alice, 2 ** 32 - 2)).state.sender.chain.index, 2 ** 32 - 1);
});
