/** Merging account records: nothing is lost, and it does not matter who merges first. */
import t from 'tap';
import fc from 'fast-check';
import { AccountRecord, type Contact } from '@tacet/protocol/content/record';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { guardRecord, mergeRecords } from '../../../client/core/account/merge.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.integer({ min: 0, max: 3 }).map((value) => new Uint8Array(length).fill(value));
const instant = fc.integer({ min: 0, max: 5 });
const list = fc.record({ counter: fc.integer({ min: 1, max: 4 }), hash: bytes(32) });

const contact: fc.Arbitrary<Contact> = fc.record(
  {
    account: bytes(16),
    accountKey: bytes(33),
    trust: fc.constantFrom('unverified', 'by-invite', 'verified'),
    state: fc.constantFrom('accepted', 'request', 'blocked'),
    changedAt: instant,
    list,
    keysAt: instant,
    deliveryKey: bytes(32),
    profileKey: bytes(32),
    username: fc.constantFrom('ada', 'ben'),
    name: fc.constantFrom('Ada', 'Ben'),
    believedAt: instant,
    judgedAt: instant,
    hearsay: fc.constant(true as const),
  },
  {
    requiredKeys: ['account', 'accountKey', 'trust', 'believedAt', 'state', 'changedAt', 'list', 'keysAt'],
  },
);
const invite = fc.record(
  { code: bytes(16), secret: bytes(32), expiresAt: instant, closedAt: instant },
  { requiredKeys: ['code', 'secret', 'expiresAt'] },
);
const record: fc.Arbitrary<AccountRecord> = fc.record(
  {
    v: fc.constant(1 as const),
    previous: fc.constant(new Uint8Array(32)),
    list,
    profileKey: bytes(32),
    profileKeyNumber: fc.integer({ min: 0, max: 2 }),
    profileVersion: fc.integer({ min: 1, max: 3 }),
    name: fc.constantFrom('Ada', 'Ada L.'),
    nameAt: instant,
    settings: fc.record({ readReceipts: fc.boolean(), typing: fc.boolean(), changedAt: instant }),
    contacts: fc.uniqueArray(contact, { selector: (each) => each.account[0], maxLength: 4 }),
    invites: fc.uniqueArray(invite, { selector: (each) => each.code[0], maxLength: 3 }),
    picture: bytes(4),
    pictureAt: instant,
  },
  {
    requiredKeys: [
      'v',
      'previous',
      'list',
      'profileKey',
      'profileVersion',
      'name',
      'nameAt',
      'settings',
      'contacts',
      'invites',
    ],
  },
);

const form = (value: AccountRecord): string => Buffer.from(encodeCbor(value)).toString('hex');

t.test('a merge keeps every contact and invite, and is a record again', (t) => {
  fc.assert(
    fc.property(record, record, (a, b) => {
      const merged = parseCbor(AccountRecord, encodeCbor(mergeRecords(a, b, 0)));
      const accounts = (value: AccountRecord): Set<number | undefined> =>
        new Set(value.contacts.map((each) => each.account[0]));
      const codes = (value: AccountRecord): Set<number | undefined> =>
        new Set(value.invites.map((each) => each.code[0]));
      return (
        [...accounts(a), ...accounts(b)].every((each) => accounts(merged).has(each)) &&
        [...codes(a), ...codes(b)].every((each) => codes(merged).has(each)) &&
        merged.list.counter === Math.max(a.list.counter, b.list.counter)
      );
    }),
  );
  t.pass('for every pair that was tried');
  t.end();
});

t.test('of two counters under the key that stays the higher one stays', (t) => {
  fc.assert(
    fc.property(record, record, (a, b) =>
      mergeRecords(a, b, 0).contacts.every((merged) =>
        [...a.contacts, ...b.contacts]
          .filter((each) => each.account[0] === merged.account[0])
          .filter((each) => each.accountKey[0] === merged.accountKey[0])
          .every((each) => each.list.counter <= merged.list.counter),
      ),
    ),
  );
  t.pass('for every pair that was tried');
  t.end();
});

t.test('a request that another device took in later does not undo what the person decided', (t) => {
  const stateOf = (value: AccountRecord, account: number | undefined): string | undefined =>
    value.contacts.find((each) => each.account[0] === account)?.state;
  fc.assert(
    fc.property(record, record, (a, b) =>
      mergeRecords(a, b, 0).contacts.every(({ account: [id], state }) => {
        const states = [stateOf(a, id), stateOf(b, id)];
        return state !== 'request' || states.every((each) => each === undefined || each === 'request');
      }),
    ),
  );
  t.pass('for every pair that was tried');
  t.end();
});

t.test('merging the same again changes nothing', (t) => {
  fc.assert(
    fc.property(record, record, (a, b) => {
      const once = mergeRecords(a, b, 0);
      return (
        form(mergeRecords(once, b, 0)) === form(once) && form(mergeRecords(once, once, 0)) === form(once)
      );
    }),
  );
  t.pass('for every pair that was tried');
  t.end();
});

t.test('it does not matter which of two is merged into which', (t) => {
  fc.assert(
    fc.property(record, record, (a, b) => form(mergeRecords(a, b, 0)) === form(mergeRecords(b, a, 0))),
  );
  t.pass('for every pair that was tried');
  t.end();
});

t.test('the later decision about a contact stands, whoever merges', (t) => {
  const base: Contact = {
    account: new Uint8Array(16),
    accountKey: new Uint8Array(33),
    trust: 'by-invite',
    believedAt: 5,
    state: 'accepted',
    changedAt: 5,
    list: { counter: 1, hash: new Uint8Array(32) },
    keysAt: 0,
  };
  const one = fc.sample(record, 1)[0]!;
  const a: AccountRecord = { ...one, contacts: [base] };
  const b: AccountRecord = { ...one, contacts: [{ ...base, state: 'blocked', changedAt: 6 }] };
  t.equal(mergeRecords(a, b, 0).contacts[0]?.state, 'blocked');
  t.equal(mergeRecords(b, a, 0).contacts[0]?.state, 'blocked');
  t.end();
});

const K1 = new Uint8Array(33).fill(1);
const K2 = new Uint8Array(33).fill(2);
/** Verified by the person at 5. */
const BEN: Contact = {
  account: new Uint8Array(16),
  accountKey: K1,
  trust: 'verified',
  believedAt: 5,
  judgedAt: 5,
  state: 'accepted',
  changedAt: 5,
  list: { counter: 1, hash: new Uint8Array(32) },
  keysAt: 0,
};
/** As a device that has not heard of the mark knows him. */
const { judgedAt: _judged, ...unheard } = { ...BEN, trust: 'unverified' as const, believedAt: 1 };
/** The same, after a change of the key that it has believed by itself. */
const believed: Contact = {
  ...unheard,
  accountKey: K2,
  believedAt: 9,
  changedAt: 9,
  list: { counter: 7, hash: new Uint8Array(32) },
};

t.test('a verified key gives way only to a later word of the person, however late the other is', (t) => {
  const one = fc.sample(record, 1)[0]!;
  const holding = (contact: Contact): AccountRecord => ({ ...one, contacts: [contact] });
  const cases = [
    [believed, 1, 'verified', 'a key that a device has believed by itself'],
    [{ ...believed, judgedAt: 4 }, 1, 'verified', 'where an earlier word was about another key'],
    [{ ...believed, judgedAt: 9 }, 2, 'unverified', 'where the person went on with the other'],
    [{ ...believed, trust: 'verified', judgedAt: 9 }, 2, 'verified', 'where the other was compared'],
    [unheard, 1, 'verified', 'a device that has not heard of the mark'],
    [
      { ...unheard, state: 'blocked', changedAt: 9, keysAt: 9 },
      1,
      'verified',
      'the same after it decided about something else',
    ],
    [{ ...BEN, trust: 'unverified', believedAt: 9, judgedAt: 9 }, 1, 'unverified', 'the mark taken away'],
  ] as const satisfies readonly (readonly [Contact, number, Contact['trust'], string])[];
  for (const [other, key, trust, what] of cases) {
    const [mine, theirs] = [holding(BEN), holding(other)];
    for (const merged of [mergeRecords(mine, theirs, 0), mergeRecords(theirs, mine, 0)]) {
      t.match(merged.contacts[0], { trust, accountKey: { 0: key } }, what);
    }
    const guarded = guardRecord(mine, theirs);
    t.match(guarded.contacts[0], { trust, accountKey: { 0: key } }, what);
    if (other.trust === trust && other.accountKey[0] === key) t.equal(guarded, theirs, 'nothing is missing');
    if (key === 1) t.equal(guarded.contacts[0]?.list.counter, 1, 'under the counters of that key');
  }
  const merged = mergeRecords(holding(BEN), holding({ ...believed, state: 'blocked' }), 0);
  t.match(merged.contacts[0], { trust: 'verified', state: 'blocked' }, 'what else was decided stands');
  t.end();
});

t.test('a mark that was taken away does not come back from a device that had not heard of it', (t) => {
  const one = fc.sample(record, 1)[0]!;
  const holding = (contact: Contact): AccountRecord => ({ ...one, contacts: [contact] });
  const stale = holding({ ...BEN, state: 'blocked', changedAt: 20, keysAt: 20 });
  const words = [
    { ...BEN, trust: 'unverified' as const, believedAt: 9, judgedAt: 9 },
    // Another key was verified, and that mark taken away in its turn.
    { ...BEN, accountKey: K2, trust: 'unverified' as const, believedAt: 12, judgedAt: 12 },
  ];
  for (const word of words) {
    for (const merged of [
      mergeRecords(holding(word), stale, 0),
      mergeRecords(stale, holding(word), 0),
      guardRecord(holding(word), stale),
    ]) {
      t.match(merged.contacts[0], {
        trust: 'unverified',
        accountKey: { 0: word.accountKey[0] },
        state: 'blocked',
      });
    }
  }
  t.end();
});

/** Somebody has introduced himself under the name of another: with a list that nobody could go past, keys of his own, and late. */
const forged: Contact = {
  ...unheard,
  accountKey: K2,
  believedAt: 9,
  state: 'request',
  changedAt: 9,
  list: { counter: 1_000, hash: new Uint8Array(32) },
  deliveryKey: new Uint8Array(32).fill(2),
  profileKey: new Uint8Array(32).fill(2),
  keysAt: 9,
  name: 'Forger',
  hearsay: true,
};
/** The true one, as another own device has answered his invite. */
const invited: Contact = {
  ...unheard,
  trust: 'by-invite',
  list: { counter: 3, hash: new Uint8Array(32) },
  deliveryKey: new Uint8Array(32).fill(1),
  profileKey: new Uint8Array(32).fill(1),
  keysAt: 1,
  name: 'Ben',
};

t.test('a forged introduction takes nothing of somebody who was accepted, whoever hears of it', (t) => {
  const one = fc.sample(record, 1)[0]!;
  const holding = (contact: Contact): AccountRecord => ({ ...one, contacts: [contact] });
  for (const hers of [
    invited,
    { ...invited, judgedAt: 4 },
    { ...BEN, ...invited, trust: 'verified' as const },
  ]) {
    for (const merged of [
      mergeRecords(holding(forged), holding(hers), 0),
      mergeRecords(holding(hers), holding(forged), 0),
      guardRecord(holding(forged), holding(hers)),
      guardRecord(holding(hers), holding(forged)),
    ]) {
      t.strictSame(merged.contacts[0], hers);
    }
  }
  t.end();
});

t.test('by whose invite somebody came is not forgotten because another device heard from him first', (t) => {
  const one = fc.sample(record, 1)[0]!;
  const holding = (contact: Contact): AccountRecord => ({ ...one, contacts: [contact] });
  const heard: Contact = {
    ...unheard,
    believedAt: 9,
    state: 'request',
    changedAt: 9,
    list: invited.list,
    hearsay: true,
  };
  for (const merged of [
    mergeRecords(holding(heard), holding(invited), 0),
    mergeRecords(holding(invited), holding(heard), 0),
    guardRecord(holding(heard), holding(invited)),
  ]) {
    t.match(merged.contacts[0], { trust: 'by-invite', state: 'accepted' });
    t.equal(merged.contacts[0]?.hearsay, undefined, 'the other device had it from the directory');
  }
  t.end();
});

t.test('where nobody is accepted the key that was believed later has its own list and names', (t) => {
  const one = fc.sample(record, 1)[0]!;
  const holding = (contact: Contact): AccountRecord => ({ ...one, contacts: [contact] });
  const later: Contact = { ...invited, state: 'request', believedAt: 12 };
  for (const merged of [
    mergeRecords(holding(forged), holding(later), 0),
    mergeRecords(holding(later), holding(forged), 0),
    guardRecord(holding(forged), holding(later)),
  ]) {
    t.match(merged.contacts[0], { accountKey: { 0: 1 }, list: { counter: 3 }, name: 'Ben', keysAt: 1 });
  }
  t.end();
});

t.test('a record that the server kept back undoes no block, no rotation and no closed invite', (t) => {
  const one = { ...fc.sample(record, 1)[0]!, profileKeyNumber: 2, profileKey: new Uint8Array(32).fill(2) };
  const invite = { code: new Uint8Array(16), secret: new Uint8Array(32), expiresAt: 5 };
  const mine: AccountRecord = {
    ...one,
    contacts: [{ ...BEN, state: 'blocked', changedAt: 9 }],
    invites: [{ ...invite, closedAt: 3 }],
  };
  const theirs: AccountRecord = {
    ...one,
    profileKeyNumber: 1,
    profileKey: new Uint8Array(32).fill(1),
    contacts: [BEN],
    invites: [invite],
  };
  t.match(guardRecord(mine, theirs), {
    profileKeyNumber: 2,
    profileKey: { 0: 2 },
    contacts: [{ state: 'blocked' }],
    invites: [{ closedAt: 3 }],
  });
  t.equal(guardRecord(theirs, mine), mine, 'and what is later is taken as it is');
  t.end();
});

t.test('what a guarded record has kept is kept again unchanged: two devices come to rest', (t) => {
  fc.assert(
    fc.property(record, record, (mine, theirs) => {
      const once = guardRecord(mine, theirs);
      return guardRecord(mine, once) === once && guardRecord(once, once) === once;
    }),
    { numRuns: 500 },
  );
  t.pass('for every pair that was tried');
  t.end();
});

t.test('whichever records meet first, the person’s last word about a key is the same in the end', (t) => {
  const word = (value: AccountRecord): unknown =>
    value.contacts.map(({ account, accountKey, trust, judgedAt }) => [
      account[0],
      judgedAt ?? 0,
      trust === 'verified' ? accountKey[0] : undefined,
    ]);
  fc.assert(
    fc.property(record, record, record, (a, b, c) => {
      const left = mergeRecords(mergeRecords(a, b, 0), c, 0);
      const right = mergeRecords(a, mergeRecords(b, c, 0), 0);
      return JSON.stringify(word(left)) === JSON.stringify(word(right));
    }),
    { numRuns: 1_000 },
  );
  t.pass('for all that were tried');
  t.end();
});

t.test('a later record of another device takes no contact away and lowers no counter', (t) => {
  fc.assert(
    fc.property(record, record, (mine, theirs) => {
      const guarded = parseCbor(AccountRecord, encodeCbor(guardRecord(mine, theirs)));
      return mine.contacts.every((contact) => {
        const kept = guarded.contacts.find(({ account }) => account[0] === contact.account[0]);
        if (kept === undefined) return false;
        return kept.accountKey[0] !== contact.accountKey[0] || kept.list.counter >= contact.list.counter;
      });
    }),
  );
  fc.assert(fc.property(record, (mine) => guardRecord(mine, mine) === mine));
  t.pass('for every pair that was tried');
  t.end();
});

t.test('a rotated profile key stands, however often the profile was changed under the old one', (t) => {
  fc.assert(
    fc.property(record, record, (a, b) => {
      const rotated = { ...a, profileKey: new Uint8Array(32).fill(9), profileKeyNumber: 5 };
      const changed = { ...b, profileVersion: a.profileVersion + 7 };
      const merged = mergeRecords(rotated, changed, 0);
      return merged.profileKey[0] === 9 && merged.profileVersion === changed.profileVersion;
    }),
  );
  t.end();
});
