/** Deep nesting is malformed at every depth, also where the decoder copes and what looks through its result does not. */
import t from 'tap';
import { decodeCbor, encodeCbor } from '../../../protocol/cbor.ts';
import { isWireError } from '../../../protocol/errors.ts';

t.test('an item nested deeper than the stack bears is malformed, nothing else', (t) => {
  for (let depth = 250; depth <= 12_000; depth += 250) {
    for (const [title, opening] of [
      ['arrays', [0x81]],
      ['maps', [0xa1, 0x61, 0x61]],
    ] as const) {
      const bytes = Uint8Array.from([...Array.from({ length: depth }, () => opening).flat(), 0]);
      let outcome = 'decoded';
      try {
        decodeCbor(bytes);
      } catch (error) {
        outcome = isWireError(error, 'malformed-frame') ? 'malformed' : String(error);
      }
      t.equal(outcome, 'malformed', `${String(depth)} ${title}`);
    }
  }
  t.end();
});

t.test('what stands within each other deeper than 32 is refused, however it is spelled', async (t) => {
  const lists = (depth: number): Uint8Array =>
    Uint8Array.from([...Array.from({ length: depth - 1 }, () => 0x81), 0x80]);
  const maps = (depth: number): Uint8Array =>
    Uint8Array.from([...Array.from({ length: depth - 1 }, () => [0xa1, 0x61, 0x61]).flat(), 0xa0]);
  for (const deep of [lists, maps]) {
    t.doesNotThrow(() => encodeCbor(decodeCbor(deep(32))));
    t.throws(() => decodeCbor(deep(33)), { code: 'malformed-frame' });
    t.throws(() => decodeCbor(deep(5_000)), { code: 'malformed-frame' });
  }
});
