/** Looking after the own prekeys where the disk fails too. */
import t from 'tap';
import { Session } from '@tacet/client/core/account/session';
import { OwnDevices } from '@tacet/client/core/devices';
import { ownEngine } from '@tacet/client/core/own-engine';
import { Rest } from '@tacet/client/core/transport/rest';
import { TwoClocks } from '@tacet/client/core/two-clocks';
import { T } from '../../../client/core/db/stores.ts';
import { makeDirectoryScene } from '../../support/directory-scene.ts';

t.test('what the server said is what is told, also where nothing can be forgotten on the disk', async (t) => {
  const { ports, own, db, directory } = await makeDirectoryScene('by-invite');
  const { clock } = ports;
  const http: typeof ports.http = async () => {
    throw new Error('no network');
  };
  const rest = new Rest(http, clock);
  const session = new Session({ ...ports, http }, rest, own.value.device, undefined);
  const said = await session.token().catch((error: unknown) => error);
  const devices = new OwnDevices({
    engine: ownEngine,
    db,
    clock,
    twoClocks: new TwoClocks(clock),
    rest,
    session,
    own,
    directory,
    exchanged: () => undefined,
  });
  const full = db.write([T.preKeys], async () => {
    throw new Error('the disk is full');
  });
  await t.rejects(full);
  await t.rejects(devices.maintain(), { code: (said as { code: string }).code });
});
