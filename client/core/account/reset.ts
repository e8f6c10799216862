/**
 * A lost passphrase with this device left: the reset is announced, may be ended by anybody who has the passphrase, and after 72 hours
 * gives the account a new account key, with this device alone and the list's counter going on. Contacts see a changed key. What is
 * stored before the request leaves says afterwards whether it has happened.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import { idBytes, idOf, type DeviceId } from '@tacet/protocol/ids';
import { getCredentials } from '@tacet/protocol/rest/accounts';
import { getDirectory } from '@tacet/protocol/rest/devices';
import { beginReset, cancelReset, finishReset } from '@tacet/protocol/rest/resets';
import { signedBeginReset, signedCancelReset, signedFinishReset } from '@tacet/protocol/signed/requests';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { PrivateKey } from '@tacet/crypto';
import { signWithKeyPair, stretchPassphrase, type RecordKey } from '@tacet/crypto/vault';
import { hashList } from '../device-lists.ts';
import { CoreError } from '../failure.ts';
import { entryFromJson } from '../people.ts';
import type { DeviceKeyring } from '../ports.ts';
import type { Services } from '../services.ts';
import { forgetStretched, withOwnVault } from './own-vault.ts';
import type { AnnouncedReset } from './own-account.ts';
import { happenedOf, makeRemoval, overtaking, settle } from './removal.ts';
import { takeChallenge } from './session.ts';

/** Announces one by this device. */
export async function announceReset(services: Services, keyring: DeviceKeyring): Promise<AnnouncedReset> {
  const { own, rest, session, origin } = services;
  const { account, device } = own.value;
  const challenge = await takeChallenge(rest);
  const request = signedBeginReset.encode({
    origin,
    challenge,
    account: idBytes(account),
    device: idBytes(device),
  });
  const signature = await keyring.signWithSessionKey(request);
  const body = { bytes: encodeB64u(request), signature: encodeB64u(signature) };
  const reset = await session.with((token) => rest.call(beginReset, { body, token }));
  return { device: idOf(idBytes(reset.device as DeviceId)), dueAt: reset.dueAt };
}

/** Ends one with the passphrase. Throws `CoreError` `passphrase-wrong` and others. */
export function endReset(services: Services, passphrase: string): Promise<void> {
  const { own, rest, session, origin } = services;
  return withOwnVault(services, passphrase, async ({ stretched }) => {
    const challenge = await takeChallenge(rest);
    const request = signedCancelReset.encode({ origin, challenge, account: idBytes(own.value.account) });
    const signature = signWithKeyPair(stretched.loginKey, SIGNED_LABELS.cancelReset, request);
    const body = { bytes: encodeB64u(request), signature: encodeB64u(signature) };
    await session.with((token) => rest.call(cancelReset, { body, token }));
  });
}

/** Finishes one that is due, under a new passphrase. */
export async function completeReset(
  services: Services,
  keyring: DeviceKeyring,
  passphrase: string,
): Promise<void> {
  const { own, directory, record, rest, session, origin } = services;
  if (await settleReset(services)) return;
  const { account, device, username, credentialsVersion } = own.value;
  const here = directory.deviceOf(account, device);
  if (here === undefined) throw new CoreError('not-signed-in', 'this device is off the list');
  const { version } = await session.with((token) => rest.call(getCredentials, { token }));
  if (version < credentialsVersion) throw new CoreError('server-dishonest', 'older credentials than seen');
  const stretched = stretchPassphrase(passphrase, username);
  const accountKey = PrivateKey.generate();
  try {
    await overtaking(services, version, (beyond) =>
      record.holding(async (newest) => {
        const contents = { accountKey, recordKey: new Uint8Array(32) as RecordKey };
        const { removal, rotation } = await makeRemoval(
          services,
          { ...newest, version: newest.version + beyond },
          [here],
          { version, contents },
          stretched,
        );
        const request = signedFinishReset.encode({
          origin,
          challenge: await takeChallenge(rest),
          account: idBytes(account),
          device: idBytes(device),
          accountKey: accountKey.getPublicKey().serialize(),
          list: removal.list,
          rotation,
        });
        const signature = await keyring.signWithSessionKey(request);
        const body = { bytes: encodeB64u(request), signature: encodeB64u(signature) };
        await session.with((token) => rest.call(finishReset, { body, token }));
        await settle(services, removal);
      }),
    );
  } finally {
    accountKey.erase();
    forgetStretched(stretched);
  }
}

/** Whether one that this device asked to finish has happened while nobody saw the answer; puts it into effect. */
export async function settleReset(services: Services): Promise<boolean> {
  const { own, rest, session } = services;
  const asked = (own.value.removals ?? []).filter(({ accountKey }) => accountKey !== undefined);
  if (asked.length === 0) return false;
  const entry = entryFromJson(await session.with((token) => rest.call(getDirectory, { token })));
  const inForce = hashList(entry.list);
  const happened = happenedOf(asked, inForce);
  if (happened === undefined) return false;
  await settle(services, happened);
  return true;
}
