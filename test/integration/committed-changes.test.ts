/** What is committed is answered as done, whatever becomes of the notices about it. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { idBytes, type DeviceId } from '../../protocol/ids.ts';
import { MemoryBus } from '../../server/bus/memory.ts';
import { systemClock } from '../../server/clock.ts';
import { Origins } from '../../server/config/origins.ts';
import { MemoryLimits } from '../../server/limits/memory.ts';
import { AccessTokens } from '../../server/services/access-tokens.ts';
import { Accounts } from '../../server/services/accounts.ts';
import { Challenges } from '../../server/services/challenges.ts';
import { Receipts } from '../../server/services/receipts.ts';
import { Sessions } from '../../server/services/sessions.ts';
import { SignedRequests } from '../../server/services/signed-requests.ts';
import { buildAccountStore } from '../../server/store/accounts.ts';
import { buildDeviceStore } from '../../server/store/devices.ts';
import { StoreError } from '../../server/store/errors.ts';
import { buildProfileStore } from '../../server/store/profiles.ts';
import { buildReceiptStore } from '../../server/store/receipts.ts';
import { buildResetStore } from '../../server/store/resets.ts';
import { buildSessionStore } from '../../server/store/sessions.ts';
import { run } from '../../server/store/transaction.ts';
import { makeId, openSqliteStore, storeAccount } from '../support/open-store.ts';

t.test('a record that is on disk is taken, also when the devices to tell cannot be read', async (t) => {
  const engine = await openSqliteStore(t);
  const { account, devices } = await storeAccount(engine, 2);
  await engine.write(() =>
    run(
      engine.build
        .insertInto('records')
        .values({ account: idBytes(account), version: 1, sealed: randomBytes(9) }),
    ),
  );
  const bus = new MemoryBus((error) => t.fail(String(error)));
  const [clock, limits] = [systemClock, new MemoryLimits(systemClock, 1)];
  const challenges = new Challenges(clock);
  const requests = new SignedRequests(new Origins([], 80), challenges);
  const stores = {
    accounts: buildAccountStore(engine),
    sessions: buildSessionStore(engine),
    profiles: buildProfileStore(engine),
    devices: {
      ...buildDeviceStore(engine),
      active: () => Promise.reject(new StoreError('failed', 'the disk has gone')),
    },
  };
  const tokens = new AccessTokens(clock);
  const sessions = new Sessions({
    ...stores,
    resets: buildResetStore(engine),
    clock,
    bus,
    limits,
    challenges,
    requests,
    tokens,
    restore: undefined,
  });
  const receipts = new Receipts(randomBytes(32), buildReceiptStore(engine));
  const own = { clock, bus, requests, sessions, receipts, restore: undefined, openSignUp: true };
  const accounts = new Accounts({ ...stores, ...own });
  const caller = { account, device: devices[0] ?? makeId<DeviceId>(), pending: false };
  const sealed = randomBytes(20);
  await t.resolves(accounts.putRecord(caller, { version: 2, sealed }));
  t.strictSame((await accounts.record(caller)).sealed, sealed);
});
