/** The care for the passphrase, with a real sealed database: what is told while an answer is written is not lost. */
import t from 'tap';
import { idOf, type DeviceId } from '@tacet/protocol/ids';
import { ready } from '@tacet/crypto';
import { generateKey, type LocalKey } from '@tacet/crypto/vault';
import { PassphraseCare } from '../../../client/core/account/passphrase-care.ts';
import { claimDatabase, SealedDb } from '../../../client/core/db/sealed.ts';
import { T } from '../../../client/core/db/stores.ts';
import { openNodePorts } from '../../support/node-ports.ts';

await ready();

const OTHER = idOf<DeviceId>(new Uint8Array(16).fill(7));
const DAY_MS = 24 * 60 * 60_000;

interface Opened {
  readonly care: PassphraseCare;
  readonly db: SealedDb;
  readonly sleep: (ms: number) => void;
  /** How often views were told to look. */
  readonly tellings: () => number;
}

async function open(): Promise<Opened> {
  let skewMs = 0;
  let tellings = 0;
  const ports = openNodePorts({ url: 'http://127.0.0.1:1', skewMs: () => skewMs });
  const database = await ports.openDatabase('tacet', 1, [T.passphraseCare.store, 'vault']);
  const db = new SealedDb(database, generateKey<LocalKey>(), await claimDatabase(database), () => undefined);
  const care = new PassphraseCare(db, ports.clock, () => {
    tellings += 1;
  });
  await care.load();
  return {
    care,
    db,
    tellings: () => tellings,
    sleep(ms) {
      skewMs += ms;
    },
  };
}

t.test('a change that is told of while an answer waits to be written is still shown', async (t) => {
  for (const answer of ['atHand', 'notAtHand', 'postpone'] as const) {
    const { care, db } = await open();
    const told = db.write([T.passphraseCare], async (tx) => care.renewedBy(tx, OTHER, 1));
    await Promise.all([told, care[answer]()]);
    t.match(care.changed, { device: OTHER, at: 1 }, answer);
    care.stop();
  }
});

t.test('who has seen one change has not seen the next', async (t) => {
  const { care, db } = await open();
  await db.write([T.passphraseCare], async (tx) => care.renewedBy(tx, OTHER, 1));
  const next = db.write([T.passphraseCare], async (tx) => care.renewedBy(tx, OTHER, 2));
  await Promise.all([next, care.seen()]);
  t.match(care.changed, { at: 2 });
  await care.seen();
  t.equal(care.changed, undefined);
  care.stop();
});

t.test('a clock that is put back a little asks nobody again', async (t) => {
  const { care, sleep } = await open();
  for (let answers = 0; answers < 5; answers += 1) {
    sleep(31 * DAY_MS);
    t.ok(care.isDue);
    await care.atHand();
  }
  sleep(-60_000);
  t.notOk(care.isDue);
  care.stop();
});

t.test('a question that a view saw before the clock was looked at goes when it is put off', async (t) => {
  const { care, sleep, tellings } = await open();
  sleep(2 * DAY_MS);
  t.ok(care.isDue, 'shown by a view that looks for another reason');
  const before = tellings();
  await care.postpone();
  t.notOk(care.isDue);
  t.ok(tellings() > before, 'the view is told to look again');
  care.stop();
});
