/**
 * The drill: five people, a backup, a day of changes, the server is killed, the old backup is restored. Everything comes back: no alarm is
 * left but the word that a backup was restored, no message is lost, and everybody can sign in.
 */
import { join } from 'node:path';
import t from 'tap';
import { backUp } from '../../server/admin/back-up.ts';
import { restore } from '../../server/admin/restore.ts';
import { makeHostileWire } from '../support/hostile-wire.ts';
import {
  accountOf,
  eventsOf,
  hasContact,
  isOnline,
  linesOf,
  openTestClient,
  openWith,
  reconnect,
  signIn,
  signUp,
  textsOf,
  toldOf,
  type TestClient,
} from '../support/make-client.ts';
import { findLastingPort } from '../support/lasting-port.ts';
import { makeFolder } from '../support/open-store.ts';
import { startServer } from '../support/server-process.ts';

const ROUNDS = process.env['TACET_SOAK'] === '1' ? 5 : 1;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const PASSPHRASE = 'a passphrase for this drill';

t.setTimeout(900_000 + ROUNDS * 600_000);

for (let round = 1; round <= ROUNDS; round += 1) {
  t.test(
    `a day-old backup under five people is brought up to date by their devices (round ${round})`,
    async (t) => {
      const folder = makeFolder(t);
      const dataDir = join(folder, 'data');
      const file = join(folder, 'backup');
      const settings = { TACET_RATE_FACTOR: '1000', TACET_PORT: await findLastingPort() };
      let server = await startServer({ dataDir, settings });
      t.teardown(() => server.kill());
      let skew = 0;
      const options = { url: server.origin, skewMs: (): number => skew };
      const open = (): TestClient => {
        const client = openTestClient(options);
        t.teardown(() => client.close());
        return client;
      };

      const ada = open();
      const adas = await signUp(ada, 'ada');
      const ben = open();
      const bens = await signUp(ben, 'ben', (await ada.commands.makeInvite()).link);
      const dora = open();
      const doras = await signUp(dora, 'dora', (await ada.commands.makeInvite()).link);
      const eve = open();
      await signUp(eve, 'eve', (await ben.commands.makeInvite()).link);
      const eveToBen = await openWith(eve, 'Ben');
      const benToEve = await hasContact(ben, 'Eve');
      const old = open();
      await signIn(old, 'ada', adas.passphrase);
      const benToAda = await openWith(ben, 'Ada');
      const adaToBen = await openWith(ada, 'Ben');
      await ada.commands.sendText(adaToBen, 'before');
      await ben.waitFor('before', (state) => textsOf(state).includes('before'));
      await ada.waitFor('delivered', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
      for (const { client } of [ada, ben, dora, eve, old]) await client.background.settled();
      const made = await backUp(dataDir, file, PASSPHRASE, Date.now());
      t.equal(made.kind, 'made');

      // The day: messages, an account, a device more and one less, another passphrase, somebody blocked.
      skew = DAY_MS;
      const cem = open();
      await signUp(cem, 'cem', (await ada.commands.makeInvite()).link);
      const cemToAda = await openWith(cem, 'Ada');
      await hasContact(ada, 'Cem');
      await cem.commands.sendText(cemToAda, 'new here');
      const bensOther = open();
      await signIn(bensOther, 'ben', bens.passphrase);
      await hasContact(bensOther, 'Ada');
      await ben.commands.sendText(benToAda, 'during the day');
      await ada.waitFor('it', (state) => textsOf(state).includes('during the day'));
      const gone = ada.state.devices.find(({ isThis }) => !isThis);
      if (gone === undefined) return t.fail('no other device');
      await ada.commands.removeDevice(gone.device, adas.passphrase);
      await old.waitFor('its end', ({ session }) => session.kind === 'ended');
      await ben.commands.block(benToEve);
      const next = await dora.commands.suggestPassphrase();
      await dora.commands.changePassphrase({ current: doras.passphrase, next });
      await dora.client.background.settled();
      await dora.client.close();
      // Dora is away: the server alone has what is sent to her now, and the backup does not.
      const adaToDora = await openWith(ada, 'Dora');
      await ada.commands.sendText(adaToDora, 'for when you are back');
      await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
      for (const { client } of [ada, ben, cem, eve, bensOther]) await client.background.settled();

      await server.kill();
      const restored = await restore(dataDir, file, PASSPHRASE, { replace: true, now: Date.now() });
      t.equal(restored.kind, 'restored');
      server = await startServer({ dataDir, settings });

      // Everybody who was there is there again, the account and the device of that day among them.
      const there = [ada, ben, cem, eve, bensOther];
      for (const client of there) {
        await client.commands.connectNow();
        await isOnline(client);
        await client.waitFor('the word', ({ alerts }) => alerts.some(({ what }) => what === 'restored'));
      }
      const dorasWire = makeHostileWire();
      const again = openTestClient({ ...options, disk: dora.ports.disk, wire: dorasWire });
      t.teardown(() => again.close());
      await isOnline(again);
      await openWith(again, 'Ada');
      await again.waitFor('what the server had lost', (state) =>
        textsOf(state).includes('for when you are back'),
      );

      t.notOk(
        dorasWire.said.some(({ kind }) => kind === 'fetch-bundles'),
        'it came by itself: she did not have to ask',
      );
      t.notOk(eventsOf(again.state).some((what) => what === 'gap' || what === 'unreadable'));

      // What is said now arrives too, on the device of that day as well.
      await openWith(ada, 'Ben');
      await ada.commands.sendText(adaToBen, 'after');
      await openWith(bensOther, 'Ada');
      for (const client of [ben, bensOther]) {
        await client.waitFor('after', (state) => textsOf(state).includes('after'));
      }
      await cem.commands.sendText(cemToAda, 'still here');
      await openWith(ada, 'Cem');
      await ada.waitFor('it', (state) => textsOf(state).includes('still here'));
      t.equal(textsOf(ada.state).filter((text) => text === 'new here').length, 1);

      // Whoever was blocked that day still is.
      await eve.commands.sendText(eveToBen, 'can you hear me?');
      await eve.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
      const standing = ben.state.conversations.find(({ id }) => id === benToEve);
      t.strictSame([standing?.state, standing?.last?.text], ['blocked', undefined]);

      // Signing in: with the newest passphrase, and with no other.
      const anew = open();
      await anew.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
      await t.rejects(anew.commands.signIn({ username: 'dora', passphrase: doras.passphrase }));
      await signIn(anew, 'dora', next);
      await hasContact(anew, 'Ada');
      const cems = open();
      await cems.waitFor('signed out', ({ session }) => session.kind === 'signed-out');

      // Once the own devices have had their time, nothing is left to be told but the restore, and that not to who came after it.
      skew += 20 * MINUTE_MS;
      for (const client of [...there, again, anew]) {
        await reconnect(client);
        await client.client.background.settled();
        t.strictSame(
          toldOf(client).filter((what) => what !== 'device-added'),
          client === anew ? [] : ['restored'],
          accountOf(client),
        );
        t.strictSame(client.client.background.failures, []);
      }
      t.equal(ada.state.devices.length, 1, 'the removed device stays removed');
      t.equal(ben.state.devices.length, 2, 'the added one stays');
      t.equal(await server.stop(), 0);
    },
  );
}
