// Whether a call goes through a TURN server, by what the window says of the pair of candidates that is used.

import t from 'tap';
import { goesByTurn } from '../../../client/platform/calls/figures.ts';
import type { Report } from '../../../client/platform/calls/flow-figures.ts';

/** Reports of two pairs, by the types of their ends. */
function reports(used: readonly [string, string], other: readonly [string, string]): readonly Report[] {
  return [used, other].flatMap(([local, remote], at) => [
    {
      id: `pair ${at}`,
      type: 'candidate-pair',
      nominated: at === 0,
      localCandidateId: `local ${at}`,
      remoteCandidateId: `remote ${at}`,
    },
    { id: `local ${at}`, type: 'local-candidate', candidateType: local },
    { id: `remote ${at}`, type: 'remote-candidate', candidateType: remote },
  ]);
}

t.test('one end of the pair that is used makes it a way by TURN, and no other pair does', async (t) => {
  t.ok(goesByTurn(reports(['relay', 'host'], ['host', 'host'])));
  t.ok(goesByTurn(reports(['srflx', 'relay'], ['host', 'host'])));
  t.notOk(goesByTurn(reports(['host', 'srflx'], ['relay', 'relay'])));
  t.notOk(goesByTurn([]), 'before there is a pair');
});

t.test('a pair that was nominated before the one that is used says nothing', async (t) => {
  const pairs = reports(['host', 'host'], ['relay', 'relay']).map((report) => ({
    ...report,
    nominated: true,
  }));
  const transport = { id: 'transport', type: 'transport' };
  t.notOk(goesByTurn([...pairs, { ...transport, selectedCandidatePairId: 'pair 0' }]));
  t.ok(goesByTurn([...pairs, { ...transport, selectedCandidatePairId: 'pair 1' }]));
});
