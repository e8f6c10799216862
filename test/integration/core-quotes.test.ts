/**
 * The words of a message in the replies that quote it: deleted for everyone, they are in no reply any more, whether it has come, waits to
 * leave, or tells them to a device that the message never reached.
 */
import t, { type Test } from 'tap';
import { T } from '@tacet/client/core/db/stores';
import { changeDeliveries, makeHostileWire } from '../support/hostile-wire.ts';
import { holdsText, look } from '../support/local-text.ts';
import {
  eventsOf,
  isOnline,
  lineOf,
  linesOf,
  makeTalk,
  openTestClient,
  openWith,
  signIn,
  signUp,
  textsOf,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

/** Ada, whose other device knows nothing of what was said before it came, and Ben. */
async function makeScene(t: Test, url: string) {
  const { ada, ben, toBen, toAda, adasPassphrase } = await makeTalk(t, url);
  await ada.commands.sendText(toBen, 'the word is nougat');
  await ben.waitFor('it', (state) => textsOf(state).includes('the word is nougat'));
  await ada.waitFor('delivered', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
  const phone = openTestClient({ url });
  t.teardown(() => phone.close());
  await signIn(phone, 'ada', adasPassphrase);
  await openWith(phone, 'Ben');
  return { ada, ben, phone, toBen, toAda, id: lineOf(ada, 'the word is nougat').id };
}

t.test('a reply that waits to leave loses the words of a message that is deleted meanwhile', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, phone, toBen, id } = await makeScene(t, server.url);
  ada.ports.setNetwork(false);
  await ada.waitFor('offline', ({ connection }) => connection.kind === 'offline');
  // The first in line may be made ready without a connection; what stands behind it is not.
  await ada.commands.sendText(toBen, 'first in line');
  await ada.commands.sendText(toBen, 'I meant this one', { id, mine: true });
  t.match(lineOf(ada, 'I meant this one').reply, { text: 'the word is nougat', state: 'here' });
  await ada.commands.deleteForEveryone(toBen, id);
  t.match(lineOf(ada, 'I meant this one').reply, { text: '', state: 'gone' });
  t.notOk(await holdsText(ada.ports, 'nougat'), 'neither the reply nor its copy for the own device has them');
  ada.ports.setNetwork(true);
  await ada.commands.connectNow();
  for (const device of [ben, phone]) {
    const state = await device.waitFor('the reply', (now) => textsOf(now).includes('I meant this one'));
    t.notOk(eventsOf(state).includes('gap'));
  }
  await ben.waitFor('the deletion', (state) => linesOf(state)[0]?.deletedAt !== undefined);
  t.match(lineOf(ben, 'I meant this one').reply, { text: '', state: 'gone' });
  t.match(lineOf(phone, 'I meant this one').reply, { text: '', state: 'gone' });
});

t.test('words that a reply tells of a message which never came here go with its deletion', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, phone: first, toBen, toAda, id } = await makeScene(t, server.url);
  await ben.commands.sendText(toAda, 'noted', { id, mine: false });
  await first.waitFor('the reply', (state) => textsOf(state).includes('noted'));
  t.match(lineOf(first, 'noted').reply, { text: 'the word is nougat', state: 'told', mine: true });
  // As a build before layout 2 left it.
  await first.close();
  await look(first.ports.disk, (db) =>
    db.write([T.layout, T.toldQuotes], async (tx) => {
      for (const key of await tx.keys(T.toldQuotes, {})) tx.delete(T.toldQuotes, key);
      tx.put(T.layout, 'layout', 1);
    }),
  );
  const phone = openTestClient({ url: server.url, disk: first.ports.disk });
  t.teardown(() => phone.close());
  await openWith(phone, 'Ben');
  await isOnline(phone);
  await ada.commands.deleteForEveryone(toBen, id);
  await phone.waitFor('no quote', (state) => linesOf(state).at(-1)?.reply?.state === 'gone');
  t.match(lineOf(phone, 'noted').reply, { text: '' });
  t.notOk(await holdsText(phone.ports, 'nougat'));
  await ben.waitFor('the deletion', (state) => linesOf(state)[0]?.deletedAt !== undefined);
  await ben.commands.sendText(toAda, 'and after it');
  await phone.waitFor('the next', (state) => textsOf(state).includes('and after it'));
  t.notOk(await holdsText(phone.ports, 'nougat'));
});

t.test('a message that comes after its reply gives the quote its own words and its place', async (t) => {
  await using server = await openTestServer();
  const wire = makeHostileWire();
  const ada = openTestClient({ url: server.url, wire });
  t.teardown(() => ada.close());
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const ben = openTestClient({ url: server.url });
  t.teardown(() => ben.close());
  await signUp(ben, 'ben', link);
  const toAda = await openWith(ben, 'Ada');
  await openWith(ada, 'Ben');
  await ben.commands.sendText(toAda, 'hi');
  await ada.waitFor('hi', (state) => textsOf(state).includes('hi'));
  let isLost = false;
  wire.change = changeDeliveries((frame) => {
    if (isLost) return [frame];
    isLost = true;
    return [];
  });
  await ben.commands.sendText(toAda, 'lost at first');
  await ben.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
  const { id } = lineOf(ben, 'lost at first');
  await ben.commands.sendText(toAda, 'see above', { id, mine: true });
  await ada.waitFor('it comes late', (state) => textsOf(state).includes('lost at first'));
  const late = lineOf(ada, 'lost at first');
  t.match(lineOf(ada, 'see above').reply, { id, state: 'here', order: late.order, text: 'lost at first' });
  await ben.commands.deleteForEveryone(toAda, id);
  await ada.waitFor('the deletion', (state) =>
    linesOf(state).some(({ deletedAt }) => deletedAt !== undefined),
  );
  t.match(lineOf(ada, 'see above').reply, { text: '', state: 'gone' });
});
