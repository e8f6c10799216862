/** Envelopes that waited when the backup was made and were read since wait again after the restore: nobody sees them twice, or misses any. */
import t from 'tap';
import { encodeB64u } from '@tacet/protocol/bytes';
import { makeHostileWire } from '../support/hostile-wire.ts';
import {
  eventsOf,
  hasContact,
  isOnline,
  lineOf,
  linesOf,
  openTestClient,
  openWith,
  signIn,
  signUp,
  textsOf,
} from '../support/make-client.ts';
import { readTables } from '../support/read-tables.ts';
import { openRestorableServer } from '../support/restorable-server.ts';

t.setTimeout(600_000);

t.test(
  'what comes a second time shows nothing, asks for nothing, and brings back nothing deleted',
  async (t) => {
    const server = await openRestorableServer(t);
    const { url } = server;
    await using ada = openTestClient({ url });
    const { passphrase } = await signUp(ada, 'ada');
    const first = openTestClient({ url });
    await signUp(first, 'ben', (await ada.commands.makeInvite()).link);
    await hasContact(first, 'Ada');
    const toBen = await openWith(ada, 'Ben');
    await ada.client.background.settled();
    await first.client.background.settled();
    await first.close();

    // One device that has a session with him, and one whose first word begins it: with a one-time prekey.
    await using other = openTestClient({ url });
    await signIn(other, 'ada', passphrase);
    await openWith(other, 'Ben');
    await ada.commands.sendText(toBen, 'from the old device');
    await ada.commands.sendText(toBen, 'to be deleted');
    await other.commands.sendText(toBen, 'from the new device');
    for (const client of [ada, other]) {
      await client.waitFor('all sent', (state) =>
        linesOf(state).every(({ delivery }) => delivery.kind !== 'sending'),
      );
      await client.client.background.settled();
    }
    await server.backUp();
    const waiting = readTables(server.dataDir)['envelopes']?.length ?? 0;
    t.ok(waiting >= 3, 'they wait in the backup');

    const wire = makeHostileWire();
    await using ben = openTestClient({ url, wire, disk: first.ports.disk });
    await isOnline(ben);
    const toAda = await openWith(ben, 'Ada');
    await ben.waitFor('all of it', (state) => textsOf(state).length === 3);
    await ada.waitFor('delivered', (state) =>
      linesOf(state).every(({ delivery }) => delivery.kind === 'delivered'),
    );
    await ada.commands.deleteForEveryone(toBen, lineOf(ada, 'to be deleted').id);
    await ben.waitFor('it gone', (state) => !textsOf(state).includes('to be deleted'));
    const events = eventsOf(ben.state);
    const lines = textsOf(ben.state);
    for (const { client } of [ada, other, ben]) await client.background.settled();
    const [delivered, said] = [wire.delivered.length, wire.said.length];
    await server.goBack();

    for (const client of [ben, ada, other]) {
      await client.commands.connectNow();
      await isOnline(client);
    }
    await ben.commands.sendText(toAda, 'after');
    await ada.waitFor('after', (state) => textsOf(state).includes('after'));
    for (const { client } of [ada, other, ben]) await client.background.settled();
    await ada.commands.sendText(toBen, 'and back');
    await ben.waitFor('and back', (state) => textsOf(state).includes('and back'));
    const before = wire.delivered.slice(0, delivered).map(({ id }) => encodeB64u(id));
    const again = wire.delivered.slice(delivered).filter(({ id }) => before.includes(encodeB64u(id)));
    t.ok(again.length >= 3, 'all three came again');
    t.notOk(
      wire.said.slice(said).some(({ kind }) => kind === 'fetch-bundles'),
      'and were not asked for, in a session that begins anew',
    );
    t.strictSame(textsOf(ben.state), [...lines, 'after', 'and back']);
    t.strictSame(eventsOf(ben.state), events, 'no line about something that is missing');
    for (const { client } of [ada, other, ben]) t.strictSame(client.background.failures, []);
  },
);
