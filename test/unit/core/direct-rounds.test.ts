/** What the direct way of a call keeps of what the other side says before this side has taken the call. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { CallWindow } from '@tacet/client/core/calls/call-window';
import { CANDIDATES_MOST } from '@tacet/client/core/calls/direct-way';
import { DirectRounds } from '@tacet/client/core/calls/direct-rounds';
import { CallNumbers, CallStreams } from '@tacet/client/core/calls/streams';
import { idBytes, idOf, type CallId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';

const call = idOf<CallId>(new Uint8Array(16));

function openRounds() {
  const asked: string[] = [];
  const lines: string[] = [];
  const window = {
    openDirect: async () => void asked.push('openDirect'),
    answer: async () => 'an answer',
    addCandidates: async ({ lines: told }: Parameters<CallWindow['addCandidates']>[0]) =>
      void lines.push(...told),
    closeConnection: async () => void asked.push('closeConnection'),
  } satisfies Partial<CallWindow>;
  const numbers = new CallNumbers((length) => new Uint8Array(randomBytes(length)));
  const rounds = new DirectRounds({
    call,
    side: 'callee',
    // Nothing else is asked of it here.
    window: window as Partial<CallWindow> as CallWindow,
    opened: () => undefined,
    heard: () => undefined,
    say: () => undefined,
    ask: (work) => void work(),
  });
  const needs = {
    call,
    numbers,
    tellMedia: () => undefined,
    keyed: () => undefined,
    release: () => undefined,
  };
  const open = { connection: numbers.next(), streams: new CallStreams(needs, { receives: true }) };
  const take = () => rounds.answer({ open, servers: [], turnOnly: false }, 'an offer');
  return { rounds, take, asked, lines };
}

function tellMany(rounds: DirectRounds, messages: number): string[] {
  return Array.from({ length: messages }, (_, message) => {
    const lines = Array.from({ length: LIMITS.callCandidatesMax }, (_each, i) => `candidate:${message} ${i}`);
    rounds.hear({ what: 'candidates', call: idBytes(call), lines });
    return lines;
  }).flat();
}

t.test(
  'what the caller names while it rings is kept in its order, and no more than a call may name',
  async (t) => {
    const { rounds, take, lines } = openRounds();
    const named = tellMany(rounds, 1 + CANDIDATES_MOST / LIMITS.callCandidatesMax);
    await take();
    t.same(lines, named.slice(0, CANDIDATES_MOST));
  },
);

t.test('a way that is given up before the call is taken keeps nothing', async (t) => {
  const { rounds, take, lines } = openRounds();
  tellMany(rounds, 1);
  rounds.drop();
  tellMany(rounds, 1);
  await take();
  t.same(lines, []);
});

t.test('a way that is given up while it is opened is closed after it was asked for', async (t) => {
  const { rounds, take, asked } = openRounds();
  tellMany(rounds, 1);
  const taken = take();
  rounds.drop();
  t.equal(await taken, undefined);
  t.same(asked, ['openDirect', 'closeConnection']);
});
