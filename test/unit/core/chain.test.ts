/** The numbering of durable contents: order, loss, repair, repetition, forks, baselines. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import fc from 'fast-check';
import { ready } from '@tacet/crypto';
import type { Link } from '@tacet/protocol/content/frame';
import { idOf, type DeviceId } from '@tacet/protocol/ids';
import type { InChain, OutChain } from '../../../client/core/db/stored-sending.ts';
import {
  cameInAfter,
  hashLink,
  judgeEnd,
  judgeLink,
  missingCount,
  nextLink,
  startAt,
  type LinkVerdict,
} from '../../../client/core/messages/chain.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

await ready();

const sender = idOf<DeviceId>(new Uint8Array(16).fill(1));
const me = idOf<DeviceId>(new Uint8Array(16).fill(2));
const epoch = new Uint8Array(16).fill(3);
const known = { device: me, unknownToSender: false };

interface Sent {
  readonly link: Link;
  readonly hash: Uint8Array<ArrayBuffer>;
}

/** The first `count` links of a chain towards the devices listed at each number. */
function makeChain(count: number, listed: (number: number) => readonly DeviceId[] = () => [me]): Sent[] {
  const sent: Sent[] = [];
  let held: OutChain | undefined;
  for (let number = 1; number <= count; number += 1) {
    const salt = new Uint8Array(randomBytes(32));
    const { link, chain } = nextLink(held, epoch, listed(number), [], salt);
    const hash = hashLink(salt, new TextEncoder().encode(`frame ${number}`));
    held = { ...chain, previous: hash };
    sent.push({ link, hash });
  }
  return sent;
}

function receive(
  sent: readonly Sent[],
  baseline = known,
): { readonly verdicts: LinkVerdict[]; readonly chain: InChain } {
  const verdicts: LinkVerdict[] = [];
  let chain: InChain | undefined;
  for (const { link, hash } of sent) {
    const verdict = judgeLink(chain, sender, link, hash, baseline);
    verdicts.push(verdict);
    chain = verdict.chain;
  }
  if (chain === undefined) throw new Error('nothing received');
  return { verdicts, chain };
}

t.test('links in order are next, one after the other', (t) => {
  const { verdicts, chain } = receive(makeChain(5));
  t.strictSame(
    verdicts.map(({ kind }) => kind),
    ['next', 'next', 'next', 'next', 'next'],
  );
  t.equal(chain.contiguous, 5);
  t.end();
});

t.test('a missing link is a gap at the next one, and late when it comes', (t) => {
  const [first, second, third] = makeChain(3);
  const { verdicts, chain } = receive([first!, third!, second!]);
  t.strictSame(
    verdicts.map(({ kind }) => kind),
    ['next', 'gap', 'late'],
  );
  t.match(verdicts[1], { missing: [2], chain: { contiguous: 1, highest: 3 } });
  t.strictSame(chain.missing, []);
  t.equal(chain.contiguous, 3);
  t.end();
});

t.test(
  'a first message with a higher number than one is a gap for a device that was there from the start',
  (t) => {
    const [, , third] = makeChain(3);
    const { verdicts } = receive([third!]);
    t.match(verdicts, [{ kind: 'gap', missing: [1, 2] }]);
    t.end();
  },
);

t.test('a device that was listed later begins at its baseline, and misses nothing before it', (t) => {
  const other = idOf<DeviceId>(new Uint8Array(16).fill(9));
  const chain = makeChain(6, (number) => (number < 4 ? [other] : [other, me]));
  t.strictSame(
    receive(chain.slice(3)).verdicts.map(({ kind }) => kind),
    ['next', 'next', 'next'],
  );
  t.match(
    receive(chain.slice(4)).verdicts[0],
    { kind: 'gap', missing: [4] },
    'what it should have got is missed',
  );
  t.end();
});

t.test('a frame made before the sender knew this device is its baseline', (t) => {
  const chain = makeChain(4, () => []);
  const { verdicts } = receive(chain.slice(2), { device: me, unknownToSender: true });
  t.strictSame(
    verdicts.map(({ kind }) => kind),
    ['next', 'next'],
  );
  t.end();
});

t.test('a repeated number is repeated, whether it was in order or not', (t) => {
  const [first, second, third] = makeChain(3);
  const { verdicts } = receive([first!, first!, third!, second!, second!]);
  t.strictSame(
    verdicts.map(({ kind }) => kind),
    ['next', 'repeated', 'gap', 'late', 'repeated'],
  );
  t.end();
});

t.test('a frame that names another one before it is a fork', (t) => {
  const [first, second] = makeChain(2);
  const forged = { ...second!, link: { ...second!.link, previous: new Uint8Array(randomBytes(32)) } };
  t.match(receive([first!, forged]).verdicts[1], { kind: 'fork' });
  const wrongStart = { ...first!, link: { ...first!.link, previous: new Uint8Array(32).fill(1) } };
  t.match(receive([wrongStart]).verdicts[0], { kind: 'fork' });
  t.end();
});

t.test('a frame that is sent again without its quoted words makes no fork of the one that follows', (t) => {
  const [first, again, next] = makeChain(3) as [Sent, Sent, Sent];
  const one = judgeLink(undefined, sender, first.link, first.hash, known);
  // Its bytes are others than those that the next one names.
  const changed = hashLink(again.link.salt, new TextEncoder().encode('frame 2 without a quote'));
  for (const [hash, kind] of [
    [undefined, 'next'],
    [changed, 'fork'],
  ] as const) {
    const two = judgeLink(one.chain, sender, again.link, hash, known);
    t.equal(two.kind, 'next', 'it fits to the one before it');
    const three = judgeLink(two.chain, sender, next.link, next.hash, known);
    t.equal(three.kind, kind);
    t.equal(three.chain.contiguous, 3);
  }
  t.end();
});

t.test('a jump of any size is bounded in memory', (t) => {
  const [first] = makeChain(1);
  const far = { ...first!, link: { ...first!.link, number: Number.MAX_SAFE_INTEGER } };
  const { verdicts, chain } = receive([first!, far]);
  t.match(verdicts[1], { kind: 'gap' });
  t.equal(chain.missing.length, 256);
  t.equal(missingCount(chain), Number.MAX_SAFE_INTEGER - 2, 'and everything is counted');
  t.end();
});

t.test('no number that has not come is ever taken for one that has, however many are held back', (t) => {
  const chain = makeChain(600);
  const [first, last] = [chain[0]!, chain[599]!];
  const late = chain.slice(1, 599);
  const { verdicts, chain: end } = receive([first, last, ...late]);
  t.equal(verdicts[1]?.kind, 'gap');
  t.ok(
    verdicts.slice(2).every(({ kind }) => kind === 'late'),
    'each is taken when it comes',
  );
  t.equal(end.contiguous, 1, 'nothing is told of what nobody knows');

  const dropped = receive([first, last, ...late.slice(100)]).chain;
  t.ok(missingCount(dropped) >= 100, 'and what never comes stays missing');
  t.end();
});

t.test('gaps that add up to more than can be told apart stay', (t) => {
  const chain = makeChain(700);
  // Every second one is held back.
  const { chain: end } = receive(chain.filter((_, i) => i % 2 === 1));
  t.equal(missingCount(end), 350);
  t.equal(end.missing.length, 256);
  const { verdicts, chain: closed } = receive([
    ...chain.filter((_, i) => i % 2 === 1),
    ...chain.filter((_, i) => i % 2 === 0),
  ]);
  t.ok(verdicts.slice(350).every(({ kind }) => kind === 'late'));
  t.ok(missingCount(closed) > 0, 'rather a gap too many than one too few');
  t.end();
});

t.test('a device for which a frame was made later than for the others misses it if it does not come', (t) => {
  const salt = new Uint8Array(32);
  const other = idOf<DeviceId>(new Uint8Array(16).fill(9));
  const first = nextLink(undefined, epoch, [other], [], salt);
  const second = nextLink({ ...first.chain, previous: salt }, epoch, [other], [], salt);
  const held = startAt({ ...second.chain, previous: salt }, epoch, 2, [other, me]);
  t.strictSame(held?.starts, [
    { device: other, number: 1 },
    { device: me, number: 2 },
  ]);
  const third = nextLink(held, epoch, [other, me], [], salt).link;
  t.match(judgeLink(undefined, sender, third, salt, known), { kind: 'gap', missing: [2] });
  t.equal(startAt(held, epoch, 2, [me]), undefined, 'a start stays');
  t.equal(startAt(held, new Uint8Array(16), 2, [sender]), undefined, 'and belongs to its epoch');
  t.end();
});

t.test('any order of any subset, with repeats, ends with exactly what is missing', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 40 }), (numbers) => {
      const chain = makeChain(12);
      const { verdicts, chain: end } = receive(numbers.map((number) => chain[number - 1]!));
      const seen = new Set(numbers);
      const highest = Math.max(...numbers);
      const missing = Array.from({ length: highest }, (_, i) => i + 1).filter((n) => !seen.has(n));
      const shown = verdicts.filter(({ kind }) => kind !== 'repeated').length;
      return (
        shown === seen.size &&
        verdicts.every(({ kind }) => kind !== 'fork') &&
        end.highest === highest &&
        JSON.stringify([...end.missing].toSorted((a, b) => a - b)) === JSON.stringify(missing)
      );
    }),
  );
  t.pass('for every schedule that was tried');
  t.end();
});

t.test('a device that came in later would pass over an earlier number, which is told beforehand', (t) => {
  const late = idOf<DeviceId>(new Uint8Array(16).fill(4));
  const sent = makeChain(3, (number) => (number < 3 ? [me] : [me, late]));
  const [, second, third] = sent;
  const first = judgeLink(undefined, sender, third!.link, third!.hash, {
    device: late,
    unknownToSender: false,
  });
  const again = judgeLink(first.chain, sender, second!.link, second!.hash, {
    device: late,
    unknownToSender: false,
  });
  t.equal(again.kind, 'repeated', 'and nothing is done with what it says');
  const held = { epoch, number: 3, previous: new Uint8Array(32), starts: [{ device: late, number: 3 }] };
  t.equal(cameInAfter(held, epoch, 2, [me, late]), true);
  t.equal(cameInAfter(held, epoch, 3, [me, late]), false, 'it is the first of that device');
  t.equal(cameInAfter(held, epoch, 2, [me]), false, 'nothing is made for it');
  t.equal(cameInAfter(held, new Uint8Array(16), 2, [me, late]), false, 'another epoch is another chain');
  t.end();
});

t.test('what an epoch lacks at its end is missed by whom it was made for, once the next one begins', (t) => {
  const late = idOf<DeviceId>(new Uint8Array(16).fill(4));
  const stranger = idOf<DeviceId>(new Uint8Array(16).fill(5));
  const listed = (number: number): readonly DeviceId[] => (number < 3 ? [me] : [me, late]);
  const sent = makeChain(4, listed);
  const next = new Uint8Array(16).fill(9);
  let held: OutChain | undefined;
  for (let number = 1; number <= 4; number += 1) {
    held = {
      ...nextLink(held, epoch, listed(number), [], new Uint8Array(32)).chain,
      previous: new Uint8Array(32),
    };
  }
  const first = nextLink(held, next, [me, late], [], new Uint8Array(32));
  t.equal(first.link.number, 1);
  const second = nextLink(
    { ...first.chain, previous: new Uint8Array(32) },
    next,
    [me, late],
    [],
    new Uint8Array(32),
  );
  const ended = second.link.before;
  if (ended === undefined) return t.fail('every frame of the new epoch names the end of the one before');
  t.match(ended, { epoch, number: 4 });

  const { chain } = receive(sent.slice(0, 2));
  const verdict = judgeEnd(chain, sender, ended, me);
  t.match(verdict, { missing: [3, 4], chain: { highest: 4, contiguous: 2 } });
  t.equal(judgeEnd(verdict?.chain, sender, ended, me), undefined, 'said again it is nothing new');
  t.match(judgeLink(verdict?.chain, sender, sent[3]!.link, sent[3]!.hash, known), { kind: 'late' });
  t.equal(judgeEnd(receive(sent).chain, sender, ended, me), undefined, 'nothing is missing');
  t.match(judgeEnd(undefined, sender, ended, me), { missing: [1, 2, 3, 4] }, 'nothing has come at all');
  t.match(judgeEnd(undefined, sender, ended, late), { missing: [3, 4] }, 'from where it came in');
  t.equal(judgeEnd(undefined, sender, ended, stranger), undefined, 'it was made for others');
  // A third epoch names the second: what that one lacks tells of the first.
  const third = nextLink(
    { ...second.chain, previous: new Uint8Array(32) },
    epoch,
    [me],
    [],
    new Uint8Array(32),
  );
  t.match(third.link.before, { epoch: next, number: 2, devices: [{ number: 1 }] });
  const absurd = judgeEnd(chain, sender, { ...ended, number: Number.MAX_SAFE_INTEGER }, me);
  t.equal(absurd?.missing.length, 256, 'bounded');
  t.end();
});
