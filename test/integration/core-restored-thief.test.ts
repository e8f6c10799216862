/** A device that was removed, on a server that goes back to before its removal: what it does until the others have come goes with it. */
import t from 'tap';
import { encodeCbor } from '@tacet/protocol/cbor';
import { isOnline, openTestClient, signIn, signUp } from '../support/make-client.ts';
import { readTables } from '../support/read-tables.ts';
import { openRestorableServer, type RestorableServer } from '../support/restorable-server.ts';
import { openThief, type StolenRecord } from '../support/thief.ts';

t.setTimeout(600_000);

interface Ruin {
  /** What he makes of the record that he can read again. */
  readonly change: (record: StolenRecord) => Uint8Array | undefined;
  /** How many versions more than the real one has. */
  readonly ahead: number;
}

const RUINS: Readonly<Record<string, Ruin>> = {
  'under the key of before, of a later version': { change: (record) => encodeCbor(record), ahead: 9 },
  'that opens under no key, of a later version': { change: () => undefined, ahead: 1 },
  'under the key of before, of the version that is known': {
    change: (record) => encodeCbor(record),
    ahead: 0,
  },
};

function versionOn({ dataDir }: RestorableServer): number {
  return Number(readTables(dataDir)['records']?.[0]?.['version']);
}

for (const [what, { change, ahead }] of Object.entries(RUINS)) {
  t.test(`a record ${what}, does not stay`, async (t) => {
    const server = await openRestorableServer(t);
    await using ada = openTestClient({ url: server.url });
    const { passphrase } = await signUp(ada, 'ada');
    const thief = await openThief(server.url, 'ada', passphrase);
    const { devices } = await ada.waitFor('two devices', ({ devices: all }) => all.length === 2);
    await ada.client.background.settled();
    await server.backUp();
    await ada.commands.removeDevice(devices[1]!.device, passphrase);
    await ada.commands.setName('Countess');
    await ada.client.background.settled();
    const known = versionOn(server);
    await server.goBack();
    while (versionOn(server) < known + ahead - 1) await thief.writeRecord((record) => encodeCbor(record));
    await thief.writeRecord(change);
    t.equal(versionOn(server), known + ahead);
    await thief.writeProfile(Number.MAX_SAFE_INTEGER, new Uint8Array(100).fill(1));

    await ada.commands.connectNow();
    await isOnline(ada);
    await ada.waitFor('the word', ({ alerts }) => alerts.some(({ what: told }) => told === 'restored'));
    await ada.client.background.settled();
    await ada.commands.setName('Ada again');
    const { link } = await ada.commands.makeInvite();
    await ada.client.background.settled();
    t.strictSame(ada.client.background.failures, []);
    t.strictSame(
      ada.state.alerts.map(({ what: told }) => told),
      ['restored'],
    );

    await using adaToo = openTestClient({ url: server.url });
    await signIn(adaToo, 'ada', passphrase);
    t.match(adaToo.state.session, { me: { name: 'Ada again' } });
    t.ok(
      (await adaToo.commands.readOwnInvites()).some((invite) => invite.link === link),
      'a new device reads the record',
    );
    await t.rejects(thief.readRecord(), 'he is out');
  });
}
