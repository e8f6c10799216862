/** A device of Ada's as core knows it, with Ben, whose account key the test holds, in its directory: nothing is connected. */
import { randomBytes } from 'node:crypto';
import { PrivateKey, ready } from '@tacet/crypto';
import { generateKey, sha256, signLabelled, type LocalKey, type RecordKey } from '@tacet/crypto/vault';
import { RecordKeeper } from '@tacet/client/core/account/record';
import { Background } from '@tacet/client/core/background';
import { Conversations } from '@tacet/client/core/conversations/conversations';
import { STORE_NAMES } from '@tacet/client/core/db/migrations';
import { claimDatabase, SealedDb } from '@tacet/client/core/db/sealed';
import type { SignedBytes } from '@tacet/client/core/db/stored-device';
import { ownEngine } from '@tacet/client/core/own-engine';
import { OwnKeeper } from '@tacet/client/core/own';
import { newContact } from '@tacet/client/core/people/contact-entry';
import { Directory, DIRECTORY_TABLES } from '@tacet/client/core/people/directory';
import type { DirectoryEntry } from '@tacet/client/core/people/person';
import { Rest } from '@tacet/client/core/transport/rest';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { AccountRecord, Contact } from '@tacet/protocol/content/record';
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { openNodePorts, type NodePorts } from './node-ports.ts';

await ready();

/** An account whose key the test holds. */
export class TestAccount {
  readonly id = idOf<AccountId>(new Uint8Array(randomBytes(16)));
  readonly key = PrivateKey.generate();
  /** The private identity keys of the devices. */
  readonly identities = [0, 1, 2].map(() => PrivateKey.generate());
  readonly devices = this.identities.map((identity, n) => ({
    device: new Uint8Array(randomBytes(16)),
    identityKey: identity.getPublicKey().serialize(),
    registrationId: n + 1,
    addedAt: Date.now(),
  }));

  /** The list of the first `count` devices. */
  list(counter: number, count: number, previous = new Uint8Array(32), key = this.key): SignedBytes {
    const devices = this.devices.slice(0, count);
    const recordKeyHash = new Uint8Array(32);
    const bytes = signedDeviceList.encode({
      account: idBytes(this.id),
      counter,
      previous,
      recordKeyHash,
      devices,
    });
    return { bytes, signature: signLabelled(key, SIGNED_LABELS.deviceList, bytes) };
  }

  entry(list: SignedBytes, key = this.key): DirectoryEntry {
    return { account: this.id, accountKey: key.getPublicKey().serialize(), list, departures: [] };
  }
}

export interface DirectoryScene {
  readonly ports: NodePorts;
  readonly own: OwnKeeper;
  readonly db: SealedDb;
  readonly directory: Directory;
  readonly record: RecordKeeper;
  readonly conversations: Conversations;
  readonly ben: TestAccount;
  readonly first: SignedBytes;
  readonly device: (n: number) => DeviceId;
}

/** A device of Ada's that knows Ben with one device at counter 3, trusted as given. */
export async function makeDirectoryScene(
  trust: Contact['trust'],
  state: Contact['state'] = 'accepted',
): Promise<DirectoryScene> {
  const ports = openNodePorts({ url: 'http://127.0.0.1:1' });
  const raw = await ports.openDatabase('tacet', 1, STORE_NAMES);
  const db = new SealedDb(raw, generateKey<LocalKey>(), await claimDatabase(raw), () => undefined);
  const [ada, ben] = [new TestAccount(), new TestAccount()];
  const adas = ada.list(1, 1);
  const own = new OwnKeeper(ownEngine, {
    phase: 'active',
    account: ada.id,
    device: idOf<DeviceId>(ada.devices[0]!.device),
    username: 'ada',
    accountKey: ada.key.getPublicKey().serialize(),
    identity: ownEngine.IdentityKeyPair.generate().serialize(),
    registrationId: 1,
    recordKey: new Uint8Array(32),
    epoch: new Uint8Array(16),
    joinedAt: 1,
    list: adas,
    credentialsVersion: 1,
  });
  const record: AccountRecord = {
    v: 1,
    previous: new Uint8Array(32),
    list: { counter: 1, hash: sha256(adas.bytes as Uint8Array<ArrayBuffer>) },
    profileKey: new Uint8Array(32),
    profileVersion: 1,
    name: 'Ada',
    nameAt: 0,
    settings: { readReceipts: true, typing: true, changedAt: 0 },
    contacts: [],
    invites: [],
  };
  const keeper = new RecordKeeper(
    {
      db,
      rest: new Rest(ports.http, ports.clock),
      twoClocks: { earliest: 0 },
      clock: { now: () => Date.now(), after: () => () => undefined },
      background: new Background(),
      account: ada.id,
      recordKey: () => new Uint8Array(32) as RecordKey,
      isKeyCurrent: () => true,
      awaitsKey: async () => false,
      token: async () => '',
      changed: () => undefined,
      uploaded: () => undefined,
      taken: () => undefined,
      contradicted: () => undefined,
      mayBring: () => false,
      brought: () => undefined,
      keepReceipt: async () => undefined,
      receiptOf: async () => undefined,
      outdated: () => undefined,
    },
    { version: 1, hash: new Uint8Array(32), plain: encodeCbor(record), dirty: false },
  );
  const watcher = { touched: () => undefined, lineChanged: () => undefined };
  const conversations = await Conversations.load(db, ports.clock, watcher);
  const directory = await Directory.load(db, ports.clock, keeper, conversations, own);
  const first = ben.list(3, 1);
  const judgement = directory.judge(ben.entry(first), 'server');
  await db.write(DIRECTORY_TABLES, async (tx) => {
    const person = directory.commit(tx, judgement);
    keeper.changeContact(tx, ben.id, () => newContact(person!, state, trust, 1));
  });
  const device = (n: number): DeviceId => idOf<DeviceId>(ben.devices[n]!.device);
  return { ports, own, db, directory, record: keeper, conversations, ben, first, device };
}
