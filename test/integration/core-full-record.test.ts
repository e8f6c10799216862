/** An account whose record holds as many people as it can: nobody new is taken in, that is said, and everything else goes on. */
import t from 'tap';
import { openLocalDatabase } from '@tacet/client/core/account/local';
import { T } from '@tacet/client/core/db/stores';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { AccountRecord, CONTACTS_MAX, type Contact } from '@tacet/protocol/content/record';
import {
  accountOf,
  isOnline,
  makePair,
  openTestClient,
  openWith,
  signUp,
  textsOf,
} from '../support/make-client.ts';
import { openNodePorts, type Disk } from '../support/node-ports.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

function strangerOf(n: number): Contact {
  const account = new Uint8Array(16).fill(255);
  new DataView(account.buffer).setUint32(0, n);
  return {
    account,
    accountKey: new Uint8Array(33).fill(5),
    trust: 'unverified',
    believedAt: 1,
    state: 'blocked',
    changedAt: 1,
    list: { counter: 1, hash: new Uint8Array(32) },
    keysAt: 0,
  };
}

/** Fills the record on a closed client's disk, as far as somebody new would be taken in. */
async function fill(disk: Disk, url: string): Promise<void> {
  const found = await openLocalDatabase(openNodePorts({ url, disk }), () => undefined);
  if (found.kind !== 'device') throw new Error('no device');
  await found.db.write([T.record], async (tx) => {
    const stored = await tx.get(T.record, 'record');
    if (stored === undefined) throw new Error('no record');
    const record = parseCbor(AccountRecord, stored.plain);
    const more = Array.from({ length: CONTACTS_MAX - 50 - record.contacts.length }, (_, n) => strangerOf(n));
    const contacts = [...record.contacts, ...more];
    tx.put(T.record, 'record', { ...stored, plain: encodeCbor({ ...record, contacts }), dirty: true });
  });
  found.db.close();
}

t.test(
  'with a full record nobody new comes in, and those who are there talk on and can be decided about',
  async (t) => {
    await using server = await openTestServer();
    const { ada: first, ben } = await makePair(server.url);
    t.teardown(() => ben.close());
    const { link } = await first.commands.makeInvite();
    await first.close();
    const { disk } = first.ports;
    await fill(disk, server.url);

    await using ada = openTestClient({ url: server.url, disk });
    await isOnline(ada);
    await using carol = openTestClient({ url: server.url });
    await signUp(carol, 'carol');
    await t.rejects(ada.commands.startConversation('carol'), { code: 'record-full' });
    await t.rejects(ada.commands.makeInvite(), { code: 'record-full' });
    const { link: hers } = await carol.commands.makeInvite();
    await t.rejects(ada.commands.followInvite(hers), { code: 'record-full' });

    // Somebody who answers an invite, and writes: he is not taken in, and nothing breaks by it.
    const toAda = await carol.commands.followInvite(link);
    await carol.commands.sendText(toAda, 'Is there room?');
    const toBen = await openWith(ada, 'Ben');
    await openWith(ben, 'Ada');
    await ben.commands.sendText(accountOf(ada), 'Still here');
    await ada.waitFor('the text', (state) => textsOf(state).includes('Still here'));
    t.notOk(ada.state.conversations.some(({ id }) => id === accountOf(carol)));

    const { digits } = await ada.commands.readSafetyNumber(toBen);
    await ada.commands.verify(toBen, digits);
    await ada.commands.setName('Countess');
    t.equal(ada.state.session.kind, 'signed-in');
    await ada.close();
    await using again = openTestClient({ url: server.url, disk });
    const { conversations } = await again.waitFor('signed in', ({ session }) => session.kind === 'signed-in');
    t.equal(conversations.find(({ id }) => id === toBen)?.person.trust, 'verified');
  },
);
