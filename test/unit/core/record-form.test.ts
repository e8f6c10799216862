/** The form of the account record: nothing is written that cannot be read again, and records of other builds are read as far as they can be. */
import t from 'tap';
import fc from 'fast-check';
import { encodeCbor } from '@tacet/protocol/cbor';
import {
  CONTACTS_MAX,
  INVITES_MAX,
  type AccountRecord,
  type Contact,
  type OpenInvite,
} from '@tacet/protocol/content/record';
import { closeInvite, INVITES_KEPT, isOpen, keptInvites } from '../../../client/core/account/kept-invites.ts';
import { guardRecord, mergeRecords } from '../../../client/core/account/merge.ts';
import { encodeRecord, hasRoomForContact, readRecord } from '../../../client/core/account/record-form.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

const DAY_MS = 24 * 60 * 60_000;

const EMPTY: AccountRecord = {
  v: 1,
  previous: new Uint8Array(32),
  list: { counter: 1, hash: new Uint8Array(32) },
  profileKey: new Uint8Array(32),
  profileVersion: 1,
  name: 'Ada',
  nameAt: 0,
  settings: { readReceipts: true, typing: true, changedAt: 0 },
  contacts: [],
  invites: [],
};

function idBytesOf(n: number): Uint8Array {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, n);
  return id;
}

function contactOf(n: number, more: Partial<Contact> = {}): Contact {
  return {
    account: idBytesOf(n),
    accountKey: new Uint8Array(33).fill(5),
    trust: 'unverified',
    believedAt: 5,
    state: 'accepted',
    changedAt: 5,
    list: { counter: 1, hash: new Uint8Array(32) },
    keysAt: 5,
    ...more,
  };
}

function inviteOf(n: number, more: Partial<OpenInvite> = {}): OpenInvite {
  return {
    code: idBytesOf(n),
    secret: new Uint8Array(32).fill(7),
    expiresAt: 7 * DAY_MS + n,
    madeAt: n,
    ...more,
  };
}

t.test('what could not be read again is never written', async (t) => {
  const tooMany: readonly AccountRecord[] = [
    { ...EMPTY, invites: Array.from({ length: INVITES_MAX + 1 }, (_, n) => inviteOf(n)) },
    { ...EMPTY, contacts: Array.from({ length: CONTACTS_MAX + 1 }, (_, n) => contactOf(n)) },
    { ...EMPTY, name: '' },
    { ...EMPTY, contacts: [Object.assign(contactOf(1), { name: undefined })] },
    // Fewer people than a record may hold, and more bytes than the server takes.
    {
      ...EMPTY,
      contacts: Array.from({ length: 2_900 }, (_, n) =>
        contactOf(n, {
          name: 'ж'.repeat(64),
          deliveryKey: new Uint8Array(32),
          profileKey: new Uint8Array(32),
        }),
      ),
    },
  ];
  for (const record of tooMany) t.throws(() => encodeRecord(record), { code: 'record-full' });
  // Whoever was looked at before is not looked at again; somebody new is, and so is their number.
  const known = { ...EMPTY, contacts: Array.from({ length: CONTACTS_MAX }, (_, n) => contactOf(n)) };
  encodeRecord({ ...known, name: 'Ada L.' }, known);
  for (const contacts of [
    [...known.contacts, contactOf(9_999)],
    [...known.contacts.slice(1), contactOf(1, { username: 'Not a username' })],
  ]) {
    t.throws(() => encodeRecord({ ...known, contacts }, known), { code: 'record-full' });
  }
  const full = { ...EMPTY, invites: Array.from({ length: INVITES_MAX }, (_, n) => inviteOf(n)) };
  t.strictSame(await readRecord(encodeRecord(full)), { value: full, isOld: false });
});

t.test('somebody new has room as long as what is decided about the others still fits', (t) => {
  const holding = (length: number): AccountRecord => ({
    ...EMPTY,
    contacts: Array.from({ length }, (_, n) => contactOf(n)),
  });
  const size = (record: AccountRecord): number => encodeRecord(record).length;
  t.ok(hasRoomForContact(EMPTY, size(EMPTY)));
  t.notOk(hasRoomForContact(holding(CONTACTS_MAX - 1), size(holding(CONTACTS_MAX - 1))));
  t.notOk(hasRoomForContact(EMPTY, 1024 * 1024 - 64 * 1024));
  t.end();
});

t.test(
  'of any number of invites those are kept that the record can hold, open ones before closed ones',
  (t) => {
    const some = fc.array(
      fc.record({
        age: fc.integer({ min: -2 * DAY_MS, max: 9 * DAY_MS }),
        closedAt: fc.option(fc.integer({ min: 0, max: DAY_MS }), { nil: undefined }),
      }),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(some, (drawn) => {
        const now = 2 * DAY_MS;
        const invites = drawn.map(({ age, closedAt }, n) => {
          const invite = inviteOf(n, { expiresAt: now + age });
          return closedAt === undefined ? invite : { ...invite, closedAt };
        });
        const kept = keptInvites(invites, now);
        const open = invites.filter((invite) => isOpen(invite, now));
        encodeRecord({ ...EMPTY, invites: kept });
        return (
          kept.length <= INVITES_KEPT &&
          (open.length > INVITES_KEPT || open.every((invite) => kept.includes(invite))) &&
          kept.every(
            ({ closedAt, secret }) => closedAt === undefined || secret.every((byte) => byte === 0),
          ) &&
          keptInvites(kept, now).length === kept.length
        );
      }),
      { numRuns: 30 },
    );
    t.end();
  },
);

t.test(
  'a closed invite stays closed against an own device that has not heard of it, as long as it is good',
  (t) => {
    const now = 5 * DAY_MS;
    const stale = { ...EMPTY, invites: [inviteOf(1), inviteOf(2, { givenAt: 3 })] };
    const used = {
      ...EMPTY,
      invites: keptInvites([closeInvite(inviteOf(1), 4, idBytesOf(9)), inviteOf(2)], now),
    };
    for (const merged of [mergeRecords(stale, used, now), mergeRecords(used, stale, now)]) {
      const [first, second] = merged.invites;
      t.match(first, { closedAt: 4, by: idBytesOf(9) });
      t.strictSame(first?.secret, new Uint8Array(32));
      t.equal(second?.givenAt, 3, 'and who was given a link is not forgotten');
    }
    t.end();
  },
);

t.test('records that are too much for one give way where nobody is lost', (t) => {
  const half = (from: number, state: Contact['state']): AccountRecord => ({
    ...EMPTY,
    contacts: Array.from({ length: 1_600 }, (_, n) => contactOf(from + n, { state, changedAt: from + n })),
    invites: Array.from({ length: 140 }, (_, n) => inviteOf(from + n)),
  });
  const [mine, theirs] = [half(0, 'accepted'), half(5_000, 'request')];
  for (const joined of [mergeRecords(mine, theirs, 0), guardRecord(mine, theirs)]) {
    encodeRecord(joined);
    t.equal(joined.contacts.length, CONTACTS_MAX);
    t.equal(joined.contacts.filter(({ state }) => state === 'accepted').length, 1_600);
  }
  t.end();
});

t.test('what a later build has added stays, whichever records meet', async (t) => {
  const later = (more: object, n: number): AccountRecord =>
    ({
      ...EMPTY,
      folders: [n],
      settings: { ...EMPTY.settings, changedAt: n, sounds: n },
      contacts: [Object.assign(contactOf(1, { changedAt: n }), { mutedUntil: n }, more)],
      invites: [Object.assign(inviteOf(1), { for: 'Ben' })],
    }) as AccountRecord;
  const [a, b] = [later({ colour: 'green' }, 3), later({}, 4)];
  t.strictSame((await readRecord(encodeRecord(a))).value, a, 'it is read');
  const merged = mergeRecords(a, b, 0);
  t.match(merged, {
    settings: { sounds: 4 },
    contacts: [{ colour: 'green', mutedUntil: Number }],
    invites: [{ for: 'Ben' }],
  });
  t.ok('folders' in merged);
  t.same(encodeCbor(merged), encodeCbor(mergeRecords(b, a, 0)), 'in either order');
  t.same(encodeCbor(mergeRecords(merged, b, 0)), encodeCbor(merged), 'and once is enough');
  const guarded = guardRecord({ ...EMPTY, contacts: [contactOf(2)] }, b);
  t.match(guarded, { folders: [4], settings: { sounds: 4 } });
  t.match(
    guarded.contacts.find(({ account }) => account[3] === 1),
    { mutedUntil: 4 },
  );
});

t.test(
  'a form that this build does not know is told as a newer one’s, and nothing of it is guessed',
  async (t) => {
    for (const unknown of [
      { ...EMPTY, v: 2 },
      { ...EMPTY, contacts: [{ ...contactOf(1), trust: 'in-person' }] },
      { ...EMPTY, contacts: 'elsewhere' },
      'a record',
      [],
    ]) {
      await t.rejects(readRecord(encodeCbor(unknown)), { code: 'app-outdated' });
    }
  },
);

t.test('a contact of the first form keeps his key and what was decided about it', async (t) => {
  const key = new Uint8Array(33).fill(5);
  const other = new Uint8Array(33).fill(6);
  const old = (n: number, trust: Contact['trust'], gaveUp?: Uint8Array): object => {
    const { believedAt: _later, ...rest } = contactOf(n, { trust, changedAt: 40 + n });
    return { ...rest, ...(gaveUp === undefined ? {} : { gaveUp }) };
  };
  const plain = encodeCbor({
    ...EMPTY,
    contacts: [
      old(1, 'verified'),
      old(2, 'unverified', key),
      old(3, 'unverified', other),
      old(4, 'by-invite'),
    ],
  });
  const { value, isOld } = await readRecord(plain);
  t.equal(isOld, true);
  t.strictSame(value.contacts, [
    contactOf(1, { trust: 'verified', believedAt: 41, changedAt: 41 }),
    contactOf(2, { believedAt: 42, judgedAt: 42, changedAt: 42 }),
    contactOf(3, { believedAt: 43, changedAt: 43 }),
    contactOf(4, { trust: 'by-invite', believedAt: 44, changedAt: 44 }),
  ]);
  t.strictSame((await readRecord(encodeRecord(value))).isOld, false, 'once');

  // A mark that was taken away does not come back from a device that had not heard of it; another one’s does not fall by it.
  const marked = (n: number): AccountRecord => ({
    ...EMPTY,
    contacts: [
      contactOf(n, { trust: 'verified', accountKey: n === 3 ? other : key, believedAt: 30, changedAt: 30 }),
    ],
  });
  t.equal(
    mergeRecords(value, marked(2), 0).contacts.find(({ account }) => account[3] === 2)?.trust,
    'unverified',
  );
  t.equal(
    mergeRecords(value, marked(3), 0).contacts.find(({ account }) => account[3] === 3)?.trust,
    'verified',
  );
});

t.test(
  'an account that has made more invites than a record holds opens again, with its open ones',
  async (t) => {
    const invites = Array.from({ length: 320 }, (_, n) =>
      n < 40 ? inviteOf(n) : { ...inviteOf(n), closedAt: 1 },
    );
    const { value, isOld } = await readRecord(encodeCbor({ ...EMPTY, invites }));
    t.equal(isOld, true);
    t.equal(value.invites.length, INVITES_MAX);
    t.equal(value.invites.filter(({ closedAt }) => closedAt === undefined).length, 40);
  },
);
