/** Values that account stores take, of the right lengths and otherwise random. */
import { createHash, randomBytes } from 'node:crypto';
import type { NewAccount, NewSession, ReadList } from '../../server/store/account-ports.ts';
import { makePrekeys } from './make-account.ts';

/** A list as the store takes it. */
export function makeList(
  devices: readonly Uint8Array[],
  after?: { readonly counter: number; readonly hash: Uint8Array },
): ReadList {
  const bytes = randomBytes(100 + devices.length * 70);
  return {
    bytes,
    signature: randomBytes(64),
    counter: (after?.counter ?? 0) + 1,
    previous: after?.hash ?? new Uint8Array(32),
    hash: createHash('sha256').update(bytes).digest(),
    devices,
  };
}

/** A session of a device. */
export function makeSession(account: Uint8Array, device: Uint8Array, refreshUntil = 1_000_000): NewSession {
  return { account, device, sessionKey: randomBytes(32), refreshHash: randomBytes(32), refreshUntil };
}

/** A sign-up; `change` replaces parts. */
export function makeNewAccount(change: Partial<NewAccount> = {}): NewAccount {
  const account = change.account ?? randomBytes(16);
  const device = change.device ?? randomBytes(16);
  return {
    account,
    username: `u${randomBytes(5).toString('hex')}`,
    accountKey: randomBytes(33),
    credentials: {
      version: 1,
      loginKey: randomBytes(32),
      vault: randomBytes(100),
      wraps: [{ way: 'passphrase', sealed: randomBytes(60) }],
    },
    record: { version: 1, sealed: randomBytes(200) },
    profile: { version: 1, sealed: randomBytes(80) },
    deliveryKeyHash: randomBytes(32),
    list: makeList([device]),
    device,
    prekeys: makePrekeys(3),
    session: makeSession(account, device),
    invite: undefined,
    inviteNeeded: false,
    ...change,
  };
}
