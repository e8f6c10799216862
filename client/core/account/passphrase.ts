/** Acts with the passphrase in force: putting another one in its place, asking whether it is at hand, deleting the account. */
import { encodeB64u } from '@tacet/protocol/bytes';
import { idBytes, idOf, type MessageId } from '@tacet/protocol/ids';
import { changeCredentials, deleteAccount } from '@tacet/protocol/rest/accounts';
import { signedChangeCredentials, signedDeleteAccount } from '@tacet/protocol/signed/requests';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { signWithKeyPair, stretchPassphrase, type StretchedPassphrase } from '@tacet/crypto/vault';
import { T } from '../db/stores.ts';
import { isCoreError } from '../failure.ts';
import { hasOtherDevices, type Services } from '../services.ts';
import {
  fetchCredentials,
  fetchVault,
  forgetStretched,
  forgetVault,
  sealCredentials,
  withOwnVault,
} from './own-vault.ts';
import { takeChallenge } from './session.ts';

/** Puts another passphrase in force; after a lost answer it finds out whether it has happened, by opening the vault with the new one. */
export async function changePassphrase(services: Services, current: string, next: string): Promise<void> {
  const { own, rest, session, origin } = services;
  const stretched = stretchPassphrase(next, own.value.username);
  try {
    if (await isInForce(services, stretched)) return;
    await withOwnVault(services, current, async (vault) => {
      const { account } = own.value;
      const credentials = sealCredentials(account, vault, stretched, vault.contents.recordKey);
      const request = signedChangeCredentials.encode({
        origin,
        challenge: await takeChallenge(rest),
        account: idBytes(account),
        credentials,
      });
      const signed = signWithKeyPair(vault.stretched.loginKey, SIGNED_LABELS.changeCredentials, request);
      const body = { bytes: encodeB64u(request), signature: encodeB64u(signed) };
      await session.with((token) => rest.call(changeCredentials, { body, token }));
      await putInForce(services, credentials.version);
    });
  } finally {
    forgetStretched(stretched);
  }
}

/** Whether this is the passphrase in force, without opening anything with it. Throws `CoreError` `passphrase-wrong` if it is not. */
export async function checkPassphrase(
  { own, rest, session, care }: Services,
  passphrase: string,
): Promise<void> {
  const { username, credentialsVersion } = own.value;
  const stretched = stretchPassphrase(passphrase, username);
  try {
    await session.with((token) => fetchCredentials(rest, token, stretched, credentialsVersion));
  } catch (error) {
    if (isCoreError(error, 'passphrase-wrong')) await care.notAtHand();
    throw error;
  } finally {
    forgetStretched(stretched);
  }
  await care.atHand();
}

/** Has the server delete the account. */
export function requestDeletion(services: Services, passphrase: string): Promise<void> {
  const { own, rest, session, origin } = services;
  return withOwnVault(services, passphrase, async ({ stretched }) => {
    const { account, username } = own.value;
    const request = signedDeleteAccount.encode({
      origin,
      challenge: await takeChallenge(rest),
      account: idBytes(account),
      username,
    });
    const signed = signWithKeyPair(stretched.loginKey, SIGNED_LABELS.deleteAccount, request);
    const body = { bytes: encodeB64u(request), signature: encodeB64u(signed) };
    await session.with((token) => rest.call(deleteAccount, { body, token }));
  });
}

/** Whether a passphrase is in force already: what it opens says so, not the server's word. */
async function isInForce(services: Services, stretched: StretchedPassphrase): Promise<boolean> {
  const { own, rest, session } = services;
  const { account, credentialsVersion } = own.value;
  try {
    const { contents, version } = await session.with((token) =>
      fetchVault(rest, token, account, stretched, credentialsVersion),
    );
    forgetVault({ contents, version });
    // A change whose answer nobody saw.
    if (version > credentialsVersion) await putInForce(services, version);
    return true;
  } catch (error) {
    if (isCoreError(error, 'passphrase-wrong')) return false;
    throw error;
  }
}

/** Another passphrase is in force by this device: the other own devices are told. */
async function putInForce(services: Services, version: number): Promise<void> {
  const { own, db, care, outbox, random, clock } = services;
  await db.write([T.own, T.passphraseCare, T.outbox], async (tx) => {
    own.change(tx, (held) => ({
      ...held,
      credentialsVersion: Math.max(held.credentialsVersion, version),
    }));
    care.renewed(tx);
    tx.after(() => services.receiptsDue());
    if (!hasOtherDevices(services)) return;
    outbox.add(tx, {
      to: own.value.account,
      content: { kind: 'sync', body: { what: 'passphrase' } },
      id: idOf<MessageId>(random(16)),
      sentAt: clock.now(),
    });
  });
}
