/** What a device keeps of codes that are scanned face to face. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { forgetOver, hearEncounter, scanCode, showCode } from '@tacet/client/core/safety/encounters';
import { PublicKey } from '@tacet/crypto';
import { encounterCommitment, encounterMac, keyFrom, type InviteSecret } from '@tacet/crypto/vault';
import { idBytes, idOf, type InviteCode } from '@tacet/protocol/ids';
import { makeDirectoryScene } from '../../support/directory-scene.ts';

/** A device, and the code of Ben's that it scans; `nonce`: what a code that is made to be scanned is marked with. */
async function makeScanning() {
  const scene = await makeDirectoryScene('by-invite');
  const { own, record, directory, ben } = scene;
  const needs = {
    own,
    record,
    directory,
    random: randomBytes,
    clock: { now: () => 1_000, after: () => () => undefined },
    peopleChanged: () => undefined,
  };
  const scanned = {
    account: ben.id,
    username: 'ben',
    code: idOf<InviteCode>(new Uint8Array(randomBytes(16))),
    secret: new Uint8Array(randomBytes(32)),
    accountKeyHash: new Uint8Array(32),
    deliveryKey: new Uint8Array(32),
  };
  return { ...scene, needs, scanned, nonce: new Uint8Array(randomBytes(32)) };
}

t.test(
  'the secret of a code whose time is over is forgotten, the others stay, and there are no more than sixteen',
  async (t) => {
    const { db, own } = await makeDirectoryScene('by-invite');
    let now = 1_000;
    let told = 0;
    const needs = {
      db,
      own,
      random: randomBytes,
      clock: { now: () => now, after: () => () => undefined },
      peopleChanged: () => {
        told += 1;
      },
    };
    const show = (expiresAt: number): Promise<void> =>
      db.write([{ store: 'device' }], async (tx) => {
        showCode(needs, tx, { code: randomBytes(16), secret: randomBytes(32), expiresAt });
      });
    await show(2_000);
    await show(3_000);
    now = 2_000;
    await forgetOver(needs);
    t.equal(own.value.encounters?.length, 2, 'as long as it is good');
    const before = told;
    now = 2_001;
    await forgetOver(needs);
    t.match(own.value.encounters, [{ until: 3_000 }]);
    t.equal(own.value.encounters?.length, 1);
    t.equal(told, before + 1);
    await forgetOver(needs);
    t.equal(told, before + 1, 'nothing more to forget');
    for (let i = 0; i < 20; i += 1) await show(10_000 + i);
    t.equal(own.value.encounters?.length, 16);
    t.match(own.value.encounters?.at(-1), { until: 10_019 });
    now = 20_000;
    await forgetOver(needs);
    t.equal(own.value.encounters, undefined);
  },
);

t.test(
  'the number is made by the nonce that the code named and by no other, and a second scan answers by the same',
  async (t) => {
    const { db, own, ben, needs, nonce, scanned } = await makeScanning();
    const accountKey = ben.key.getPublicKey().serialize();
    const scan = (mark: { readonly scan?: Uint8Array }) =>
      db.write([{ store: 'device' }], async (tx) => scanCode(needs, tx, { ...scanned, ...mark }, accountKey));
    const hear = (told: Uint8Array) =>
      db.write([{ store: 'device' }], async (tx) => {
        hearEncounter(needs, tx, ben.id, { what: 'number', code: idBytes(scanned.code), nonce: told });
        return own.value.encounters?.[0]?.kind;
      });
    t.equal(await scan({}), undefined, 'a link asks for no encounter');
    const commitment = { scan: encounterCommitment(nonce) };
    const answer = await scan(commitment);
    t.equal(answer?.length, 32);
    t.strictSame(await scan(commitment), answer);
    t.equal(await hear(new Uint8Array(randomBytes(32))), 'waiting', 'one that was looked for');
    t.equal(await hear(nonce), 'asking');
    t.match(own.value.encounters, [{ nonce, answer }]);
    t.equal(await scan(commitment), undefined, 'both know the number');
  },
);

t.test(
  'a word that overtakes the nonce counts once the nonce is there, and a forged one never',
  async (t) => {
    for (const isForged of [false, true]) {
      const { db, own, ben, needs, nonce, scanned } = await makeScanning();
      const code = idBytes(scanned.code);
      const marked = { ...scanned, scan: encounterCommitment(nonce) };
      const bens = ben.key.getPublicKey();
      const mac = await db.write([{ store: 'device' }], async (tx) => {
        const answer = scanCode(needs, tx, marked, bens.serialize()) ?? new Uint8Array(32);
        const made = {
          code,
          nonce,
          answer,
          inviter: { account: idBytes(ben.id), accountKey: bens },
          newcomer: {
            account: idBytes(own.value.account),
            accountKey: PublicKey.deserialize(new Uint8Array(own.value.accountKey)),
          },
        };
        return encounterMac(keyFrom<InviteSecret>(scanned.secret), made, isForged ? 'newcomer' : 'inviter');
      });
      await db.write([{ store: 'device' }], async (tx) => {
        hearEncounter(needs, tx, ben.id, { what: 'confirm', code, mac });
        hearEncounter(needs, tx, ben.id, { what: 'number', code, nonce });
      });
      t.match(own.value.encounters, [{ kind: 'asking', confirmed: false, theirs: !isForged }]);
    }
  },
);
