/** Merging account records: nothing is lost, and it does not matter who merges first. */
import t from 'tap';
import fc from 'fast-check';
import { AccountRecord, type Contact } from '@tacet/protocol/content/record';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { guardContacts, mergeRecords } from '../../../client/core/account/merge.ts';

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
    gaveUp: bytes(33),
  },
  { requiredKeys: ['account', 'accountKey', 'trust', 'state', 'changedAt', 'list', 'keysAt'] },
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

const BEN: Contact = {
  account: new Uint8Array(16),
  accountKey: new Uint8Array(33).fill(1),
  trust: 'verified',
  state: 'accepted',
  changedAt: 5,
  list: { counter: 1, hash: new Uint8Array(32) },
  keysAt: 0,
};
const believed: Contact = {
  ...BEN,
  accountKey: new Uint8Array(33).fill(2),
  trust: 'unverified',
  changedAt: 9,
  list: { counter: 7, hash: new Uint8Array(32) },
};

t.test(
  'a verified key gives way to another one only by the person’s word, however late the other is',
  (t) => {
    const one = fc.sample(record, 1)[0]!;
    const holding = (contact: Contact): AccountRecord => ({ ...one, contacts: [contact] });
    const cases = [
      [believed, 1, 'a key that a device has believed by itself'],
      [{ ...believed, gaveUp: new Uint8Array(33).fill(3) }, 1, 'where another key was given up'],
      [{ ...believed, gaveUp: BEN.accountKey }, 2, 'where this key was given up'],
      [{ ...believed, trust: 'verified' as const }, 2, 'where the other was compared'],
      [{ ...BEN, trust: 'unverified' as const, changedAt: 9 }, 1, 'the mark taken away'],
    ] as const;
    for (const [other, key, what] of cases) {
      const [mine, theirs] = [holding(BEN), holding(other)];
      for (const merged of [mergeRecords(mine, theirs, 0), mergeRecords(theirs, mine, 0)]) {
        t.equal(merged.contacts[0]?.accountKey[0], key, what);
      }
      const guarded = guardContacts(mine, theirs);
      t.equal(guarded.contacts[0]?.accountKey[0], key, what);
      if (other.accountKey[0] === key) t.equal(guarded, theirs, 'nothing is missing, nothing changes');
      else t.equal(guarded.contacts[0]?.list.counter, 1, 'under the counters of that key');
    }
    const merged = mergeRecords(holding(BEN), holding({ ...believed, state: 'blocked' }), 0);
    t.match(
      merged.contacts[0],
      { trust: 'verified', state: 'blocked' },
      'what else was decided later stands',
    );
    t.end();
  },
);

t.test('a later record of another device takes no contact away and lowers no counter', (t) => {
  fc.assert(
    fc.property(record, record, (mine, theirs) => {
      const guarded = parseCbor(AccountRecord, encodeCbor(guardContacts(mine, theirs)));
      return mine.contacts.every((contact) => {
        const kept = guarded.contacts.find(({ account }) => account[0] === contact.account[0]);
        if (kept === undefined) return false;
        return kept.accountKey[0] !== contact.accountKey[0] || kept.list.counter >= contact.list.counter;
      });
    }),
  );
  fc.assert(fc.property(record, (mine) => guardContacts(mine, mine) === mine));
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
