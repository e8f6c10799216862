/** An invite that is shown as a code: for ten minutes, for one person, and no longer than it is shown, whatever the server does. */
import t, { type Test } from 'tap';
import { parseInviteLink } from '@tacet/client/core/account/invites';
import type { HttpRequest } from '@tacet/client/core/ports';
import { LIMITS } from '@tacet/protocol/limits';
import { makeHostileWire } from '../support/hostile-wire.ts';
import { accountOf, openTestClient, signUp, type TestClient } from '../support/make-client.ts';
import { Disk } from '../support/node-ports.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

/** Two people who do not know each other. Ada's clock can be set forward, and her withdrawals kept from the server. */
async function makeScene(t: Test, url: string) {
  let ahead = 0;
  let isDeaf = false;
  const wire = Object.assign(makeHostileWire(), {
    request({ method, path }: HttpRequest): void {
      if (isDeaf && method === 'DELETE' && path.startsWith('/v1/invites/')) throw new Error('no network');
    },
  });
  const ada = openTestClient({ url, wire, skewMs: () => ahead });
  t.teardown(() => ada.close());
  await signUp(ada, 'ada');
  const ben = openTestClient({ url });
  t.teardown(() => ben.close());
  await signUp(ben, 'ben');
  return {
    ada,
    ben,
    pass: (ms: number) => {
      ahead += ms;
    },
    keepWithdrawals: () => {
      isDeaf = true;
    },
  };
}

/** Somebody follows a link and says something; gives how he stands with Ada then. */
async function stateAfter(ada: TestClient, guest: TestClient, link: string): Promise<string | undefined> {
  const toAda = await guest.commands.followInvite(link);
  await guest.commands.sendText(toAda, 'scanned');
  const state = await ada.waitFor('the text', ({ conversations }) =>
    conversations.some(({ id, last }) => id === accountOf(guest) && last?.text === 'scanned'),
  );
  return state.conversations.find(({ id }) => id === accountOf(guest))?.state;
}

t.test('whoever scans the code first while it is shown is in, and nobody after', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makeScene(t, server.url);
  const { link, expiresAt } = await ada.commands.makeInvite('scan');
  t.ok(expiresAt <= ada.ports.clock.now() + LIMITS.inviteScanAgeMs);
  t.ok(LIMITS.inviteScanAgeMs <= 10 * 60_000);
  const { expiresAt: atServer = Infinity } = await ben.commands.readInvite(link);
  t.ok(atServer <= Date.now() + LIMITS.inviteScanAgeMs, 'and the server knows no longer time');
  t.equal(await stateAfter(ada, ben, link), 'accepted');
  const carol = openTestClient({ url: server.url });
  t.teardown(() => carol.close());
  await signUp(carol, 'carol');
  t.equal(await stateAfter(ada, carol, link), 'request');
});

t.test('ten minutes later the code lets nobody in, though the server still takes it', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, pass } = await makeScene(t, server.url);
  const { link } = await ada.commands.makeInvite('scan');
  pass(LIMITS.inviteScanAgeMs + 1_000);
  t.equal(await stateAfter(ada, ben, link), 'request');
});

t.test('a clock that is set back prolongs neither a code nor a link', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, pass } = await makeScene(t, server.url);
  const { link: code } = await ada.commands.makeInvite('scan');
  const { link } = await ada.commands.makeInvite();
  pass(-60 * 60_000);
  t.equal(await stateAfter(ada, ben, code), 'request');
  const carol = openTestClient({ url: server.url });
  t.teardown(() => carol.close());
  await signUp(carol, 'carol');
  t.equal(await stateAfter(ada, carol, link), 'request');
});

t.test('a code that was put away is no invite any more, and putting it away twice is as once', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makeScene(t, server.url);
  const { link } = await ada.commands.makeInvite('scan');
  await ada.commands.withdrawInvite(link);
  await ada.commands.withdrawInvite(link);
  await t.rejects(ben.commands.readInvite(link), { code: 'invite-invalid' });
  await t.rejects(ben.commands.followInvite(link), { code: 'invite-invalid' });
});

t.test('a code that was put away lets nobody in, though the server never hears of it', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, keepWithdrawals } = await makeScene(t, server.url);
  const { link } = await ada.commands.makeInvite('scan');
  keepWithdrawals();
  await t.rejects(ada.commands.withdrawInvite(link));
  t.equal(await stateAfter(ada, ben, link), 'request');
});

t.test('a code that was shown when the app stopped lets nobody in once it starts again', async (t) => {
  await using server = await openTestServer();
  const disk = new Disk();
  const { ben } = await makeScene(t, server.url);
  const eva = openTestClient({ url: server.url, disk });
  await signUp(eva, 'eva');
  const { link } = await eva.commands.makeInvite('scan');
  // As after a crash: nothing was put away.
  await eva.close();
  const toEva = await ben.commands.followInvite(link);
  await ben.commands.sendText(toEva, 'scanned');

  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const wire = Object.assign(makeHostileWire(), {
    request({ method, path }: HttpRequest): void {
      if (method === 'DELETE' && path === `/v1/invites/${parseInviteLink(link, server.url).code}`) resolve();
    },
  });
  await using again = openTestClient({ url: server.url, disk, wire });
  const state = await again.waitFor('the text', ({ conversations }) =>
    conversations.some(({ id, last }) => id === accountOf(ben) && last?.text === 'scanned'),
  );
  t.equal(state.conversations.find(({ id }) => id === accountOf(ben))?.state, 'request');
  t.strictSame(state.encounters, []);
  await ended;
});
