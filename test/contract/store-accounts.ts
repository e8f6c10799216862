/** What every adapter of the account stores does. Bound to engines in store-accounts.test.ts. */
import { randomBytes } from 'node:crypto';
import { test, type Test } from 'tap';
import { buildAccountStore } from '../../server/store/accounts.ts';
import { buildDeviceStore } from '../../server/store/devices.ts';
import { buildInviteStore } from '../../server/store/invites.ts';
import { buildPrekeyStore } from '../../server/store/prekeys.ts';
import { buildProfileStore } from '../../server/store/profiles.ts';
import { buildSessionStore } from '../../server/store/sessions.ts';
import type { StoreEngine } from '../../server/store/writer.ts';
import { makePrekeys } from '../support/make-account.ts';
import { makeList, makeNewAccount, makeSession } from '../support/store-values.ts';

const NOW = 10_000;

function storesOn(engine: StoreEngine) {
  return {
    accounts: buildAccountStore(engine),
    devices: buildDeviceStore(engine),
    invites: buildInviteStore(engine),
    prekeys: buildPrekeyStore(engine),
    profiles: buildProfileStore(engine),
    sessions: buildSessionStore(engine),
  };
}

/** Bytes come back in the engine's own class; values are compared. */
function plain<Value>(value: Value): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, item: unknown) => {
      if (item instanceof Uint8Array) return Buffer.from(item).toString('hex');
      const isBuffer = typeof item === 'object' && item !== null && 'type' in item && item.type === 'Buffer';
      return isBuffer && 'data' in item ? Buffer.from(item.data as number[]).toString('hex') : item;
    }) ?? 'null',
  );
}

/** Runs the suite on an engine. */
export function accountStoresContract(name: string, open: (t: Test) => Promise<StoreEngine>): void {
  const on = (title: string, run: (t: Test, stores: ReturnType<typeof storesOn>) => Promise<void>): void => {
    test(`${name}: ${title}`, async (t) => run(t, storesOn(await open(t))));
  };

  on('a new account is found by its name and id with everything it brought', async (t, stores) => {
    const made = makeNewAccount({ username: 'ada' });
    t.same(await stores.accounts.population(), { any: false, administrator: false });
    t.same(await stores.accounts.create(made, NOW), { kind: 'created' });
    t.same(await stores.accounts.population(), { any: true, administrator: false });
    t.same(
      plain(await stores.accounts.loginOf('ada')),
      plain({ account: made.account, loginKey: made.credentials.loginKey }),
    );
    t.equal(await stores.accounts.usernameOf(made.account), 'ada');
    t.same(plain(await stores.accounts.credentials(made.account)), plain(made.credentials));
    t.same(plain(await stores.accounts.record(made.account)), plain(made.record));
    t.same(plain(await stores.profiles.get(made.account)), plain(made.profile));
    const { bytes, signature } = made.list;
    const directory = {
      account: made.account,
      accountKey: made.accountKey,
      list: { bytes, signature },
      departures: [],
    };
    t.same(plain(await stores.accounts.directory(made.account)), plain(directory));
    t.same(plain(await stores.accounts.directoryOf('ada')), plain(directory));
    t.same(plain(await stores.devices.active(made.account)), plain([made.device]));
  });

  on(
    'nothing is found of an account that does not exist',
    async (t, { accounts, devices, profiles, prekeys, sessions }) => {
      const nobody = randomBytes(16);
      t.equal(await accounts.loginOf('nobody'), undefined);
      t.equal(await accounts.usernameOf(nobody), undefined);
      t.equal(await accounts.credentials(nobody), undefined);
      t.equal(await accounts.record(nobody), undefined);
      t.equal(await accounts.directory(nobody), undefined);
      t.equal(await accounts.directoryOf('nobody'), undefined);
      t.equal(await devices.list(nobody), undefined);
      t.same(await devices.active(nobody), []);
      t.equal(await profiles.get(nobody), undefined);
      t.equal(await prekeys.held(nobody), undefined);
      t.equal(await prekeys.take(nobody, false), undefined);
      t.equal(await sessions.get(nobody), undefined);
      t.equal(await accounts.setDeliveryKeyHash(nobody, randomBytes(32)), false);
      t.same(await accounts.delete(nobody), []);
    },
  );

  on('a taken name, account or device refuses the whole and keeps the invite', async (t, stores) => {
    const made = makeNewAccount({ username: 'ada' });
    await stores.accounts.create(made, NOW);
    const code = randomBytes(16);
    await stores.invites.add({ code, account: made.account, usesLeft: 1, expiresAt: NOW + 1 }, 9, NOW);
    const attempt = async (change: Parameters<typeof makeNewAccount>[0]) =>
      (await stores.accounts.create(makeNewAccount({ invite: code, ...change }), NOW)).kind;
    t.equal(await attempt({ username: 'ada' }), 'username-taken');
    t.equal(await attempt({ account: made.account }), 'account-exists');
    t.equal(await attempt({ device: made.device }), 'account-exists');
    t.equal((await stores.invites.get(code, NOW))?.usesLeft, 1);
    t.equal(await attempt({}), 'created');
    t.equal(await stores.invites.get(code, NOW), undefined);
  });

  on('an invite is needed where it is needed, counts down, and ends with its time', async (t, stores) => {
    const host = makeNewAccount();
    await stores.accounts.create(host, NOW);
    const code = randomBytes(16);
    await stores.invites.add({ code, account: host.account, usesLeft: 2, expiresAt: NOW + 10 }, 9, NOW);
    const attempt = async (invite: Uint8Array | undefined, now: number) =>
      (await stores.accounts.create(makeNewAccount({ invite, inviteNeeded: true }), now)).kind;
    t.equal(await attempt(undefined, NOW), 'invite-invalid');
    t.equal(await attempt(randomBytes(16), NOW), 'invite-invalid');
    t.equal(await attempt(code, NOW + 10), 'invite-invalid', 'at its end it is over');
    t.equal(await attempt(code, NOW + 9), 'created');
    t.equal((await stores.invites.get(code, NOW))?.usesLeft, 1);
    t.equal(await attempt(code, NOW), 'created');
    t.equal(await attempt(code, NOW), 'invite-invalid');
  });

  on('the first invite is one until somebody administers', async (t, stores) => {
    const [one, other] = [randomBytes(16), randomBytes(16)];
    t.same(plain(await stores.invites.first(one)), plain(one));
    t.same(plain(await stores.invites.first(other)), plain(one));
    await stores.accounts.create(makeNewAccount(), NOW);
    t.same(plain(await stores.invites.first(other)), plain(one), 'an account without it changes nothing');
    await stores.accounts.create(makeNewAccount({ invite: one }), NOW);
    t.same(await stores.accounts.population(), { any: true, administrator: true });
    t.equal(await stores.invites.first(other), undefined);
  });

  on(
    'invites are listed, withdrawn and counted by account, pruned by time',
    async (t, { accounts, invites }) => {
      const [ada, bob] = [makeNewAccount(), makeNewAccount()];
      await accounts.create(ada, NOW);
      await accounts.create(bob, NOW);
      const codes = [1, 2, 3].map(() => randomBytes(16));
      const add = (i: number, expiresAt: number) =>
        invites.add(
          { code: codes[i] ?? randomBytes(16), account: ada.account, usesLeft: 1, expiresAt },
          2,
          NOW,
        );
      t.equal(await add(0, NOW + 5), true);
      t.equal(await add(1, NOW + 3), true);
      t.equal(await add(2, NOW + 9), false, 'two are as many as may be');
      t.same(
        (await invites.list(ada.account, NOW)).map(({ expiresAt }) => expiresAt),
        [NOW + 3, NOW + 5],
      );
      t.same(await invites.list(bob.account, NOW), []);
      t.equal(await invites.withdraw(bob.account, codes[0] ?? randomBytes(16)), false);
      t.equal(await invites.withdraw(ada.account, codes[0] ?? randomBytes(16)), true);
      t.equal(await invites.prune(NOW + 2), 0);
      t.equal(await invites.prune(NOW + 3), 1);
      t.same(await invites.list(ada.account, NOW), []);
    },
  );

  on('an expired invite makes room for a new one', async (t, { accounts, invites }) => {
    const ada = makeNewAccount();
    await accounts.create(ada, NOW);
    const add = (expiresAt: number, now: number) =>
      invites.add({ code: randomBytes(16), account: ada.account, usesLeft: 1, expiresAt }, 1, now);
    t.equal(await add(NOW + 1, NOW), true);
    t.equal(await add(NOW + 9, NOW), false);
    t.equal(await add(NOW + 9, NOW + 1), true);
  });

  on('credentials and record take their successor only, a profile any higher version', async (t, stores) => {
    const made = makeNewAccount();
    await stores.accounts.create(made, NOW);
    const { account } = made;
    for (const version of [0, 1, 3]) {
      t.equal(await stores.accounts.changeCredentials(account, { ...made.credentials, version }), undefined);
      t.equal(
        await stores.accounts.putRecord(account, { version, sealed: randomBytes(9) }, version - 1),
        false,
      );
    }
    const wraps = ['passphrase', 'passkey', 'passkey'].map((way) => ({ way, sealed: randomBytes(50) }));
    const next = { version: 2, loginKey: randomBytes(32), vault: randomBytes(70), wraps };
    const waiting = randomBytes(16);
    await stores.sessions.open(makeSession(account, waiting), 4, NOW);
    t.same(
      plain(await stores.accounts.changeCredentials(account, next)),
      plain([waiting]),
      'what the former key opened ends',
    );
    t.equal(await stores.sessions.get(waiting), undefined);
    t.ok(await stores.sessions.get(made.device));
    t.same(plain(await stores.accounts.credentials(account)), plain(next), 'wraps keep their order');
    const record = { version: 2, sealed: randomBytes(9) };
    t.equal(await stores.accounts.putRecord(account, record, record.version - 1), true);
    t.same(plain(await stores.accounts.record(account)), plain(record));
    t.equal(await stores.profiles.put(account, { version: 1, sealed: randomBytes(9) }), false);
    t.equal(await stores.profiles.put(account, { version: 7, sealed: randomBytes(9) }), true);
    t.equal((await stores.profiles.get(account))?.version, 7);
  });

  on(
    'a login opens a full session for a listed device and a pending one for any other',
    async (t, stores) => {
      const made = makeNewAccount();
      await stores.accounts.create(made, NOW);
      const { account, device } = made;
      const again = await stores.sessions.open(makeSession(account, device), 4, NOW);
      t.same(plain(again), plain({ kind: 'opened', pending: false, ended: [device] }));
      const other = randomBytes(16);
      t.same(await stores.sessions.open(makeSession(account, other), 4, NOW), {
        kind: 'opened',
        pending: true,
        ended: [],
      });
      t.equal((await stores.sessions.get(other))?.pending, true);
    },
  );

  on('a device id of somebody else is taken, listed, pending or departed', async (t, stores) => {
    const [ada, bob] = [makeNewAccount(), makeNewAccount()];
    await stores.accounts.create(ada, NOW);
    await stores.accounts.create(bob, NOW);
    const pending = randomBytes(16);
    await stores.sessions.open(makeSession(ada.account, pending), 4, NOW);
    for (const device of [ada.device, pending]) {
      t.same(await stores.sessions.open(makeSession(bob.account, device), 4, NOW), { kind: 'taken' });
    }
    await stores.devices.depart(ada.account, ada.device, {
      bytes: randomBytes(40),
      signature: randomBytes(64),
    });
    t.same(await stores.sessions.open(makeSession(bob.account, ada.device), 4, NOW), { kind: 'taken' });
    const back = await stores.sessions.open(makeSession(ada.account, ada.device), 4, NOW);
    t.same(back, { kind: 'opened', pending: true, ended: [] }, 'its owner comes back as pending');
  });

  on(
    'of too many pending sessions the oldest go, and expired ones are pruned',
    async (t, { accounts, sessions }) => {
      const made = makeNewAccount();
      await accounts.create(made, NOW);
      const devices = [1, 2, 3].map(() => randomBytes(16));
      for (const [i, device] of devices.entries()) {
        const outcome = await sessions.open(makeSession(made.account, device, NOW + 10 + i), 2, NOW);
        const ended = i < 2 ? [] : [devices[0]];
        t.same(plain(outcome), plain({ kind: 'opened', pending: true, ended }), String(i));
      }
      const left = await Promise.all(devices.map((device) => sessions.get(device)));
      t.same(
        left.map((session) => session !== undefined),
        [false, true, true],
      );
      t.equal(await sessions.prune(NOW + 11), 1);
      t.equal(await sessions.prune(NOW + 1_000_000_000), 1);
      t.ok(await sessions.get(made.device), 'a listed device stays');
    },
  );

  on('a rotation keeps the former token as the previous one', async (t, { accounts, sessions }) => {
    const made = makeNewAccount();
    await accounts.create(made, NOW);
    const before = await sessions.get(made.device);
    t.equal(before?.previousHash, undefined);
    const hash = randomBytes(32);
    const { sessionKey } = made.session;
    t.equal(await sessions.rotate(made.device, randomBytes(32), hash, NOW), undefined, 'another key');
    t.same(await sessions.rotate(made.device, sessionKey, hash, NOW + 99), { pending: false });
    const after = await sessions.get(made.device);
    t.same(plain([after?.refreshHash, after?.previousHash]), plain([hash, made.session.refreshHash]));
    await sessions.end(made.device);
    t.equal(await sessions.get(made.device), undefined);
    t.equal(await sessions.rotate(made.device, sessionKey, hash, NOW), undefined);
  });

  on('a list takes force by counter and hash, and what it leaves out ends with it', async (t, stores) => {
    const made = makeNewAccount();
    await stores.accounts.create(made, NOW);
    const { account, device } = made;
    const second = randomBytes(16);
    const pending = randomBytes(16);
    await stores.sessions.open(makeSession(account, pending), 4, NOW);
    const added = { device: second, prekeys: makePrekeys(2), session: makeSession(account, second) };
    const next = makeList([device, second], made.list);
    t.same(await stores.devices.changeList(account, { ...next, counter: 3 }, { added }), {
      kind: 'list-mismatch',
    });
    t.same(await stores.devices.changeList(account, { ...next, previous: randomBytes(32) }, { added }), {
      kind: 'list-mismatch',
    });
    t.same(await stores.devices.changeList(account, next, { added: { ...added, device } }), {
      kind: 'list-mismatch',
    });
    t.equal((await stores.devices.list(account))?.counter, 1);
    t.same(await stores.devices.changeList(account, next, { added }), { kind: 'changed', removed: [] });
    t.equal((await stores.devices.active(account)).length, 2);
    t.same(await stores.devices.changeList(account, next, {}), { kind: 'list-mismatch' }, 'not twice');

    const last = makeList([second], next);
    const outcome = await stores.devices.changeList(account, last, {});
    t.same(plain(outcome), plain({ kind: 'changed', removed: [device] }));
    t.equal(await stores.sessions.get(device), undefined);
    t.equal(await stores.prekeys.held(device), undefined);
    t.ok(await stores.sessions.get(pending), 'a pending session is not a listed device');
    t.ok(await stores.prekeys.held(second));
  });

  on('a departure stands with the list until a list leaves the device out', async (t, stores) => {
    const made = makeNewAccount();
    await stores.accounts.create(made, NOW);
    const second = randomBytes(16);
    const next = makeList([made.device, second], made.list);
    const added = { device: second, prekeys: makePrekeys(2), session: makeSession(made.account, second) };
    await stores.devices.changeList(made.account, next, { added });
    const notice = { bytes: randomBytes(40), signature: randomBytes(64) };
    await stores.devices.depart(made.account, second, notice);
    t.same(plain((await stores.accounts.directory(made.account))?.departures), plain([notice]));
    t.equal(await stores.sessions.get(second), undefined);
    t.same(plain(await stores.devices.active(made.account)), plain([made.device]));
    await stores.devices.changeList(made.account, makeList([made.device], next), {});
    t.same((await stores.accounts.directory(made.account))?.departures, []);
  });

  on(
    'a one-time key is taken once, lowest id first, then the last-resort key stands in',
    async (t, stores) => {
      const made = makeNewAccount({ prekeys: makePrekeys(2, 40) });
      await stores.accounts.create(made, NOW);
      const { device, prekeys } = made;
      const spared = await stores.prekeys.take(device, true);
      t.equal(spared?.left, 2);
      t.equal(spared?.bundle.oneTime, undefined);
      t.same(plain(spared?.bundle.kyber), plain(prekeys.lastResort));
      const taken = await Promise.all([1, 2, 3].map(() => stores.prekeys.take(device, false)));
      t.same(
        taken.map((handed) => handed?.left),
        [1, 0, 0],
      );
      t.same(plain(taken.map((handed) => handed?.bundle.oneTime ?? null)), plain([...prekeys.oneTime, null]));
      t.same(
        plain(taken.map((handed) => handed?.bundle.kyber)),
        plain([...prekeys.oneTimeKyber, prekeys.lastResort]),
      );
      t.same(plain(taken[2]?.bundle.statement), plain(prekeys.statement));
    },
  );

  on(
    'an upload adds, keeps what is held, replaces the signed keys, and is refused whole above the limit',
    async (t, stores) => {
      const made = makeNewAccount({ prekeys: makePrekeys(2) });
      await stores.accounts.create(made, NOW);
      const more = makePrekeys(3, 2);
      const keysOnly = { oneTime: more.oneTime, oneTimeKyber: more.oneTimeKyber };
      t.equal(await stores.prekeys.put(made.device, more, 3), 'too-many');
      const before = await stores.prekeys.held(made.device);
      t.same(
        before?.oneTime.map(({ id }) => id),
        [1, 2],
      );
      t.same(plain(before?.signed.publicKey), plain(made.prekeys.signed.publicKey));
      const held = await stores.prekeys.put(made.device, keysOnly, 4);
      if (held === undefined || held === 'too-many') throw new Error('refused');
      t.same(
        held.oneTime.map(({ id }) => id),
        [1, 2, 3, 4],
      );
      t.same(
        plain(held.oneTime[1]?.publicKey),
        plain(made.prekeys.oneTime[1]?.publicKey),
        'the held one stays',
      );
      t.equal(held.signed.id, 1);
      const rotated = await stores.prekeys.put(made.device, more, 4);
      if (rotated === undefined || rotated === 'too-many') throw new Error('refused');
      t.same(
        plain([rotated.signed.publicKey, rotated.lastResort.publicKey]),
        plain([more.signed.publicKey, more.lastResort.publicKey]),
      );
    },
  );

  on('a deletion tells whose sessions end and leaves others alone', async (t, stores) => {
    const [ada, bob] = [makeNewAccount(), makeNewAccount()];
    await stores.accounts.create(ada, NOW);
    await stores.accounts.create(bob, NOW);
    const pending = randomBytes(16);
    await stores.sessions.open(makeSession(ada.account, pending), 4, NOW);
    const ended = await stores.accounts.delete(ada.account);
    t.same(
      ended.map((id) => Buffer.from(id).toString('hex')).toSorted(),
      [ada.device, pending].map((id) => Buffer.from(id).toString('hex')).toSorted(),
    );
    t.equal(await stores.accounts.usernameOf(ada.account), undefined);
    t.equal(await stores.sessions.get(pending), undefined);
    t.ok(await stores.accounts.directory(bob.account));
    t.ok(await stores.prekeys.held(bob.device));
  });
}
