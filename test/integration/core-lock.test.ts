/** The app lock and wiping: what is on disk and in the state while locked, wrong passphrases, idle time, a wipe cut off half way. */
import t from 'tap';
import { isOnline, makePair, openTestClient, openWith, signUp, textsOf } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

const WORDS = 'violet tractor omelette canyon';

t.test(
  'a locked device shows nothing, over a new start too, and opens with its passphrase alone',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben } = await makePair(server.url);
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    await openWith(ada, 'Ben');
    const toAda = await openWith(ben, 'Ada');
    await t.rejects(ada.commands.setLock({ passphrase: '1234', afterMs: undefined }), {
      code: 'passphrase-weak',
    });
    t.equal(ada.state.lock, undefined);
    await ada.commands.setLock({ passphrase: WORDS, afterMs: undefined });
    t.same(ada.state.lock, { afterMs: undefined });
    await ada.commands.lock();
    t.same(ada.state.session, { kind: 'locked' });
    t.strictSame(ada.state.conversations, []);
    t.strictSame(ada.state.devices, []);
    t.equal(ada.state.open, undefined);
    await ben.commands.sendText(toAda, 'while locked');

    await ada.close();
    const again = openTestClient({ url: server.url, disk: ada.ports.disk });
    t.teardown(() => again.close());
    await again.waitFor('locked', ({ session }) => session.kind === 'locked');
    await t.rejects(again.commands.unlock('violet tractor omelette valley'), { code: 'passphrase-wrong' });
    t.same(again.state.session, { kind: 'locked' });
    await again.commands.unlock(`  ${WORDS.replaceAll(' ', '   ')} `);
    await isOnline(again);
    await openWith(again, 'Ben');
    await again.waitFor('what came meanwhile', (state) => textsOf(state).includes('while locked'));

    await t.rejects(again.commands.clearLock('not this one at all'), { code: 'passphrase-wrong' });
    await again.commands.clearLock(WORDS);
    await again.close();
    const open = openTestClient({ url: server.url, disk: ada.ports.disk });
    t.teardown(() => open.close());
    await isOnline(open);
    t.equal(open.state.lock, undefined);
  },
);

t.test('a wipe without a network leaves no database, also from behind the lock', async (t) => {
  await using server = await openTestServer();
  const ada = openTestClient({ url: server.url });
  t.teardown(() => ada.close());
  await signUp(ada, 'ada');
  await ada.commands.setLock({ passphrase: WORDS, afterMs: undefined });
  await ada.commands.lock();
  ada.ports.setNetwork(false);
  await ada.commands.wipe();
  t.same(ada.state.session, { kind: 'ended', why: 'signed-out' });
  t.equal(ada.ports.disk.databases.size, 0);
  t.equal(ada.ports.disk.wrapKey, undefined);
});

t.test('a device where nobody is locks by itself, after a new start too, and opens as it was', async (t) => {
  await using server = await openTestServer();
  const ada = openTestClient({ url: server.url });
  await signUp(ada, 'ada');
  await ada.commands.setLock({ passphrase: WORDS, afterMs: 500 });
  await ada.waitFor('the lock', ({ session }) => session.kind === 'locked');
  await ada.close();
  await using again = openTestClient({ url: server.url, disk: ada.ports.disk });
  await again.waitFor('locked', ({ session }) => session.kind === 'locked');
  await again.commands.unlock(WORDS);
  t.same(again.state.lock, { afterMs: 500 });
  await again.waitFor('the lock again', ({ session }) => session.kind === 'locked');
});

t.test('a wipe that is cut off at any step leaves all of it or nothing that opens', async (t) => {
  await using server = await openTestServer();
  const made = openTestClient({ url: server.url });
  await signUp(made, 'ada');
  await made.close();
  const outcomes: string[] = [];
  for (let steps = 0; !outcomes.includes('whole'); steps += 1) {
    const disk = made.ports.disk.copy();
    const ada = openTestClient({ url: server.url, disk });
    ada.ports.setNetwork(false);
    await ada.waitFor('signed in', ({ session }) => session.kind === 'signed-in');
    await ada.client.background.settled();
    ada.ports.power.failAfter(steps);
    const lost = new Promise<'cut'>((resolve) => ada.ports.power.onLoss(() => resolve('cut')));
    const end = await Promise.race([lost, ada.commands.wipe().then(() => 'whole' as const)]);
    outcomes.push(end);
    ada.crash();
    const next = openTestClient({ url: server.url, disk });
    next.ports.setNetwork(false);
    const { session } = await next.waitFor('a start', ({ session: { kind } }) => kind !== 'starting');
    if (end === 'whole') t.equal(session.kind, 'signed-out');
    else t.match(session.kind, /^(?:signed-in|signed-out)$/, `cut off after ${steps} steps`);
    if (session.kind === 'signed-out') t.equal(disk.databases.get('tacet')?.get('device')?.size ?? 0, 0);
    await next.close();
  }
  t.ok(outcomes.length > 2, 'it was cut off in the middle');
});
