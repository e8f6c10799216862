/**
 * Two people and their server as each earlier build left them (`test/vectors/earlier-N.json.gz`, N: the version of the local database):
 * today's build opens all three, everything is there, what was under way arrives, and the talk goes on.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { DATABASE_VERSION, LAYOUT } from '@tacet/client/core/db/migrations';
import { T } from '@tacet/client/core/db/stores';
import { look } from '../support/local-text.ts';
import {
  eventsOf,
  hasContact,
  isOnline,
  linesOf,
  openTestClient,
  openWith,
  signIn,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { makeFolder } from '../support/open-store.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { diskOf, type RecordedProfile } from '../support/recorded-disk.ts';

t.setTimeout(600_000);

interface Recording {
  readonly version: number;
  readonly recordedAt: number;
  readonly passphrase: string;
  readonly ada: RecordedProfile;
  readonly ben: RecordedProfile;
  /** The database file, base64url. */
  readonly server: string;
}

const ALARMS = /gap|key|restor/;
const HOUR_MS = 3_600_000;
const WAS_SAID = ['Kept from Ada', 'Kept from Ben'];
/** What builds from version 3 on could do to messages. */
const AMENDED = ['In answer', 'Right words', '', 'For four weeks'];
/** The first whose accounts are of the form that today's server and clients know; nothing was released before. */
const FIRST_VERSION = 2;

function readRecording(version: number): Recording {
  const file = join(import.meta.dirname, '..', 'vectors', `earlier-${String(version)}.json.gz`);
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as Recording;
}

async function exchange(from: TestClient, to: TestClient, text: string): Promise<void> {
  const name = to.state.session.kind === 'signed-in' ? to.state.session.me.name : '';
  await from.commands.sendText(await hasContact(from, name), text);
  await to.waitFor(text, (state) => textsOf(state).includes(text));
  await from.waitFor(`${text} is delivered`, (state) =>
    linesOf(state).some((line) => line.text === text && line.delivery.kind === 'delivered'),
  );
}

/** How many messages hold a word, once every message was looked at. */
async function countFinds(client: TestClient, word: string): Promise<number> {
  await client.commands.prepareSearch();
  for (;;) {
    const { groups, complete } = await client.commands.searchMessages(word);
    if (complete) return groups.flatMap(({ finds }) => finds).length;
    await delay(20);
  }
}

/** What was said and done before is shown, on Ada's device. */
function expectWhatWas(t: Test, ada: TestClient, version: number): void {
  const said = [...WAS_SAID, ...(version >= 3 ? AMENDED : [])];
  t.strictSame(textsOf(ada.state).slice(0, said.length), said);
  const [first] = linesOf(ada.state);
  t.equal(first?.delivery.kind, 'delivered');
  const request = ada.state.conversations.find(({ state }) => state === 'request');
  t.match(request, { person: { name: 'Cara' }, last: { text: 'May I?' } });
  const ben = ada.state.conversations.find(({ person }) => person.name === 'Ben');
  t.equal(ben?.person.trust, version >= 4 ? 'verified' : 'by-invite');
  t.equal(ben?.draft, 'Half a thought');
  if (version >= 3) t.strictSame(first?.reactions, [{ emoji: '👍', mine: false }]);
}

for (let version = FIRST_VERSION; version < DATABASE_VERSION; version++) {
  t.test(`what a build with version ${String(version)} of the database left goes on`, async (t) => {
    const recording = readRecording(version);
    t.equal(recording.version, version);
    const skew = recording.recordedAt + HOUR_MS - Date.now();
    const skewMs = (): number => skew;
    const dataDir = makeFolder(t);
    writeFileSync(join(dataDir, 'tacet.sqlite'), Buffer.from(recording.server, 'base64url'));
    await using server = await openTestServer({
      dataDir,
      overrides: { clock: { now: () => Date.now() + skew } },
    });
    const [adasDisk, bensDisk] = [diskOf(recording.ada, version), diskOf(recording.ben, version)];

    // Without a network first: what is on the device is there.
    const offline = openTestClient({ url: 'http://127.0.0.1:1', disk: adasDisk, skewMs });
    await openWith(offline, 'Ben');
    expectWhatWas(t, offline, version);
    await offline.close();

    const ada = openTestClient({ url: server.url, disk: adasDisk, skewMs });
    const ben = openTestClient({ url: server.url, disk: bensDisk, skewMs });
    await Promise.all([isOnline(ada), isOnline(ben)]);
    await Promise.all([openWith(ada, 'Ben'), openWith(ben, 'Ada')]);
    await ben.waitFor('what waited', (state) => textsOf(state).includes('While Ben was away'));
    await ben.waitFor('what was not sent', (state) => textsOf(state).includes('Written offline'));
    await exchange(ada, ben, 'From today’s Ada');
    await exchange(ben, ada, 'From today’s Ben');
    const request = ada.state.conversations.find(({ state }) => state === 'request');
    if (request !== undefined) await ada.commands.acceptRequest(request.id);
    const old = linesOf(ben.state).find(({ text }) => text === 'Kept from Ada');
    if (old !== undefined)
      await ben.commands.react(await hasContact(ben, 'Ada'), { id: old.id, mine: false }, '👍');
    await ada.waitFor('a reaction to what was said before', (state) =>
      linesOf(state).some(({ text, reactions = [] }) => text === 'Kept from Ada' && reactions.length === 1),
    );
    t.equal(await countFinds(ada, 'Kept'), 2, 'what was said before is found');
    for (const client of [ada, ben]) {
      t.equal(new Set(textsOf(client.state)).size, textsOf(client.state).length, 'nothing twice');
      t.strictSame(client.state.alerts, []);
      t.notOk(
        eventsOf(client.state).some((what) => ALARMS.test(what)),
        'no alarm',
      );
      // What waited on the server in a form of before is shown as unreadable, and has come again by its number.
      if (version >= 4) t.notOk(eventsOf(client.state).includes('unreadable'), 'all that waited is readable');
      t.strictSame(client.client.background.failures, []);
    }
    if (version >= 2) {
      const adas = ben.state.conversations.find(({ person }) => person.name === 'Ada');
      t.ok(adas?.person.picture !== undefined, 'her picture is there');
    }
    await Promise.all([ada.close(), ben.close()]);
    for (const disk of [adasDisk, bensDisk]) {
      t.equal(disk.versions.get('tacet'), DATABASE_VERSION);
      t.equal(await look(disk, (db) => db.read([T.layout], (tx) => tx.get(T.layout, 'layout'))), LAYOUT);
    }

    // The passphrase of then opens the account on a new device, with what the record had.
    const desk = openTestClient({ url: server.url, skewMs });
    await signIn(desk, 'ada', recording.passphrase);
    await hasContact(desk, 'Ben');
    await desk.close();
  });
}
