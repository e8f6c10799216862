/** What every adapter of the reset store does: each device waits for what it announced itself. Bound in store-accounts.test.ts. */
import { randomBytes } from 'node:crypto';
import { LIMITS } from '@tacet/protocol/limits';
import { test, type Test } from 'tap';
import { buildAccountStore } from '../../server/store/accounts.ts';
import { buildDeviceStore } from '../../server/store/devices.ts';
import { buildResetStore } from '../../server/store/resets.ts';
import type { StoreEngine } from '../../server/store/writer.ts';
import { makePrekeys } from '../support/make-account.ts';
import { makeList, makeNewAccount, makeSession } from '../support/store-values.ts';

const NOW = 10_000;
const LAPSE = LIMITS.resetLapseMs;

/** An account with two devices, and what takes force when one of them finishes a reset. */
async function openAccount(engine: StoreEngine) {
  const accounts = buildAccountStore(engine);
  const devices = buildDeviceStore(engine);
  const resets = buildResetStore(engine);
  const made = makeNewAccount();
  await accounts.create(made, NOW);
  const other = randomBytes(16);
  const both = makeList([made.device, other], made.list);
  const session = makeSession(made.account, other);
  await devices.changeList(made.account, both, {
    added: { device: other, prekeys: makePrekeys(2), session },
  });

  async function finish(device: Uint8Array, now: number): Promise<string> {
    const { credentials, record, profile } = made;
    const rotation = {
      credentials: { ...credentials, version: credentials.version + 1 },
      record: { ...record, version: record.version + 1 },
      profile: { ...profile, version: profile.version + 1 },
      deliveryKeyHash: randomBytes(32),
    };
    const reset = { device, accountKey: randomBytes(33), now };
    const list = makeList([device], both);
    return (await devices.changeList(made.account, list, { rotation, reset })).kind;
  }

  return {
    devices,
    finish,
    made,
    other,
    resets,
    begin: async (device: Uint8Array, now: number) =>
      (await resets.begin(made.account, { device, dueAt: now + 5 }, now))?.dueAt,
    announced: async (now: number) =>
      (await resets.list(made.account, now)).map(({ device, dueAt }) => [
        Buffer.compare(device, other) === 0 ? 'other' : 'first',
        dueAt,
      ]),
  };
}

/** Runs the suite on an engine. */
export function resetStoreContract(name: string, open: (t: Test) => Promise<StoreEngine>): void {
  const on = (
    title: string,
    run: (t: Test, at: Awaited<ReturnType<typeof openAccount>>) => Promise<void>,
  ): void => {
    test(`${name}: ${title}`, async (t) => run(t, await openAccount(await open(t))));
  };

  on(
    'a device announces one, and what it says again changes nothing',
    async (t, { begin, announced, made }) => {
      t.equal(await begin(made.device, NOW), NOW + 5);
      t.equal(await begin(made.device, NOW + 3), NOW + 5);
      t.same(await announced(NOW + 3), [['first', NOW + 5]]);
    },
  );

  on('a device that has left takes its own with it, and others announce theirs', async (t, at) => {
    const { begin, announced, devices, made, other, resets } = at;
    await begin(other, NOW);
    await devices.depart(made.account, other, { bytes: randomBytes(50), signature: randomBytes(64) });
    t.same(await announced(NOW), []);
    t.equal(await begin(other, NOW), undefined, 'who is gone announces nothing');
    t.equal(await begin(made.device, NOW + 1), NOW + 6);
    t.equal(await resets.cancel(made.account), true);
    t.equal(await resets.cancel(made.account), false);
  });

  on('a device that never comes back keeps nobody waiting', async (t, at) => {
    const { begin, announced, finish, made, other } = at;
    await begin(other, NOW);
    t.equal(await begin(made.device, NOW + 3), NOW + 8);
    t.same(await announced(NOW + 3), [
      ['other', NOW + 5],
      ['first', NOW + 8],
    ]);
    t.equal(await finish(made.device, NOW + 7), 'reset-not-due', 'nobody is let in by the wait of another');
    t.equal(await finish(made.device, NOW + 8), 'changed');
    t.same(await announced(NOW + 8), [], 'the first that is finished ends the others');
    t.equal(await begin(other, NOW + 9), undefined);
  });

  on('the passphrase ends what every device announced', async (t, at) => {
    const { begin, announced, finish, made, other, resets } = at;
    await begin(other, NOW);
    await begin(made.device, NOW);
    t.equal(await resets.cancel(made.account), true);
    t.same(await announced(NOW), []);
    t.equal(await finish(other, NOW + 5), 'reset-not-due');
    t.equal(await finish(made.device, NOW + 5), 'reset-not-due');
  });

  on('one that nobody finishes lapses, and waits anew', async (t, at) => {
    const { begin, announced, finish, made, other, resets } = at;
    await begin(made.device, NOW);
    const lapsed = NOW + 5 + LAPSE;
    t.same(await announced(lapsed - 1), [['first', NOW + 5]]);
    t.same(await announced(lapsed), []);
    t.equal(await finish(made.device, lapsed), 'reset-not-due', 'nobody lies in wait with it');
    t.equal(await begin(made.device, lapsed), lapsed + 5);
    await begin(other, lapsed + 1);
    t.equal(await resets.prune(lapsed + 5 + LAPSE), 1);
    t.same(await announced(lapsed + 5), [['other', lapsed + 6]]);
    t.equal(await finish(other, lapsed + 6), 'changed');
  });
}
