import { readFileSync } from 'node:fs';
import t from 'tap';
import { replaySession } from '../../vectors/replay-session.ts';
import type { RecordedSession } from '../../vectors/replay-session.ts';

const { sessions } = JSON.parse(
  readFileSync(new URL('../../vectors/session.json', import.meta.url), 'utf8'),
) as { readonly sessions: readonly RecordedSession[] };

for (const session of sessions) {
  t.test(`recorded conversation comes out again byte for byte: ${session.name}`, async (t) => {
    t.equal(await replaySession(session), session.steps.length);
  });

  t.test(
    `recorded conversation does not replay with one byte of one message changed: ${session.name}`,
    async (t) => {
      const peerStep = session.steps.findIndex((step) => step.from === 'peer');
      const steps = session.steps.map((step, index) =>
        index === peerStep
          ? { ...step, bytes: step.bytes.slice(0, -2) + (step.bytes.endsWith('00') ? '01' : '00') }
          : step,
      );
      await t.rejects(replaySession({ ...session, steps }));
    },
  );
}
