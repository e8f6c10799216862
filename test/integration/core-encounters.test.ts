/**
 * Two people who scan a code face to face: both are verified once both have said that the other is there, under the keys that the code
 * proved, and nobody else is: not by a photograph of the code, too late, under another key, by somebody else's word or by a repetition.
 */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { PrivateKey } from '@tacet/crypto';
import {
  encounterCommitment,
  encounterMac,
  generateKey,
  keyFrom,
  type InviteSecret,
} from '@tacet/crypto/vault';
import { parseInviteLink } from '@tacet/client/core/account/invites';
import type { EncounterView } from '@tacet/client/core/view';
import { encodeB64u } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import { idBytes, idOf, type AccountId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { makeHostileWire } from '../support/hostile-wire.ts';
import { makeImpostor } from '../support/impostor.ts';
import {
  accountOf,
  hasContact,
  openTestClient,
  signIn,
  signUp,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { lie, underOtherKey, type ShownEntry } from '../support/other-key.ts';

t.setTimeout(600_000);

/** An encounter as it is shown; without a number or choices where there are none. */
interface Shown {
  readonly choices: readonly string[];
  readonly id: string;
  readonly account: AccountId;
  readonly number: string;
}

/** The encounter of this kind that a client is shown. */
async function shown(client: TestClient, kind: EncounterView['kind']): Promise<Shown> {
  const is = (one: EncounterView): boolean => one.kind === kind;
  const { encounters } = await client.waitFor(kind, (state) => state.encounters.some(is));
  const found = encounters.find(is);
  if (found === undefined) throw new Error('no encounter');
  const choices = 'choices' in found ? found.choices : [];
  return { id: found.id, account: found.account, number: 'number' in found ? found.number : '', choices };
}

function trustIn(client: TestClient, account: AccountId): string | undefined {
  return client.state.conversations.find(({ id }) => id === account)?.person.trust;
}

/** Somebody says something, and all that he said before has been worked off. */
async function settle(from: TestClient, to: TestClient, text: string): Promise<void> {
  await from.commands.sendText(accountOf(to), text);
  await to.waitFor(text, ({ conversations }) => conversations.some(({ last }) => last?.text === text));
}

/** Ada and Ben, who meet again and again; each is behind a wire that can lie, and Ada's clock can be set forward. */
t.test('two people meet', async (t) => {
  await using server = await openTestServer();
  const { url } = server;
  let ahead = 0;
  const [adasWire, bensWire] = [makeHostileWire(), makeHostileWire()];
  const entry: { adas?: ShownEntry } = {};
  bensWire.change = (frame) => {
    if (frame.kind === 'bundles') entry.adas = frame.directory;
    return [frame];
  };
  const ada = openTestClient({ url, wire: adasWire, skewMs: () => ahead });
  t.teardown(() => ada.close());
  const { passphrase } = await signUp(ada, 'ada');
  const ben = openTestClient({ url, wire: bensWire });
  t.teardown(() => ben.close());
  await signUp(ben, 'ben');
  const [toAda, toBen] = [accountOf(ada), accountOf(ben)];

  function pass(ms: number): void {
    ahead += ms;
  }

  /** What came of it has been seen, and nobody is marked any more. */
  async function forget(): Promise<void> {
    for (const [client, account] of [
      [ada, toBen],
      [ben, toAda],
    ] as const) {
      for (const { id } of client.state.encounters) await client.commands.endEncounter(id);
      await client.commands.unverify(account);
      await client.waitFor('seen', ({ encounters }) => encounters.length === 0);
    }
  }

  await t.test('after ten minutes neither an answer nor a word counts, and a link is no code', async (t) => {
    const late = await ada.commands.makeInvite('scan');
    pass(LIMITS.inviteScanAgeMs + 1_000);
    await ben.commands.followInvite(late.link);
    await settle(ben, ada, 'late');
    t.strictSame(ada.state.encounters, []);

    // Marked as a code by whoever passed it on, it is still a link.
    const { link } = await ada.commands.makeInvite();
    await ben.commands.followInvite(`${link}.scan.${encodeB64u(generateKey())}`);
    await settle(ben, ada, 'by a link');
    t.strictSame(ada.state.encounters, []);
    t.equal(trustIn(ada, toBen), 'by-invite');

    const again = await ada.commands.makeInvite('scan');
    await ben.commands.followInvite(again.link);
    const hers = await shown(ada, 'choosing');
    const his = await shown(ben, 'asking');
    await ada.commands.confirmEncounter(hers.id, his.number);
    pass(LIMITS.inviteScanAgeMs + 1_000);
    await ben.commands.confirmEncounter(his.id, his.number);
    await ben.waitFor('met there', () => trustIn(ben, accountOf(ada)) === 'verified');
    await settle(ben, ada, 'too late for her');
    t.equal(trustIn(ada, toBen), 'by-invite');
    t.notOk(ada.state.encounters.some(({ kind }) => kind === 'met'));

    await forget();
  });

  await t.test('a clock that is set back makes no code last longer', async (t) => {
    const { link } = await ada.commands.makeInvite('scan');
    pass(-24 * 60 * 60_000);
    await ben.commands.followInvite(link);
    await settle(ben, ada, 'a day before');
    t.strictSame(ada.state.encounters, []);
    pass(24 * 60 * 60_000);
    await forget();
  });

  await t.test(
    'two questions keep their places, and that two have met is said only as long as it is so',
    async (t) => {
      await ben.commands.followInvite((await ada.commands.makeInvite('scan')).link);
      const { id } = await shown(ada, 'choosing');
      const cara = openTestClient({ url });
      t.teardown(() => cara.close());
      await signUp(cara, 'cara', (await ada.commands.makeInvite('scan')).link);
      const places = (): readonly (readonly [AccountId, string])[] =>
        ada.state.encounters.map(({ account, kind }) => [account, kind]);
      await ada.waitFor('two questions', ({ encounters }) => encounters.length === 2);
      const his = await shown(ben, 'asking');
      await ben.commands.confirmEncounter(his.id, his.number);
      await settle(ben, ada, 'the first of two');
      t.strictSame(places(), [
        [toBen, 'choosing'],
        [accountOf(cara), 'choosing'],
      ]);
      await ada.commands.confirmEncounter(id, his.number);
      t.equal((await shown(ada, 'met')).account, toBen);
      await ada.commands.unverify(toBen);
      await ada.waitFor('said no more', ({ encounters }) => encounters.length === 1);
      t.strictSame(places(), [[accountOf(cara), 'choosing']]);
      await forget();
    },
  );

  await t.test(
    'whoever shows a code chooses no nonce afterwards: another than the code named asks nothing',
    async (t) => {
      const { link } = await ada.commands.makeInvite('scan');
      // As if she had drawn another one after his answer: the code that he scanned names the hash of a third.
      const other = encodeB64u(encounterCommitment(generateKey()));
      await ben.commands.followInvite(link.replace(/[^.]+$/, other));
      const {
        id,
        choices: [number = ''],
      } = await shown(ada, 'choosing');
      await settle(ada, ben, 'here is a number');
      t.match(ben.state.encounters, [{ kind: 'waiting' }]);
      t.equal(ben.state.encounters.length, 1);
      await t.rejects(ben.commands.confirmEncounter(id, number), { code: 'too-late' });
      t.equal(trustIn(ben, toAda), 'by-invite');
      await forget();
    },
  );

  await t.test(
    'whoever showed a code sees no number and chooses; another choice marks nobody and is the last',
    async (t) => {
      const { link } = await ada.commands.makeInvite('scan');
      await ben.commands.followInvite(link);
      const [hers, his] = [await shown(ada, 'choosing'), await shown(ben, 'asking')];
      t.equal(hers.number, '');
      t.equal(new Set(hers.choices).size, 3);
      t.ok(hers.choices.every((choice) => /^[0-9]{6}$/.test(choice)));
      t.ok(hers.choices.includes(his.number));
      await ben.commands.confirmEncounter(his.id, his.number);
      await settle(ben, ada, 'found?');
      t.strictSame((await shown(ada, 'choosing')).choices, hers.choices, 'drawn once');
      const other = hers.choices.find((choice) => choice !== his.number) ?? '';
      t.equal(await ada.commands.confirmEncounter(hers.id, other), false);
      await t.rejects(ada.commands.confirmEncounter(hers.id, his.number), { code: 'too-late' });
      await settle(ada, ben, 'another one');
      t.equal(trustIn(ada, toBen), 'by-invite');
      t.equal(trustIn(ben, toAda), 'by-invite');
      t.match(ben.state.encounters, [{ kind: 'confirmed' }]);

      await ben.commands.endEncounter(his.id);
      await t.rejects(ben.commands.followInvite(link), { code: 'invite-invalid' }, 'said at once');
      await forget();
    },
  );

  await t.test('nobody else’s word counts for an encounter, though he has the code', async (t) => {
    const other = await ada.commands.makeInvite();
    const { link } = await ada.commands.makeInvite('scan');
    const account = idOf<AccountId>(new Uint8Array(randomBytes(16)));
    const mallory = await makeImpostor(url, other.link, accountOf(ada), account);
    t.teardown(() => mallory.stop());
    const say = (kind: string, body: unknown): Promise<void> =>
      mallory.say((honest) => ({ ...honest, id: randomBytes(16), kind, body: encodeCbor(body) }));
    await say('text', { text: 'I am Mallory' });
    await ada.waitFor('Mallory', ({ conversations }) => conversations.some(({ id }) => id === account));
    await ada.commands.acceptRequest(account);

    await ben.commands.followInvite(link);
    const hers = await shown(ada, 'choosing');
    const his = await shown(ben, 'asking');
    await ada.commands.confirmEncounter(hers.id, his.number);
    await shown(ada, 'confirmed');
    const { code: name, secrets } = parseInviteLink(link, url);
    if (secrets === undefined) throw new Error('a code without secrets');
    const code = idBytes(name);
    const secret = keyFrom<InviteSecret>(secrets.secret);
    const mallorys = mallory.accountKey.getPublicKey();
    for (const by of ['inviter', 'newcomer'] as const) {
      const sides = { account: idBytes(account), accountKey: mallorys };
      const nonce = new Uint8Array(32);
      const made = { code, nonce, answer: nonce, inviter: sides, newcomer: sides };
      await say('encounter', { what: 'confirm', code, mac: encounterMac(secret, made, by) });
    }
    await say('encounter', { what: 'number', code, nonce: generateKey() });
    await say('text', { text: 'and now' });
    await ada.waitFor('and now', ({ conversations }) =>
      conversations.some(({ last }) => last?.text === 'and now'),
    );
    t.equal(trustIn(ada, toBen), 'by-invite');
    t.not(trustIn(ada, account), 'verified');
    t.equal((await shown(ada, 'confirmed')).number, his.number, 'the number stays the one that was compared');
    await ben.commands.confirmEncounter(his.id, his.number);
    await shown(ada, 'met');
    t.equal(trustIn(ada, await hasContact(ada, 'Ben')), 'verified');

    await forget();
  });

  await t.test(
    'both are verified once both have confirmed, on all devices, and a repeated word counts no more',
    async (t) => {
      const phone = openTestClient({ url });
      t.teardown(() => phone.close());
      await signIn(phone, 'ada', passphrase);
      const { link } = await ada.commands.makeInvite('scan');
      await ben.commands.followInvite(link);
      const [hers, his] = [await shown(ada, 'choosing'), await shown(ben, 'asking')];
      t.match(his.number, /^[0-9]{6}$/);
      t.ok(hers.choices.includes(his.number), 'the other screen asks for it among others');
      t.equal(hers.account, toBen);

      await ben.commands.confirmEncounter(his.id, his.number);
      await shown(ben, 'confirmed');
      await settle(ben, ada, 'said yes');
      t.equal(trustIn(ada, toBen), 'by-invite', 'his word alone marks nobody');
      t.equal(trustIn(ben, toAda), 'by-invite', 'nor here');
      await ada.commands.confirmEncounter(hers.id, his.number);
      t.equal((await shown(ada, 'met')).account, toBen);
      t.equal((await shown(ben, 'met')).account, toAda);
      const isVerified = (client: TestClient, account: AccountId) =>
        client.waitFor('verified', () => trustIn(client, account) === 'verified');
      await Promise.all([isVerified(ada, toBen), isVerified(ben, toAda), isVerified(phone, toBen)]);
      t.strictSame(phone.state.encounters, [], 'only the device that showed the code asks');

      for (const client of [ada, ben]) {
        await client.commands.endEncounter(hers.id);
        await client.waitFor('seen', ({ encounters }) => encounters.length === 0);
      }
      await ada.commands.unverify(toBen);
      const repeated = adasWire.delivered.slice();
      adasWire.change = (frame) => {
        adasWire.change = undefined;
        if (frame.kind !== 'deliver') return [frame];
        return [...repeated.map((one) => ({ ...one, id: randomBytes(16) })), frame];
      };
      await settle(ben, ada, 'after the repetition');
      t.equal(trustIn(ada, toBen), 'unverified');
      t.strictSame(ada.state.encounters, []);

      await ben.commands.unverify(toAda);
    },
  );

  await t.test('somebody who makes the account by the code is asked too, on both sides', async (t) => {
    const { link } = await ada.commands.makeInvite('scan');
    const carl = openTestClient({ url });
    t.teardown(() => carl.close());
    await signUp(carl, 'carl', link);
    const [hers, his] = [await shown(ada, 'choosing'), await shown(carl, 'asking')];
    await ada.commands.confirmEncounter(hers.id, his.number);
    await carl.commands.confirmEncounter(his.id, his.number);
    await shown(ada, 'met');
    await shown(carl, 'met');
    t.equal(trustIn(ada, accountOf(carl)), 'verified');
    await ada.commands.endEncounter(hers.id);
    await ada.waitFor('seen', ({ encounters }) => encounters.length === 0);
  });

  await t.test(
    'whoever photographs the code and answers first is asked about, and nobody is verified by it',
    async (t) => {
      const mallory = openTestClient({ url });
      t.teardown(() => mallory.close());
      await signUp(mallory, 'mallory');
      const { link } = await ada.commands.makeInvite('scan');
      await mallory.commands.followInvite(link);
      const asked = await shown(ada, 'choosing');
      t.equal(asked.account, accountOf(mallory));
      const hers = await shown(mallory, 'asking');
      await mallory.commands.confirmEncounter(hers.id, hers.number);
      await ben.commands.followInvite(link);
      await settle(ben, ada, 'I am here');
      await settle(mallory, ada, 'so am I');
      t.equal(ada.state.encounters.length, 1, 'the second use opens nothing');
      t.equal(trustIn(ada, accountOf(ben)), 'unverified');
      await settle(ada, ben, 'come in');
      t.match(ben.state.encounters, [{ kind: 'waiting' }], 'the screen beside her shows no number');
      await ada.commands.endEncounter(asked.id);
      await ada.waitFor('ended', ({ encounters }) => encounters.length === 0);
      t.equal(trustIn(ada, accountOf(mallory)), 'by-invite');
      t.equal(trustIn(mallory, accountOf(ada)), 'by-invite');
      t.equal(trustIn(ben, toAda), 'by-invite');
      await t.rejects(ada.commands.confirmEncounter(asked.id, hers.number), { code: 'too-late' });

      await forget();
    },
  );

  await t.test(
    'a key that changes between the scan and the words is not verified, whoever confirms',
    async (t) => {
      const { link } = await ada.commands.makeInvite('scan');
      await ben.commands.followInvite(link);
      const hers = await shown(ada, 'choosing');
      const his = await shown(ben, 'asking');
      await ada.commands.confirmEncounter(hers.id, his.number);
      await settle(ada, ben, 'said yes');
      if (entry.adas === undefined) throw new Error('no entry was seen');
      lie(bensWire, underOtherKey(entry.adas, PrivateKey.generate()));
      await ben.commands.sendText(toAda, 'to whom does this go');
      await shown(ben, 'changed');
      await t.rejects(ben.commands.confirmEncounter(his.id, his.number), { code: 'key-changed' });
      t.equal(trustIn(ben, toAda), 'unverified');
      t.equal(trustIn(ada, accountOf(ben)), 'by-invite');
    },
  );
});
