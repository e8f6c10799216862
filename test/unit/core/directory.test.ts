/** The directory's judgement of lists: what a contact's highest list, key and trust make of an entry that the server shows. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { PrivateKey, ready } from '@tacet/crypto';
import { generateKey, sha256, signLabelled, type LocalKey, type RecordKey } from '@tacet/crypto/vault';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { AccountRecord, Contact } from '@tacet/protocol/content/record';
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { RecordKeeper } from '../../../client/core/account/record.ts';
import { Background } from '../../../client/core/background.ts';
import { Conversations } from '../../../client/core/conversations.ts';
import { STORE_NAMES } from '../../../client/core/db/migrations.ts';
import { claimDatabase, SealedDb } from '../../../client/core/db/sealed.ts';
import type { SignedBytes } from '../../../client/core/db/stores.ts';
import {
  Directory,
  DIRECTORY_TABLES,
  newContact,
  type DirectoryEntry,
} from '../../../client/core/directory.ts';
import { ownEngine } from '../../../client/core/own-engine.ts';
import { OwnKeeper } from '../../../client/core/own.ts';
import { Rest } from '../../../client/core/transport/rest.ts';
import { openNodePorts } from '../../support/node-ports.ts';

await ready();

/** An account whose key the test holds. */
class TestAccount {
  readonly id = idOf<AccountId>(new Uint8Array(randomBytes(16)));
  readonly key = PrivateKey.generate();
  readonly devices = [0, 1, 2].map((n) => ({
    device: new Uint8Array(randomBytes(16)),
    identityKey: PrivateKey.generate().getPublicKey().serialize(),
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

interface Scene {
  readonly db: SealedDb;
  readonly directory: Directory;
  readonly record: RecordKeeper;
  readonly conversations: Conversations;
  readonly ben: TestAccount;
  readonly first: SignedBytes;
  readonly device: (n: number) => DeviceId;
}

/** A device of Ada's that knows Ben with one device at counter 3, trusted as given. */
async function makeScene(trust: Contact['trust'], state: Contact['state'] = 'accepted'): Promise<Scene> {
  const ports = openNodePorts({ url: 'http://127.0.0.1:1' });
  const raw = await ports.openDatabase('tacet', 1, STORE_NAMES);
  const faults: unknown[] = [];
  const db = new SealedDb(raw, generateKey<LocalKey>(), await claimDatabase(raw), (error) =>
    faults.push(error),
  );
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
      clock: { now: () => Date.now(), after: () => () => undefined },
      background: new Background(),
      account: ada.id,
      recordKey: () => new Uint8Array(32) as RecordKey,
      isKeyCurrent: () => true,
      awaitsKey: async () => false,
      token: async () => '',
      changed: () => undefined,
      uploaded: () => undefined,
    },
    { version: 1, hash: new Uint8Array(32), plain: encodeCbor(record), dirty: false },
  );
  const watcher = { touched: () => undefined, lineChanged: () => undefined };
  const conversations = await Conversations.load(db, ports.clock, watcher);
  const directory = await Directory.load(db, ports.clock, keeper, conversations, own);
  const first = ben.list(3, 1);
  const judgement = directory.judge(ben.entry(first), 'server');
  t.equal(judgement.kind, 'first');
  await db.write(DIRECTORY_TABLES, async (tx) => {
    const person = directory.commit(tx, judgement);
    keeper.changeContact(tx, ben.id, () => newContact(person!, state, trust, 1));
  });
  const device = (n: number): DeviceId => idOf<DeviceId>(ben.devices[n]!.device);
  return { db, directory, record: keeper, conversations, ben, first, device };
}

/** Lines about a changed key. */
async function keyLines({ conversations, ben }: Scene): Promise<number> {
  const lines = await conversations.page(ben.id, 1000);
  return lines.filter((line) => line.kind === 'event' && line.event.what === 'key-changed').length;
}

t.test('a newer list of the same key is taken, and the record’s counter rises with it', async (t) => {
  const { db, directory, record, ben, first, device } = await makeScene('by-invite');
  const next = ben.list(4, 2, sha256(first.bytes as Uint8Array<ArrayBuffer>));
  const judgement = directory.judge(ben.entry(next), 'server');
  t.equal(judgement.kind, 'newer');
  await db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, judgement));
  t.ok(directory.pairs(ben.id, device(1), ben.devices[1]!.identityKey));
  t.equal(record.contact(ben.id)?.list.counter, 4);
});

t.test(
  'rollbacks and forks are refused from the server, an older list in a message is passed over',
  async (t) => {
    const { directory, ben } = await makeScene('by-invite');
    const older = ben.entry(ben.list(2, 1));
    t.throws(() => directory.judge(older, 'server'), { code: 'server-dishonest' });
    t.equal(directory.judge(older, 'message').kind, 'older');
    t.throws(() => directory.judge(ben.entry(ben.list(3, 2)), 'server'), { code: 'server-dishonest' });
    t.throws(() => directory.judge(ben.entry(ben.list(4, 2)), 'message'), { code: 'server-dishonest' });
  },
);

t.test(
  'the changed key of a verified contact is never taken, and the conversation says so once',
  async (t) => {
    const scene = await makeScene('verified');
    const { db, directory, record, ben } = scene;
    const key = PrivateKey.generate();
    const changed = ben.entry(ben.list(4, 1, undefined, key), key);
    const judgement = directory.judge(changed, 'server');
    t.match(judgement, { kind: 'key-changed', blocks: true });
    for (let i = 0; i < 2; i += 1) {
      await db.write(DIRECTORY_TABLES, async (tx) => {
        t.equal(directory.commit(tx, judgement), undefined);
      });
    }
    t.equal(directory.get(ben.id)?.stored.blockedByKey, true);
    t.strictSame(record.contact(ben.id)?.accountKey, ben.key.getPublicKey().serialize());
    t.equal(record.contact(ben.id)?.trust, 'verified');
    t.equal(await keyLines(scene), 1);
  },
);

t.test(
  'the changed key of another contact is taken with a line and without its trust, each time',
  async (t) => {
    const scene = await makeScene('by-invite');
    const { db, directory, record, ben } = scene;
    let told = 0;
    directory.onKeyChange = () => {
      told += 1;
    };
    const key = PrivateKey.generate();
    const there = directory.judge(ben.entry(ben.list(4, 1, undefined, key), key), 'server');
    await db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, there));
    t.equal(record.contact(ben.id)?.trust, 'unverified');
    const back = directory.judge(ben.entry(ben.list(5, 1)), 'server');
    t.equal(back.kind, 'key-changed', 'changing back is a change');
    await db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, back));
    t.equal(await keyLines(scene), 2);
    t.equal(told, 2);
    t.equal(record.contact(ben.id)?.trust, 'unverified', 'and brings no trust back');
  },
);

t.test('the account key of an accepted contact changes only together with a list that goes on', async (t) => {
  const { directory, ben } = await makeScene('by-invite');
  const key = PrivateKey.generate();
  for (const counter of [1, 3]) {
    const swapped = ben.entry(ben.list(counter, 1, undefined, key), key);
    t.throws(() => directory.judge(swapped, 'server'), { code: 'server-dishonest' });
  }
});

t.test('against somebody who is not accepted yet the directory’s word stands', async (t) => {
  const { directory, ben } = await makeScene('unverified', 'request');
  const key = PrivateKey.generate();
  t.equal(directory.judge(ben.entry(ben.list(1, 1, undefined, key), key), 'server').kind, 'key-changed');
});

t.test(
  'a device that nothing was heard of for thirty days is inactive until it is heard of again',
  async (t) => {
    const { db, directory, ben, first, device } = await makeScene('by-invite');
    const old = { ...ben.devices[1]!, addedAt: Date.now() - 31 * 24 * 60 * 60_000 };
    ben.devices[1] = old;
    const judgement = directory.judge(
      ben.entry(ben.list(4, 2, sha256(first.bytes as Uint8Array<ArrayBuffer>))),
      'server',
    );
    await db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, judgement));
    t.equal(directory.isActive(ben.id, device(0)), true);
    t.equal(directory.isActive(ben.id, device(1)), false);
    t.equal(directory.isDoubtful(ben.id, device(1)), true);
    await db.write(DIRECTORY_TABLES, async (tx) =>
      directory.noteStatement(tx, ben.id, device(1), old.addedAt),
    );
    t.equal(directory.isDoubtful(ben.id, device(1)), false, 'asked today already');
    await db.write(DIRECTORY_TABLES, async (tx) => directory.noteHeard(tx, ben.id, device(1)));
    t.equal(directory.isActive(ben.id, device(1)), true);
  },
);
