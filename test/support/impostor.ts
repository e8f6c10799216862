/**
 * Somebody with an own device and own keys who writes contents by hand: what a hostile person can say to another's client. The engine,
 * the seal and the frames are the real ones; what they claim is up to the test.
 */
import { randomBytes } from 'node:crypto';
import { PrivateKey } from '@tacet/crypto';
import { generateKey, signLabelled, type LocalKey } from '@tacet/crypto/vault';
import { copyBytes } from '@tacet/client/core/bytes';
import { claimDatabase, SealedDb } from '@tacet/client/core/db/sealed';
import { STORE_NAMES } from '@tacet/client/core/db/migrations';
import type { SignedBytes } from '@tacet/client/core/db/stored-device';
import { verifyList } from '@tacet/client/core/device-lists';
import { ownEngine } from '@tacet/client/core/own-engine';
import { OwnKeeper } from '@tacet/client/core/own';
import { SESSION_TABLES, Sessions, type OpenedSeal } from '@tacet/client/core/sessions/sessions';
import { AnonymousConnection } from '@tacet/client/core/transport/anonymous';
import { parseInviteLink } from '@tacet/client/core/account/invites';
import { padFrame } from '@tacet/client/core/messages/frames';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { ContentFrame, parseForDevice, type Proof } from '@tacet/protocol/content/frame';
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { openNodePorts } from './node-ports.ts';

/** A hostile person. */
export interface Impostor {
  readonly device: DeviceId;
  readonly accountKey: PrivateKey;
  /** A list of `account` with this device alone, signed by the impostor's own account key. */
  list(counter: number): SignedBytes;
  /** Encrypts, seals and sends a content to every device of whoever made the invite, with the proof that is made of the honest one. */
  say(
    change: (honest: ContentFrame) => ContentFrame,
    prove?: (honest: Proof) => Proof | undefined,
  ): Promise<void>;
  /** The content in a sealed envelope; nothing where it is sealed for another key. */
  read(sealed: Uint8Array): Promise<ContentFrame | undefined>;
  stop(): void;
}

/**
 * Somebody who claims to be `account` towards the maker of an invite link, whose delivery key the link holds. `device`: the name that his
 * device takes; a fresh one where none is given.
 */
export async function makeImpostor(
  url: string,
  link: string,
  inviter: AccountId,
  account: AccountId,
  device = idOf<DeviceId>(randomBytes(16)),
): Promise<Impostor> {
  const ports = openNodePorts({ url });
  const raw = await ports.openDatabase('impostor', 1, STORE_NAMES);
  const db = new SealedDb(raw, generateKey<LocalKey>(), await claimDatabase(raw), () => undefined);
  const identity = ownEngine.IdentityKeyPair.generate();
  const accountKey = PrivateKey.generate();

  function list(counter: number): SignedBytes {
    const bytes = signedDeviceList.encode({
      account: idBytes(account),
      counter,
      previous: new Uint8Array(32),
      recordKeyHash: new Uint8Array(32),
      devices: [
        {
          device: idBytes(device),
          identityKey: identity.publicKey.serialize(),
          registrationId: 9,
          addedAt: 1,
        },
      ],
    });
    return { bytes, signature: signLabelled(accountKey, SIGNED_LABELS.deviceList, bytes) };
  }

  const own = new OwnKeeper(ownEngine, {
    phase: 'active',
    account,
    device,
    username: 'mallory',
    accountKey: accountKey.getPublicKey().serialize(),
    identity: identity.serialize(),
    registrationId: 9,
    recordKey: ports.random(32),
    epoch: ports.random(16),
    joinedAt: 1,
    list: list(1),
    credentialsVersion: 1,
  });
  const sessions = new Sessions(ownEngine, db, own, ports.clock);
  const anonymous = new AnonymousConnection(ports.openSocket, ports.clock);
  const { secrets } = parseInviteLink(link, url);
  if (secrets === undefined) throw new Error('an invite without secrets');
  const { deliveryKey } = secrets;

  return {
    device,
    accountKey,
    list,
    async say(change, prove = (honest) => honest) {
      const target = { account: idBytes(inviter), deliveryKey };
      const first = await anonymous.request({ kind: 'fetch-bundles', ...target, devices: [] });
      if (first.kind !== 'bundles') throw new Error('no entry');
      const theirs = verifyList(inviter, first.directory.accountKey, first.directory.list);
      const devices = theirs.devices.map((each) => idBytes(each.device));
      const answer = await anonymous.request({ kind: 'fetch-bundles', ...target, devices });
      if (answer.kind !== 'bundles') throw new Error('no bundles');
      const frame = change({
        v: 1,
        id: ports.random(16),
        sentAt: ports.clock.now(),
        from: {
          account: idBytes(account),
          device: idBytes(device),
          list: { counter: 1, hash: new Uint8Array(32) },
        },
        to: { account: idBytes(inviter), list: { counter: theirs.counter, hash: theirs.hash } },
        kind: 'text',
        critical: true,
        body: encodeCbor({ text: 'it is me' }),
      });
      const proof = prove({ accountKey: accountKey.getPublicKey().serialize(), list: list(1) });
      const padded = padFrame(encodeCbor(frame), proof);
      const to = [];
      for (const listed of theirs.devices) {
        const bundle = answer.bundles.find((each) => idOf<DeviceId>(each.device) === listed.device);
        if (bundle === undefined) throw new Error('no bundle');
        const stores = await sessions.open(listed.device, copyBytes(listed.identityKey));
        if (!sessions.isUsable(stores)) await sessions.start(stores, { ...bundle, device: listed });
        const body = await sessions.encrypt(stores, padded);
        await db.write(SESSION_TABLES, async (tx) => sessions.commit(tx, stores));
        to.push({ device: idBytes(listed.device), envelope: { id: ports.random(16), body } });
      }
      const sent = await anonymous.request({
        kind: 'send',
        ...target,
        listHash: theirs.hash,
        online: false,
        to,
      });
      if (sent.kind !== 'sent') throw new Error(`not sent: ${sent.kind}`);
    },
    async read(sealed) {
      let opened: OpenedSeal;
      try {
        opened = await sessions.unseal(sealed);
      } catch {
        return undefined;
      }
      const stores = await sessions.open(opened.device, opened.identityKey);
      const padded = await sessions.decrypt(stores, opened);
      await db.write(SESSION_TABLES, async (tx) => sessions.commit(tx, stores));
      return parseCbor(ContentFrame, parseForDevice(padded).frame);
    },
    stop: () => anonymous.stop(),
  };
}
