/** Deep nesting is malformed at every depth, also where the decoder copes and what looks through its result does not. */
import t from 'tap';
import { decodeCbor } from '../../../protocol/cbor.ts';
import { isWireError } from '../../../protocol/errors.ts';

t.test('an item nested at any depth is decoded or malformed, nothing else', (t) => {
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
      t.match(outcome, /^(decoded|malformed)$/, `${String(depth)} ${title}`);
    }
  }
  t.end();
});
