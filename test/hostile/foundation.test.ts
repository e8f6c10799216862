/** The tools of this folder do what they say: what a proxy changes is changed, and an honest one changes nothing. */
import t from 'tap';
import { ANONYMOUS_PATH, holdFrames } from '../support/hostile-wire.ts';
import { linesOf, textsOf } from '../support/make-client.ts';
import { needsStore, openScene } from './scene.ts';
import { judgeRow, readVerdict } from './table.ts';

t.setTimeout(300_000);
const scene = await openScene();
t.teardown(() => scene.close());
const { ada, ben } = scene;

t.test('requests, answers and frames pass through the proxy, and are what was sent', async (t) => {
  t.ok(
    ada.wire.asked.some(({ path }) => path === '/v1/accounts'),
    'the sign-up',
  );
  t.ok(ada.wire.said.some(({ kind }) => kind === 'send'));
  t.ok(ben.wire.delivered.length > 0);
  t.strictSame(
    new Set(ben.proxy.handshakes.map(({ path }) => path)),
    new Set(['/v1/socket', '/v1/anonymous']),
  );
  await scene.stillTalk();
});

t.test('frames are kept back and let go in another order', async (t) => {
  const held = holdFrames(ben.wire);
  await ada.client.commands.sendText(ada.talk, 'first');
  await ada.client.commands.sendText(ada.talk, 'second');
  await ben.wire.when('both', () => held.frames.length >= 2);
  t.notOk(textsOf(ben.client.state).includes('first'));
  held.release((frames) => [...frames].reverse());
  await ben.client.waitFor('both', (state) =>
    ['first', 'second'].every((text) => textsOf(state).includes(text)),
  );
  await scene.stillTalk();
});

t.test(
  'a frame is swallowed, another one is sent to the server in its place, and the server’s answer is heard',
  async (t) => {
    let seen = '';
    ada.wire.forward = (frame, path) => {
      if (path !== ANONYMOUS_PATH || frame.kind !== 'send') return [frame];
      return [{ kind: 'ping', re: frame.re }];
    };
    ada.wire.change = (frame) => {
      if (frame.kind !== 'pong') return [frame];
      seen = frame.kind;
      return [{ kind: 'sent', re: frame.re }];
    };
    await ada.client.commands.sendText(ada.talk, 'never sent');
    await ada.client.waitFor('it seems sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
    t.equal(seen, 'pong');
    await scene.stillTalk();
  },
);

t.test('a request is asked again by the server alone, changed on its way, or never answered', async (t) => {
  const asked = ada.wire.asked.findLast(({ path }) => path === '/v1/accounts')!;
  const { status } = await ada.proxy.send(asked);
  t.not(status, 200, 'its challenge was used');
  ada.wire.rewrite = (request) => ({ ...request, path: '/v1/nowhere' });
  await t.rejects(ada.client.commands.makeInvite());
  ada.wire.rewrite = undefined;
  ada.wire.answer = () => undefined;
  await t.rejects(ada.client.commands.makeInvite());
  await scene.stillTalk();
});

t.test('what is rewritten in the store is what the server says afterwards', needsStore, async (t) => {
  const saved = scene.editLive((store) => store.save('profiles'));
  await scene.edit((store) => {
    store.change('delete from profiles where account = ?', store.accountOf(ben.username));
  });
  t.equal(scene.editLive((store) => store.rows('select * from profiles')).length, 1);
  await scene.edit((store) => store.rollBack(saved));
  t.strictSame(
    scene.editLive((store) => store.save('profiles')),
    saved,
  );
  await scene.stillTalk();
});

t.test('verdicts are read from what the runners print', (t) => {
  const lines = [
    ['ok 3 - A16: again # time=31ms', 'A16', 'held'],
    ['not ok 3 - A16: again # time=31ms', 'A16', 'BROKEN'],
    ['ok 4 - A48: an old backup # SKIP needs the store', 'A48', 'needs the store'],
    ['  ✓  1 hostile.spec.ts:9:1 › A02: a browser stops (3.2s)', 'A02', 'held'],
    ['  ✘  1 hostile.spec.ts:9:1 › A02: a browser stops (3.2s)', 'A02', 'BROKEN'],
  ] as const;
  for (const [line, row, verdict] of lines) t.strictSame(readVerdict(line), { row, verdict });
  t.equal(readVerdict('    ok 1 - A16: an assertion'), undefined);
  t.equal(judgeRow(['held', 'BROKEN']), 'BROKEN');
  t.equal(judgeRow(['needs the store', 'held']), 'held');
  t.equal(judgeRow([]), 'not run');
  t.end();
});
