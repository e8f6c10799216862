/** The power of a device goes while the server drops, repeats and keeps quiet: nothing is lost, no key used twice. Row A87. */
import t from 'tap';
import { Stage } from '../support/crash-points.ts';
import { changeDeliveries, type Deliver, type HostileWire } from '../support/hostile-wire.ts';
import { forgetSessions, textsOf } from '../support/make-client.ts';
import { Power } from '../support/power.ts';
import { openScene } from './scene.ts';

t.setTimeout(3_600_000);

/** Envelopes that the server delivers once more to a device that comes back. */
const AGAIN_MOST = 20;
/** Each round has something asked for again, two or three times: fewer rounds than a day has requests. */
const ROUNDS_OF_REPAIRS = 6;

const POINTS = process.env['TACET_SOAK'] === '1' ? 'every' : ({ sample: 4 } as const);
const scene = await openScene();
const stage = new Stage(async (number) => ({
  url: scene.origin,
  names: [scene.freshName(`ada${String(number)}`), scene.freshName(`ben${String(number)}`)],
  invite: await scene.freshInvite(),
}));
t.teardown(() => {
  stage.tell(t);
  return scene.close();
});

/** The next envelope that has not come yet never comes. Gives its id once it was dropped. */
function dropNext(wire: HostileWire): ReadonlySet<string> {
  const idOf = ({ id }: Deliver): string => Buffer.from(id).toString('hex');
  const before = new Set(wire.delivered.map(idOf));
  const dropped = new Set<string>();
  wire.change = changeDeliveries((frame) => {
    const id = idOf(frame);
    if (dropped.size === 0 && !before.has(id)) dropped.add(id);
    return dropped.has(id) ? [] : [frame];
  });
  return dropped;
}

const missing = (words: string): string => `${words}: missing`;

t.test('A87: envelopes that come twice, and once more after the power went, are shown once', (t) =>
  stage.play(
    t,
    {
      name: 'everything twice',
      async prepare({ ada, ben }) {
        for (const { wire } of [ada, ben]) wire.change = changeDeliveries((frame) => [frame, frame]);
      },
      act: (pair, words) => pair.say(pair.ada, words),
      reopened({ ada, ben }) {
        for (const { wire } of [ada, ben])
          for (const frame of wire.delivered.slice(-AGAIN_MOST)) wire.tell(frame);
      },
    },
    POINTS,
  ),
);

t.test('A87: a message whose answer never came leaves again as it was, and is shown once', (t) =>
  stage.play(
    t,
    {
      name: 'no answer to a send',
      async prepare({ ada }) {
        ada.wire.change = (frame) => (frame.kind === 'sent' ? [] : [frame]);
      },
      async act(pair, words) {
        const { ada, ben } = pair;
        await pair.say(ada, words);
        await ben.client.waitFor(words, (state) => textsOf(state).includes(words));
        ada.wire.behave();
        ada.wire.hangUp();
      },
    },
    POINTS,
    ['ada'],
  ),
);

t.test('A87: what was dropped is asked for and comes, whichever side loses its power meanwhile', (t) =>
  stage.play(
    t,
    {
      name: 'repair of a gap',
      rounds: ROUNDS_OF_REPAIRS,
      anyOrder: true,
      async prepare(pair, words) {
        const { ada, ben } = pair;
        const dropped = dropNext(ben.wire);
        await pair.say(ada, missing(words));
        await ben.wire.when('it', () => dropped.size > 0);
      },
      act: (pair, words) => pair.say(pair.ada, words),
    },
    POINTS,
  ),
);

t.test('A87: a session that one side has lost begins anew, whichever side loses its power meanwhile', (t) =>
  stage.play(
    t,
    {
      name: 'reset of a session',
      rounds: ROUNDS_OF_REPAIRS,
      anyOrder: true,
      prepare: (pair) => pair.open(pair.ben, new Power(), forgetSessions),
      act: (pair, words) => pair.say(pair.ada, words),
    },
    POINTS,
  ),
);
