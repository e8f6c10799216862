/** What the delivery service must know of an account to take a send for it, and the directory entry it answers a mismatch with. */
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { all, first, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** A device that the list names. `departed`: it has left and says so; `gone`: its session ended without a notice. */
export interface RecipientDevice {
  readonly device: DeviceId;
  /** The 16 bytes of the id. */
  readonly key: Uint8Array;
  readonly state: 'present' | 'departed' | 'gone';
}

/** An account as a place that envelopes go to. */
export interface Recipient {
  readonly account: AccountId;
  /** SHA-256 of the signed list in force. */
  readonly listHash: Uint8Array;
  /** SHA-256 of the delivery key. */
  readonly deliveryKeyHash: Uint8Array;
  readonly devices: readonly RecipientDevice[];
}

export interface RecipientStore {
  recipient(account: AccountId): Promise<Recipient | undefined>;
}

/** The recipients of a database. */
export function buildRecipientStore(engine: StoreEngine): RecipientStore {
  return { recipient: (account) => engine.read(() => recipient(engine, account)) };
}

function* recipient({ build }: StoreEngine, account: AccountId): Transaction<Recipient | undefined> {
  const key = idBytes(account);
  const row = yield* first(
    build.selectFrom('accounts').where('id', '=', key).select(['list', 'list_hash', 'delivery_key_hash']),
  );
  if (row === undefined) return undefined;
  const present = yield* all(build.selectFrom('devices').where('account', '=', key).select('id'));
  const departed = yield* all(build.selectFrom('departures').where('account', '=', key).select('device'));
  const here = new Set(present.map(({ id }) => idOf<DeviceId>(id)));
  const left = new Set(departed.map((departure) => idOf<DeviceId>(departure.device)));
  const devices = signedDeviceList.parse(row.list).devices.map((listed): RecipientDevice => {
    const device = idOf<DeviceId>(listed.device);
    const state = here.has(device) ? 'present' : left.has(device) ? 'departed' : 'gone';
    return { device, key: listed.device, state };
  });
  return { account, listHash: row.list_hash, deliveryKeyHash: row.delivery_key_hash, devices };
}
