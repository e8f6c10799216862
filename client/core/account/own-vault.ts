/**
 * Opening the own vault with the passphrase, for acts that need the account key: its contents are checked against what this device knows
 * of the account, and are overwritten when the act is done. A server that shows older credentials, or other keys, is not believed.
 */
import { decodeB64u, encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { ReplyOf } from '@tacet/protocol/call';
import { idBytes, type AccountId } from '@tacet/protocol/ids';
import { getCredentials } from '@tacet/protocol/rest/accounts';
import type { Rotation } from '@tacet/protocol/signed/requests';
import {
  generateKey,
  hashRecordKey,
  openVault,
  sealVault,
  stretchPassphrase,
  unwrapVaultKey,
  wrapVaultKey,
  type RecordKey,
  type StretchedPassphrase,
  type VaultContents,
  type VaultKey,
} from '@tacet/crypto/vault';
import { T } from '../db/stores.ts';
import type { OwnDevice } from '../db/stored-device.ts';
import { CoreError } from '../failure.ts';
import type { Services } from '../services.ts';
import type { Rest } from '../transport/rest.ts';

/** Credentials as they came, and what the passphrase opened of them. */
export interface OpenedVault {
  readonly version: number;
  readonly contents: VaultContents;
}

/** The passphrase's keys and the vault that they opened. */
export interface OwnVault extends OpenedVault {
  readonly stretched: StretchedPassphrase;
}

/** Reads the credentials that a passphrase's login key is in force of. Throws as `fetchVault` does. */
export async function fetchCredentials(
  rest: Rest,
  token: string,
  { loginKey }: StretchedPassphrase,
  seenVersion: number,
): Promise<ReplyOf<typeof getCredentials>> {
  const reply = await rest.call(getCredentials, { token });
  if (reply.version < seenVersion) throw new CoreError('server-dishonest', 'older credentials than seen');
  if (reply.loginKey !== encodeB64u(loginKey.publicKey)) {
    throw new CoreError('passphrase-wrong', 'another login key is in force');
  }
  return reply;
}

/**
 * Reads credentials and opens the vault in them. Throws `CoreError` `passphrase-wrong` when the login key in force is another one,
 * `server-dishonest` for credentials older than `seenVersion`, or whose vault the passphrase of that login key does not open.
 */
export async function fetchVault(
  rest: Rest,
  token: string,
  account: AccountId,
  stretched: StretchedPassphrase,
  seenVersion = 0,
): Promise<OpenedVault> {
  const reply = await fetchCredentials(rest, token, stretched, seenVersion);
  const binding = { account: idBytes(account), version: reply.version };
  const sealed = decodeB64u(reply.wraps.find(({ way }) => way === 'passphrase')?.sealed ?? '');
  const vault = decodeB64u(reply.vault);
  if (sealed === undefined || vault === undefined) throw new CoreError('server-dishonest', 'no vault');
  try {
    const vaultKey = unwrapVaultKey(stretched.wrapKey, sealed, binding);
    const contents = openVault(vaultKey, vault, binding);
    vaultKey.fill(0);
    return { version: reply.version, contents };
  } catch (cause) {
    // The login key is the passphrase's own: what does not open was put in the place of what this account has written.
    throw new CoreError('server-dishonest', 'the vault does not open', { cause });
  }
}

/** Vault and wrap as the next version, under a fresh vault key: for this passphrase, with this record key. */
export function sealCredentials(
  account: AccountId,
  before: OpenedVault,
  { loginKey, wrapKey }: StretchedPassphrase,
  recordKey: RecordKey,
): Rotation['credentials'] {
  const version = before.version + 1;
  const binding = { account: idBytes(account), version };
  const vaultKey = generateKey<VaultKey>();
  const vault = sealVault(vaultKey, { accountKey: before.contents.accountKey, recordKey }, binding);
  const sealed = wrapVaultKey(wrapKey, vaultKey, binding);
  vaultKey.fill(0);
  return { version, loginKey: loginKey.publicKey, vault, wraps: [{ way: 'passphrase', sealed }] };
}

/** Overwrites what a vault held. */
export function forgetVault({ contents }: OpenedVault): void {
  contents.accountKey.erase();
  contents.recordKey.fill(0);
}

/** Overwrites the keys of a passphrase. */
export function forgetStretched({ loginKey, wrapKey }: StretchedPassphrase): void {
  loginKey.seed.fill(0);
  wrapKey.fill(0);
}

/**
 * Opens the vault of the signed-in account, runs `work` with it, and forgets it. The own list is read first: the vault's record key must
 * be the one that the list names. Throws `CoreError` `passphrase-wrong`, `server-dishonest`; a refusal says when to try again.
 */
export async function withOwnVault<Value>(
  services: Services,
  passphrase: string,
  work: (vault: OwnVault) => Promise<Value>,
): Promise<Value> {
  const { own, rest, session, people } = services;
  await people.fetchOwn();
  const stretched = stretchPassphrase(passphrase, own.value.username);
  let vault: OwnVault | undefined;
  try {
    const { account, credentialsVersion } = own.value;
    const opened = await session.with((token) =>
      fetchVault(rest, token, account, stretched, credentialsVersion),
    );
    vault = { ...opened, stretched };
    await checkContents(services, vault);
    await services.care.atHand();
    return await work(vault);
  } finally {
    forgetStretched(stretched);
    if (vault !== undefined) forgetVault(vault);
  }
}

/** Holds the vault's keys against the account and its list; a record key that this device has missed is taken from it. */
async function checkContents(services: Services, { version, contents }: OwnVault): Promise<void> {
  const { own, people, directory, db } = services;
  if (!equalBytes(contents.accountKey.getPublicKey().serialize(), own.value.accountKey)) {
    throw new CoreError('server-dishonest', 'the vault of another account key');
  }
  const named = hashRecordKey(contents.recordKey);
  if (!equalBytes(named, directory.ownList.recordKeyHash)) {
    // Another device may have removed one between the two answers.
    const { list } = await people.fetchOwn();
    if (!equalBytes(named, list.recordKeyHash)) {
      throw new CoreError('server-dishonest', 'a vault that does not go with the list');
    }
  }
  const isSame = equalBytes(contents.recordKey, own.value.recordKey);
  if (isSame && version === own.value.credentialsVersion) return;
  const recordKey = contents.recordKey.slice();
  await db.write([T.own], async (tx) =>
    own.change(tx, (held: OwnDevice) => ({ ...held, recordKey, credentialsVersion: version })),
  );
}
