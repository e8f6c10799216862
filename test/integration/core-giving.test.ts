/** The own invite links: one that nobody was given is offered again, what was used or withdrawn is told, and no number of them is too many. */
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { LIMITS } from '@tacet/protocol/limits';
import { accountOf, hasContact, isOnline, openTestClient, signIn, signUp } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

t.test(
  'an account that has made more invites than its record holds opens again, also on another device',
  async (t) => {
    await using server = await openTestServer();
    const first = openTestClient({ url: server.url });
    const { passphrase } = await signUp(first, 'ada');
    const { link: open } = await first.commands.makeInvite();
    for (let made = 0; made < 230; made += 1) {
      const { link } = await first.commands.makeInvite(made % 2 === 0 ? 'scan' : 'link');
      await first.commands.withdrawInvite(link);
    }
    await first.close();
    await using ada = openTestClient({ url: server.url, disk: first.ports.disk });
    await isOnline(ada);
    await using adaToo = openTestClient({ url: server.url });
    await signIn(adaToo, 'ada', passphrase);
    for (const client of [ada, adaToo]) {
      const readOpen = async () => (await client.commands.readOwnInvites()).flatMap(({ link }) => link ?? []);
      // The last withdrawal may still be on its way to the new device.
      while ((await readOpen()).length > 1) await delay(50);
      t.strictSame(await readOpen(), [open], 'the open one is still there');
    }
    await using ben = openTestClient({ url: server.url });
    await signUp(ben, 'ben', open);
    await hasContact(ada, 'Ben');
    await hasContact(adaToo, 'Ben');
  },
);

t.test(
  'a link is offered until somebody has been given it, to all own devices, and never again after that',
  async (t) => {
    await using server = await openTestServer();
    await using ada = openTestClient({ url: server.url });
    await signUp(ada, 'ada');
    const { link } = await ada.commands.offerInvite();
    t.equal((await ada.commands.offerInvite()).link, link);
    const { disk } = ada.ports;
    await ada.close();
    await using again = openTestClient({ url: server.url, disk });
    await isOnline(again);
    t.equal((await again.commands.offerInvite()).link, link, 'also after a restart');
    // Not waited for: what is asked next comes after it all the same.
    const given = again.commands.noteGivenInvite(link);
    const { link: next } = await again.commands.offerInvite();
    await given;
    t.not(next, link);
    await again.commands.withdrawInvite(next);
    const { link: third } = await again.commands.offerInvite();
    t.notOk([link, next].includes(third), 'one that was withdrawn neither');
  },
);

t.test('nobody is given a link that ends soon, or a code that was made to be scanned', async (t) => {
  await using server = await openTestServer();
  let ahead = 0;
  await using ada = openTestClient({ url: server.url, skewMs: () => ahead });
  await signUp(ada, 'ada');
  const { link: code } = await ada.commands.makeInvite('scan');
  const { link } = await ada.commands.offerInvite();
  t.not(link, code);
  ahead = LIMITS.inviteDefaultAgeMs - 60_000;
  t.not((await ada.commands.offerInvite()).link, link);
});

t.test(
  'the list tells which links were given, used by whom, and withdrawn; their links go with their use',
  async (t) => {
    await using server = await openTestServer();
    await using ada = openTestClient({ url: server.url });
    await signUp(ada, 'ada');
    const used = await ada.commands.makeInvite();
    await using ben = openTestClient({ url: server.url });
    await signUp(ben, 'ben', used.link);
    await hasContact(ada, 'Ben');
    const withdrawn = await ada.commands.makeInvite();
    await ada.commands.withdrawInvite(withdrawn.link);
    const given = await ada.commands.offerInvite();
    await ada.commands.noteGivenInvite(given.link);
    const unused = await ada.commands.offerInvite();
    await ada.commands.makeInvite('scan');
    const own = await ada.commands.readOwnInvites();
    t.strictSame(
      own.map(({ link, state, by }) => [link, state, by]),
      [
        [unused.link, 'unused', undefined],
        [given.link, 'given', undefined],
        [undefined, 'withdrawn', undefined],
        [undefined, 'used', 'Ben'],
      ],
    );
    t.ok(own.every(({ madeAt, expiresAt }) => madeAt !== undefined && expiresAt > madeAt));
  },
);

t.test('too many open links are refused in words of their own, and what was used makes room', async (t) => {
  await using server = await openTestServer();
  await using ada = openTestClient({ url: server.url });
  await signUp(ada, 'ada');
  const links: string[] = [];
  for (let made = 0; made < LIMITS.invitesPerAccount; made += 1) {
    links.push((await ada.commands.makeInvite()).link);
  }
  await t.rejects(ada.commands.makeInvite(), { code: 'invites-full' });
  await ada.commands.withdrawInvite(links[0] ?? '');
  await ada.commands.makeInvite();
  await t.rejects(ada.commands.makeInvite(), { code: 'invites-full' });
  // Somebody who has an account follows one: the server is not told that it was used.
  await using ben = openTestClient({ url: server.url });
  await signUp(ben, 'ben');
  await ben.commands.followInvite(links[1] ?? '');
  await hasContact(ada, 'Ben');
  t.equal((await ada.commands.readOwnInvites()).find(({ state }) => state === 'used')?.by, 'Ben');
  await ada.commands.makeInvite();
  t.equal(accountOf(ben), await hasContact(ada, 'Ben'));
});
