/**
 * The power of a device goes at any step of what it sends and receives: nothing is lost, nothing shown twice, no key used twice, and both
 * can talk afterwards. What a server does besides at such a moment is in test/hostile/crashes.test.ts.
 */
import t from 'tap';
import { Stage, type CrashScene } from '../support/crash-points.ts';
import { forgetSessions, idFor, lineOf } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { Power } from '../support/power.ts';

t.setTimeout(3_600_000);

const POINTS = process.env['TACET_SOAK'] === '1' ? 'every' : ({ sample: 5 } as const);

const server = await openTestServer();
const stage = new Stage(async (number) => ({
  url: server.url,
  names: [`ada${String(number)}`, `ben${String(number)}`],
}));
t.teardown(() => {
  stage.tell(t);
  return server.close();
});

const asked = (words: string): string => `${words}: asked`;
const others = (words: string): string => `${words}: in other words`;

const SCENES: readonly Omit<CrashScene, 'whose'>[] = [
  {
    name: 'two messages',
    async act(pair, words) {
      await pair.say(pair.ada, words);
      await pair.say(pair.ada, others(words));
    },
  },
  {
    name: 'a reply',
    async prepare(pair, words) {
      await pair.say(pair.ben, asked(words));
      await pair.isQuiet();
    },
    act: (pair, words) => pair.say(pair.ada, words, { id: idFor(asked(words)), mine: false }),
    check: (pair, words) => lineOf(pair.ben.client, words).reply?.text === asked(words),
  },
  {
    name: 'an edit',
    async act(pair, words) {
      await pair.say(pair.ada, words);
      await pair.edit(pair.ada, words, others(words));
    },
    check: (pair, words) => lineOf(pair.ben.client, others(words)).editedAt !== undefined,
  },
  {
    name: 'the first of a session',
    prepare: (pair) => pair.open(pair.ada, new Power(), forgetSessions),
    act: (pair, words) => pair.say(pair.ada, words),
  },
];

t.test('a message is sent and comes, whenever the power goes', (t) =>
  stage.play(t, { name: 'a message', act: (pair, words) => pair.say(pair.ada, words) }, 'every'),
);

for (const scene of SCENES) {
  t.test(`${scene.name}: sent and shown once, whenever the power goes`, (t) => stage.play(t, scene, POINTS));
}
