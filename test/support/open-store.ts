/** Stores on a fresh SQLite file, and rows that a test needs before the routes that make them are its subject. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { encodeB64u } from '../../protocol/bytes.ts';
import { idBytes, idOf, type AccountId, type DeviceId } from '../../protocol/ids.ts';
import { signedDeviceList } from '../../protocol/signed/device-list.ts';
import { migrateSqlite } from '../../server/store/migrate.ts';
import { run } from '../../server/store/transaction.ts';
import { openSqliteEngine, type SqliteEngine, type StoreEngine } from '../../server/store/writer.ts';
import { createHash } from 'node:crypto';

/** A folder that goes with the test. */
export function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'tacet-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An engine on a fresh, migrated file. */
export async function openSqliteStore(t: Test): Promise<SqliteEngine> {
  const path = join(makeFolder(t), 'tacet.db');
  await migrateSqlite(path);
  const engine = openSqliteEngine(path);
  t.teardown(() => engine.close());
  return engine;
}

/** A random account or device id. */
export function makeId<Id extends AccountId | DeviceId>(): Id {
  return encodeB64u(randomBytes(16)) as string as Id;
}

/** An account as the store holds it. */
export interface StoredAccount {
  readonly account: AccountId;
  readonly devices: readonly DeviceId[];
  readonly listHash: Uint8Array;
  readonly deliveryKey: Uint8Array;
}

/** Stores an account with some devices, as sign-up and added devices would. */
export async function storeAccount(engine: StoreEngine, deviceCount: number): Promise<StoredAccount> {
  const account = makeId<AccountId>();
  const devices = Array.from({ length: deviceCount }, () => makeId<DeviceId>());
  const list = signedDeviceList.encode({
    account: idBytes(account),
    counter: 1,
    previous: new Uint8Array(32),
    recordKeyHash: randomBytes(32),
    devices: devices.map((device) => ({
      device: idBytes(device),
      identityKey: randomBytes(33),
      registrationId: 1,
      addedAt: 1,
    })),
  });
  const listHash = createHash('sha256').update(list).digest();
  const deliveryKey = randomBytes(32);
  const { build } = engine;
  await engine.write(function* () {
    yield* run(
      build.insertInto('accounts').values({
        id: idBytes(account),
        username: `u${account.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}`,
        account_key: randomBytes(33),
        administrator: 0,
        delivery_key_hash: createHash('sha256').update(deliveryKey).digest(),
        list,
        list_signature: randomBytes(64),
        list_counter: 1,
        list_hash: listHash,
      }),
    );
    for (const device of devices) {
      yield* run(
        build.insertInto('devices').values({
          id: idBytes(device),
          account: idBytes(account),
          start_counter: 0,
          signed_id: 1,
          signed_key: randomBytes(33),
          signed_signature: randomBytes(64),
          last_resort_id: 1,
          last_resort_key: randomBytes(1569),
          last_resort_signature: randomBytes(64),
          statement: randomBytes(100),
          statement_signature: randomBytes(64),
        }),
      );
    }
  });
  return { account, devices, listHash, deliveryKey };
}

/** The text form of an envelope id. */
export function envelopeText(id: Uint8Array): string {
  return idOf(id);
}
