/**
 * Records what two people and their server have on disk, for `core-earlier-talk.test.ts`: to be run in the build whose form is to be kept,
 * before the version of the local database grows. One argument: the file to write, `earlier-<version>.json.gz`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import { DATABASE_VERSION } from '@tacet/client/core/db/migrations';
import {
  hasContact,
  linesOf,
  makePair,
  openTestClient,
  openWith,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import type { Disk } from '../support/node-ports.ts';
import { openTestServer } from '../support/open-test-server.ts';

/** The smallest JPEG file that is one. */
const PICTURE = Uint8Array.from([
  0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 96, 0, 96, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 1, 0xff,
  0xd9,
]);
/** Prekeys of these kinds are left out, here and on the server: both make new ones, and they would be most of the file. */
const ONE_TIME = ['one-time', 'kyber'];

type Recorded = null | string | number | boolean | { readonly b: string } | readonly Recorded[];

function toJson(value: unknown): Recorded {
  if (value instanceof Uint8Array) return { b: Buffer.from(value).toString('base64url') };
  if (Array.isArray(value)) return value.map(toJson);
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  throw new TypeError(`a ${typeof value} in a row`);
}

function recordDisk({ wrapKey, sessionKey, databases }: Disk) {
  const stores = databases.get('tacet') ?? new Map<string, never>();
  return {
    wrapKey: wrapKey?.toString('base64url'),
    sessionKey: sessionKey?.export({ format: 'der', type: 'pkcs8' }).toString('base64url'),
    stores: Object.fromEntries(
      Array.from(stores, ([name, rows]) => [
        name,
        Array.from(rows.values(), ({ key, value }) => [toJson(key), toJson(value)] as const).filter(
          ([key]) => !(Array.isArray(key) && ONE_TIME.includes(String(key[0]))),
        ),
      ]),
    ),
  };
}

function recordServer(dataDir: string): string {
  const file = join(dataDir, 'tacet.sqlite');
  const database = new Sqlite(file);
  database.exec('delete from one_time_prekeys; delete from one_time_kyber_prekeys');
  database.pragma('wal_checkpoint(truncate)');
  database.pragma('journal_mode = delete');
  database.exec('vacuum');
  database.close();
  return readFileSync(file).toString('base64url');
}

async function isDelivered(client: TestClient, text: string): Promise<void> {
  await client.waitFor(`${text} is delivered`, (state) =>
    linesOf(state).some((line) => line.text === text && ['delivered', 'read'].includes(line.delivery.kind)),
  );
}

/** Ada and Ben have met by an invite and talked; Cara would like to; something is under way to each of them. */
async function record(): Promise<unknown> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tacet-record-'));
  try {
    const server = await openTestServer({ dataDir });
    const { ada, ben, adasPassphrase } = await makePair(server.url);
    const [bensId, adasId] = [await openWith(ada, 'Ben'), await openWith(ben, 'Ada')];
    await ada.commands.sendText(bensId, 'Kept from Ada');
    await ben.waitFor('a text', (state) => textsOf(state).includes('Kept from Ada'));
    await ben.commands.sendText(adasId, 'Kept from Ben');
    await ada.waitFor('a text', (state) => textsOf(state).includes('Kept from Ben'));
    await isDelivered(ada, 'Kept from Ada');
    await isDelivered(ben, 'Kept from Ben');
    const cara = openTestClient({ url: server.url });
    await signUp(cara, 'cara');
    await cara.commands.sendText(await cara.commands.startConversation('ada'), 'May I?');
    await ada.waitFor('a request', ({ conversations }) =>
      conversations.some(({ last }) => last?.text === 'May I?'),
    );
    await cara.close();
    if (DATABASE_VERSION >= 2) {
      await ada.commands.setPicture(PICTURE);
      await ben.waitFor('a picture', ({ conversations }) =>
        conversations.some(({ person }) => person.picture !== undefined),
      );
    }
    if (DATABASE_VERSION >= 3) await amend(ada, ben);
    if (DATABASE_VERSION >= 4) {
      const { digits } = await ada.commands.readSafetyNumber(bensId);
      await ada.commands.verify(bensId, digits);
      await ada.commands.prepareSearch();
    }
    await ben.close();
    await ada.commands.sendText(bensId, 'While Ben was away');
    await ada.waitFor('stored', (state) =>
      linesOf(state).some(({ text, delivery }) => text === 'While Ben was away' && delivery.kind === 'sent'),
    );
    ada.ports.setNetwork(false);
    await ada.waitFor('offline', ({ connection }) => connection.kind !== 'online');
    await ada.commands.sendText(bensId, 'Written offline');
    await ada.commands.setDraft(bensId, 'Half a thought');
    await ada.close();
    await server.close();
    return {
      version: DATABASE_VERSION,
      recordedAt: Date.now(),
      passphrase: adasPassphrase,
      ada: recordDisk(ada.ports.disk),
      ben: recordDisk(ben.ports.disk),
      server: recordServer(dataDir),
    };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** What can be done to a message: an answer, a reaction, other words, an end that comes by itself. */
async function amend(ada: TestClient, ben: TestClient): Promise<void> {
  const [bensId, adasId] = [await hasContact(ada, 'Ben'), await hasContact(ben, 'Ada')];
  const first = linesOf(ben.state).find(({ text }) => text === 'Kept from Ada');
  if (first === undefined) throw new Error('no first message');
  const ref = { id: first.id, mine: false };
  await ben.commands.sendText(adasId, 'In answer', ref);
  await ben.commands.react(adasId, ref, '👍');
  await ada.waitFor('a reaction', (state) =>
    linesOf(state).some(({ reactions = [] }) => reactions.length > 0),
  );
  const edited = await ada.commands.sendText(bensId, 'Wrong words');
  await isDelivered(ada, 'Wrong words');
  await ada.commands.editMessage(bensId, edited, 'Right words');
  await ben.waitFor('other words', (state) => textsOf(state).includes('Right words'));
  const gone = await ada.commands.sendText(bensId, 'To be deleted');
  await isDelivered(ada, 'To be deleted');
  await ada.commands.deleteForEveryone(bensId, gone);
  await ben.waitFor('nothing', (state) => !textsOf(state).includes('To be deleted'));
  await ada.commands.setTimer(bensId, 28 * 86_400);
  await ada.commands.sendText(bensId, 'For four weeks');
  await isDelivered(ada, 'For four weeks');
  await ada.commands.setTimer(bensId, 0);
}

const [, , file] = process.argv;
if (file === undefined) throw new Error('which file?');
writeFileSync(file, gzipSync(JSON.stringify(await record()), { level: 9 }));
