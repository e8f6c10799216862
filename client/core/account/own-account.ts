/**
 * What a person does to the own account as a whole: naming devices, removing one, changing the passphrase, deleting it. One act at a time; those that
 * need the account key ask for the passphrase and forget it when they are done.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import { NAME_MAX } from '@tacet/protocol/content/record';
import { idBytes, idOf, type DeviceId, type MessageId } from '@tacet/protocol/ids';
import { changeCredentials, deleteAccount } from '@tacet/protocol/rest/accounts';
import { signedChangeCredentials, signedDeleteAccount } from '@tacet/protocol/signed/requests';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { signWithKeyPair, stretchPassphrase, type StretchedPassphrase } from '@tacet/crypto/vault';
import { T } from '../db/stores.ts';
import { CoreError, isCoreError } from '../failure.ts';
import { KeyedLocks } from '../locks.ts';
import type { DeviceKeyring } from '../ports.ts';
import { hasOtherDevices, type Services } from '../services.ts';
import {
  fetchCredentials,
  fetchVault,
  forgetStretched,
  forgetVault,
  sealCredentials,
  withMoment,
  withOwnVault,
} from './own-vault.ts';
import {
  announceReset,
  completeReset,
  endReset,
  readReset,
  settleReset,
  type AnnouncedReset,
} from './reset.ts';
import { requestRemoval, settleRemovals } from './removal.ts';
import { takeChallenge } from './session.ts';

/** The account of this device, as its person governs it. */
export class OwnAccount {
  readonly #s: Services;
  readonly #locks = new KeyedLocks();
  readonly #keyring: DeviceKeyring;
  #reset: AnnouncedReset | undefined;

  constructor(services: Services, keyring: DeviceKeyring) {
    this.#s = services;
    this.#keyring = keyring;
  }

  /** The reset that was announced, as last heard. */
  get reset(): AnnouncedReset | undefined {
    return this.#reset;
  }

  /** Asks for the reset that was announced. */
  async refreshReset(): Promise<void> {
    this.#reset = await readReset(this.#s);
    this.#s.peopleChanged();
  }

  /** Announces a reset by this device: the passphrase is lost. */
  beginReset(): Promise<void> {
    return this.#act(async () => {
      this.#reset = await announceReset(this.#s, this.#keyring);
      this.#s.peopleChanged();
    });
  }

  /** Ends a reset with the passphrase. */
  cancelReset(passphrase: string): Promise<void> {
    return this.#act(async () => {
      await endReset(this.#s, passphrase);
      await this.refreshReset();
    });
  }

  /** Finishes a reset of this device that is due, under a new passphrase. */
  finishReset(passphrase: string): Promise<void> {
    return this.#act(async () => {
      await completeReset(this.#s, this.#keyring, passphrase);
      await this.refreshReset();
    });
  }

  /** Names a device of the own list. An empty name takes the name away. */
  async renameDevice(device: DeviceId, name: string): Promise<void> {
    const { db, clock, directory, record } = this.#s;
    if (directory.deviceOf(directory.ownAccount, device) === undefined) return;
    const shown = name.normalize('NFC').trim().slice(0, NAME_MAX);
    const id = idBytes(device);
    await db.write([T.record], async (tx) =>
      record.change(tx, (held) => {
        const others = (held.devices ?? []).filter((named) => !equalBytes(named.device, id));
        const named = shown === '' ? [] : [{ device: id, name: shown, namedAt: clock.now() }];
        return { ...held, devices: [...others, ...named] };
      }),
    );
  }

  /**
   * Removes a device of the own list. Throws `CoreError` `passphrase-wrong`, `offline` and others; after a lost answer the same call
   * finds out whether it has happened.
   */
  removeDevice(device: DeviceId, passphrase: string): Promise<void> {
    const { directory } = this.#s;
    if (device === directory.ownDevice) throw new CoreError('unexpected', 'this device signs out instead');
    return this.#act(async () => {
      await this.#s.people.fetchOwn();
      await this.settle();
      if (directory.deviceOf(directory.ownAccount, device) === undefined) return;
      await withOwnVault(this.#s, passphrase, (vault) => requestRemoval(this.#s, vault, device));
    });
  }

  /**
   * Puts another passphrase in force. Throws `CoreError` `passphrase-wrong` and others; after a lost answer the same call finds out
   * whether it has happened, by opening the vault with the new one.
   */
  changePassphrase(current: string, next: string): Promise<void> {
    const { own, rest, session, origin } = this.#s;
    return this.#act(async () => {
      const stretched = stretchPassphrase(next, own.value.username);
      try {
        if (await this.#isInForce(stretched)) return;
        await withOwnVault(this.#s, current, async (vault) => {
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
          await this.#putInForce(credentials.version);
        });
      } finally {
        forgetStretched(stretched);
      }
    });
  }

  /**
   * Whether this is the passphrase in force, without opening anything with it. Resolves if it is; throws `CoreError` `passphrase-wrong`
   * and others.
   */
  checkPassphrase(passphrase: string): Promise<void> {
    const { own, rest, session, care } = this.#s;
    return this.#act(async () => {
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
    });
  }

  /** Deletes the account on the server. Throws `CoreError` `passphrase-wrong` and others. */
  deleteAccount(passphrase: string): Promise<void> {
    const { own, rest, session, origin } = this.#s;
    return this.#act(() =>
      withOwnVault(this.#s, passphrase, async ({ stretched }) => {
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
      }),
    );
  }

  /** Whether a passphrase is in force already: what it opens says so, not the server's word. */
  async #isInForce(stretched: StretchedPassphrase): Promise<boolean> {
    const { own, rest, session } = this.#s;
    const { account, credentialsVersion } = own.value;
    try {
      const { contents, version } = await session.with((token) =>
        fetchVault(rest, token, account, stretched, credentialsVersion),
      );
      forgetVault({ contents, version });
      // A change whose answer nobody saw.
      if (version > credentialsVersion) await this.#putInForce(version);
      return true;
    } catch (error) {
      if (isCoreError(error, 'passphrase-wrong')) return false;
      throw error;
    }
  }

  /** Another passphrase is in force by this device: the other own devices are told. */
  async #putInForce(version: number): Promise<void> {
    const { own, db, care, outbox, random, clock } = this.#s;
    await db.write([T.own, T.passphraseCare, T.outbox], async (tx) => {
      own.change(tx, (held) => ({
        ...held,
        credentialsVersion: Math.max(held.credentialsVersion, version),
      }));
      care.renewed(tx);
      if (!hasOtherDevices(this.#s)) return;
      outbox.add(tx, {
        to: own.value.account,
        content: { kind: 'sync', body: { what: 'passphrase' } },
        id: idOf<MessageId>(random(16)),
        sentAt: clock.now(),
      });
    });
  }

  /** Puts into effect what happened while nobody saw the answer. */
  async settle(): Promise<void> {
    if (!(await settleReset(this.#s))) await settleRemovals(this.#s);
  }

  /** One act at a time; a refusal for now says until when. */
  #act(work: () => Promise<void>): Promise<void> {
    return this.#locks.run(['account'], async () => {
      try {
        await work();
      } catch (error) {
        throw withMoment(error, this.#s.clock.now());
      }
    });
  }
}
