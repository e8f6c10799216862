/**
 * Replies, reactions, edits, deletions and timers between real clients over the real server: what each side and each own device shows,
 * and that deleted words are nowhere any more.
 */
import t from 'tap';
import { openTestServer } from '../support/open-test-server.ts';
import {
  eventsOf,
  isOnline,
  lineOf,
  linesOf,
  makeTalk,
  openTestClient,
  openWith,
  textsOf,
} from '../support/make-client.ts';
import { holdsText } from '../support/local-text.ts';

t.setTimeout(600_000);

t.test('a reply shows the words that it answers, on both sides', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, toBen, toAda } = await makeTalk(t, server.url);
  await ada.commands.sendText(toBen, 'shall we meet at six?');
  await ben.waitFor('the question', (state) => textsOf(state).length === 1);
  const { id, mine } = lineOf(ben, 'shall we meet at six?');
  await ben.commands.sendText(toAda, 'yes', { id, mine });
  await ada.waitFor('the reply', (state) => textsOf(state).includes('yes'));
  t.match(lineOf(ada, 'yes').reply, { id, mine: true, text: 'shall we meet at six?', state: 'here' });
  t.match(lineOf(ben, 'yes').reply, { id, mine: false, text: 'shall we meet at six?', state: 'here' });
});

t.test('a reaction is shown on both sides, changes and goes', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, toBen, toAda } = await makeTalk(t, server.url);
  await ada.commands.sendText(toBen, 'cake is ready');
  await ben.waitFor('it', (state) => textsOf(state).length === 1);
  const ref = { id: lineOf(ben, 'cake is ready').id, mine: false };
  await ben.commands.react(toAda, ref, '🎉');
  await ada.waitFor('the reaction', (state) => linesOf(state)[0]?.reactions?.[0]?.emoji === '🎉');
  t.strictSame(linesOf(ada.state)[0]?.reactions, [{ emoji: '🎉', mine: false }]);
  t.strictSame(linesOf(ben.state)[0]?.reactions, [{ emoji: '🎉', mine: true }]);
  await ben.commands.react(toAda, ref, '🍰');
  await ada.waitFor('another', (state) => linesOf(state)[0]?.reactions?.[0]?.emoji === '🍰');
  t.equal(linesOf(ada.state)[0]?.reactions?.length, 1, 'one of each person');
  await ben.commands.react(toAda, ref, undefined);
  await ada.waitFor('none', (state) => linesOf(state)[0]?.reactions === undefined);
  await t.rejects(ben.commands.react(toAda, ref, 'nice'), { code: 'message-unknown' });
});

t.test(
  'an edit replaces the text on both sides and in quotes, and the text before is kept nowhere',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, toBen, toAda } = await makeTalk(t, server.url);
    await ada.commands.sendText(toBen, 'see you at elevenish');
    await ben.waitFor('it', (state) => textsOf(state).length === 1);
    const { id } = lineOf(ben, 'see you at elevenish');
    await ben.commands.sendText(toAda, 'fine', { id, mine: false });
    await ada.waitFor('the reply', (state) => textsOf(state).includes('fine'));
    await ada.commands.editMessage(toBen, id, 'see you at noon');
    await ben.waitFor('the edit', (state) => textsOf(state)[0] === 'see you at noon');
    t.type(linesOf(ben.state)[0]?.editedAt, 'number');
    t.equal(lineOf(ben, 'fine').reply?.text, 'see you at noon');
    await ada.waitFor('sent', (state) => linesOf(state)[0]?.change === undefined);
    t.equal(lineOf(ada, 'fine').reply?.text, 'see you at noon');
    t.equal(ada.state.conversations[0]?.last?.text, 'fine');
    await ben.waitFor('the reply has left', (state) => linesOf(state)[1]?.delivery.kind !== 'sending');
    t.notOk(
      await holdsText(ben.ports, 'elevenish', { except: ['sent'] }),
      'but for what repairs need, not at the recipient',
    );
  },
);

t.test(
  'a deletion for everyone leaves the words nowhere on either side, copies for repairs and quotes included',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, toBen, toAda } = await makeTalk(t, server.url);
    await ada.commands.sendText(toBen, 'the secret word is marzipan');
    await ben.waitFor('it', (state) => textsOf(state).length === 1);
    const { id } = lineOf(ben, 'the secret word is marzipan');
    await ben.commands.sendText(toAda, 'noted', { id, mine: false });
    await ada.waitFor('the reply', (state) => textsOf(state).includes('noted'));
    await ada.waitFor('delivered', (state) => linesOf(state)[0]?.delivery.kind === 'delivered');
    t.ok(await holdsText(ben.ports, 'marzipan'), 'the search finds what is there');
    t.ok(await holdsText(ada.ports, 'marzipan'), 'the search finds what is there');
    await ada.commands.deleteForEveryone(toBen, id);
    await ben.waitFor('the deletion', (state) => linesOf(state)[0]?.deletedAt !== undefined);
    await ada.waitFor('sent', (state) => linesOf(state)[0]?.change === undefined);
    t.match(lineOf(ben, 'noted').reply, { text: '', state: 'gone' });
    t.match(lineOf(ada, 'noted').reply, { text: '', state: 'gone' });
    t.notOk(await holdsText(ben.ports, 'marzipan'), 'nowhere at the recipient');
    t.notOk(await holdsText(ada.ports, 'marzipan'), 'nowhere at the sender');
    await t.resolves(ada.commands.deleteForEveryone(toBen, id), 'twice is as once');
    await t.rejects(ada.commands.editMessage(toBen, id, 'marzipan again'), { code: 'message-unknown' });
    t.equal(linesOf(ada.state)[0]?.text, '', 'what is deleted cannot be edited');
  },
);

t.test('a message that was deleted before it could leave never leaves', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, toBen } = await makeTalk(t, server.url);
  ada.ports.setNetwork(false);
  await ada.waitFor('offline', ({ connection }) => connection.kind === 'offline');
  await ada.commands.sendText(toBen, 'never mind');
  await ada.commands.deleteForEveryone(toBen, lineOf(ada, 'never mind').id);
  await ada.commands.sendText(toBen, 'hello');
  t.notOk(await holdsText(ada.ports, 'never mind'));
  ada.ports.setNetwork(true);
  await ada.commands.connectNow();
  await ben.waitFor('the next', (state) => textsOf(state).includes('hello'));
  t.strictSame(textsOf(ben.state), ['hello']);
  t.notOk(eventsOf(ben.state).includes('gap'), 'and no number is missing');
});

t.test('an edit that is made offline shows as on its way and leaves later', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, toBen } = await makeTalk(t, server.url);
  await ada.commands.sendText(toBen, 'at six');
  await ben.waitFor('it', (state) => textsOf(state).length === 1);
  await ada.waitFor('sent', (state) => linesOf(state)[0]?.delivery.kind !== 'sending');
  ada.ports.setNetwork(false);
  await ada.commands.editMessage(toBen, lineOf(ada, 'at six').id, 'at seven');
  await ada.waitFor('shown', (state) => linesOf(state)[0]?.change === 'sending');
  t.equal(linesOf(ben.state)[0]?.text, 'at six');
  ada.ports.setNetwork(true);
  await ada.commands.connectNow();
  await ben.waitFor('the edit', (state) => textsOf(state)[0] === 'at seven');
  await ada.waitFor('it has left', (state) => linesOf(state)[0]?.change === undefined);
});

t.test('what one own device does to messages the other shows too', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, toBen, toAda, adasPassphrase } = await makeTalk(t, server.url);
  const phone = openTestClient({ url: server.url });
  t.teardown(() => phone.close());
  await phone.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await phone.commands.signIn({ username: 'ada', passphrase: adasPassphrase });
  await isOnline(phone);
  await openWith(phone, 'Ben');
  await ada.commands.sendText(toBen, 'one');
  await ada.commands.sendText(toBen, 'two');
  await ada.commands.sendText(toBen, 'three');
  await ben.commands.sendText(toAda, 'four');
  for (const client of [ada, phone]) {
    await client.waitFor('all four', (state) => textsOf(state).length === 4);
  }
  await ada.commands.editMessage(toBen, lineOf(ada, 'one').id, 'one, edited');
  await ada.commands.deleteForEveryone(toBen, lineOf(ada, 'two').id);
  await ada.commands.react(toBen, { id: lineOf(ada, 'four').id, mine: false }, '👍');
  await ada.commands.deleteForMe(toBen, [{ id: lineOf(ada, 'three').id, mine: true }]);
  await ada.commands.setTimer(toBen, 3_600);
  await phone.waitFor('all of it', (state) => {
    const [first, second] = linesOf(state);
    const four = linesOf(state).find(({ text }) => text === 'four');
    return (
      first?.text === 'one, edited' &&
      second?.deletedAt !== undefined &&
      four?.reactions?.[0]?.mine === true &&
      !textsOf(state).includes('three') &&
      state.open?.timer === 3_600
    );
  });
  await ben.waitFor('the timer', (state) => state.open?.timer === 3_600);
  t.ok(textsOf(ben.state).includes('three'), 'deleting for oneself concerns nobody else');
  t.strictSame(
    [ada, ben, phone].flatMap(({ client }) => client.background.failures),
    [],
  );
});

t.test(
  'deleting for oneself and clearing the history move summary and count, and nothing comes back',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, toBen, toAda } = await makeTalk(t, server.url);
    await ada.commands.sendText(toBen, 'porridge');
    await ada.commands.sendText(toBen, 'second');
    await ben.waitFor('both', (state) => textsOf(state).length === 2);
    t.equal(ben.state.conversations[0]?.unread, 2);
    await ben.commands.deleteForMe(toAda, [{ id: lineOf(ben, 'second').id, mine: false }]);
    t.match(ben.state.conversations[0], { unread: 1, last: { text: 'porridge' } });
    await ben.commands.clearHistory(toAda);
    t.match(ben.state.conversations[0], { unread: 0, last: undefined });
    t.strictSame(textsOf(ben.state), []);
    t.notOk(await holdsText(ben.ports, 'porridge'));
    await ada.commands.sendText(toBen, 'third');
    await ben.waitFor('the next', (state) => textsOf(state).includes('third'));
    t.strictSame(textsOf(ben.state), ['third']);
  },
);

t.test('a conversation that one begins has the timer of the settings', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, toBen } = await makeTalk(t, server.url);
  await ada.commands.setDefaultTimer(86_400);
  t.match(ada.state.session, { me: { defaultTimer: 86_400 } });
  await ada.commands.sendText(toBen, 'hello');
  await ben.waitFor('it', (state) => textsOf(state).includes('hello'));
  t.equal(ben.state.open?.timer, 86_400);
  t.equal(linesOf(ada.state)[0]?.timer, 86_400);
  await t.rejects(ada.commands.setTimer(toBen, -1), { code: 'unexpected' });
  await t.rejects(ada.commands.setTimer(toBen, 1.5), { code: 'unexpected' });
});
