/** Corners: where presses, arrow keys and a pointer lead, in both directions of text; and the ring, which begins and ends in silence. */
import t from 'tap';
import { ringSamples } from '../../../../client/ui/calls/ring-sound.ts';
import {
  cornerByKey,
  nearestCorner,
  nextCorner,
  type Corner,
} from '../../../../client/ui/calls/use-corner.ts';

const END: Corner = { block: 'end', inline: 'end' };

t.test('presses go through all four corners', async (t) => {
  const seen = new Set<string>();
  let at = END;
  for (let i = 0; i < 4; i += 1) {
    seen.add(`${at.block} ${at.inline}`);
    at = nextCorner(at);
  }
  t.equal(seen.size, 4);
  t.strictSame(at, END);
});

t.test('arrow keys lead where they point, whichever way the text runs', async (t) => {
  t.strictSame(cornerByKey(END, 'ArrowUp', false), { block: 'start', inline: 'end' });
  t.strictSame(cornerByKey(END, 'ArrowLeft', false), { block: 'end', inline: 'start' });
  t.strictSame(cornerByKey(END, 'ArrowLeft', true), { block: 'end', inline: 'end' });
  t.strictSame(cornerByKey(END, 'ArrowRight', true), { block: 'end', inline: 'start' });
  t.equal(cornerByKey(END, 'Enter', false), undefined);
});

t.test('what is let go settles in the nearest corner', async (t) => {
  const rect = (left: number, top: number, width: number, height: number): DOMRect =>
    ({ left, top, width, height }) as DOMRect;
  const room = rect(100, 0, 800, 600);
  t.strictSame(nearestCorner(rect(120, 20, 200, 150), room, false), { block: 'start', inline: 'start' });
  t.strictSame(nearestCorner(rect(120, 20, 200, 150), room, true), { block: 'start', inline: 'end' });
  t.strictSame(nearestCorner(rect(700, 400, 200, 150), room, false), { block: 'end', inline: 'end' });
});

t.test('the ring is soft, and loops without a click', async (t) => {
  const samples = ringSamples(8_000);
  const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  t.ok(loudest > 0.05, 'it is heard');
  t.ok(loudest < 0.5, 'and does not shout');
  t.equal(samples[0], 0);
  t.ok(Math.abs(samples.at(-1) ?? 1) < 0.002, 'it has died away before it begins anew');
});
