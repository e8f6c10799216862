/** Drafts: on disk while they are written, and gone with the commit of the message that they became, neither before nor after. */
import t from 'tap';
import { isOnline, makePair, openTestClient, openWith, textsOf } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

t.test(
  'whenever the power goes, the words are the draft or the message, never both and never neither',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben } = await makePair(server.url);
    t.teardown(() => ben.close());
    let here = ada;
    t.teardown(() => (here.ports.power.isOff ? undefined : here.close()));
    const toBen = await openWith(here, 'Ben');
    const outcomes = new Set<string>();
    for (let steps = 0; steps < 12 && !outcomes.has('answered'); steps += 1) {
      const text = `after ${steps} steps`;
      await here.commands.setDraft(toBen, text);
      await here.client.background.settled();
      const { power, disk } = here.ports;
      const lost = new Promise<'lost'>((resolve) => power.onLoss(() => resolve('lost')));
      power.failAfter(steps);
      const answered = here.commands.sendText(toBen, text).then(() => 'answered' as const);
      outcomes.add(await Promise.race([answered, lost]));
      power.cut();
      here = openTestClient({ url: server.url, disk });
      await openWith(here, 'Ben');
      const isMessage = textsOf(here.state).includes(text);
      t.equal(here.state.open?.draft, isMessage ? '' : text, text);
      outcomes.add(isMessage ? 'message' : 'draft');
      await isOnline(here);
    }
    t.ok(outcomes.has('draft'), 'the power went before the commit');
    t.ok(outcomes.has('message'), 'and after it');
  },
);

t.test('a message that is refused leaves the draft as it was', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const toBen = await openWith(ada, 'Ben');
  await ada.commands.setDraft(toBen, 'begun');
  await t.rejects(ada.commands.sendText(toBen, 'x'.repeat(16_001)), { code: 'text-too-long' });
  t.equal(ada.state.open?.draft, 'begun');
  await ada.commands.sendText(toBen, 'begun, and ended');
  t.equal(ada.state.open?.draft, '');

  await ada.commands.setDraft(toBen, 'in another tab');
  await ada.commands.sendText(toBen, 'in this tab', undefined, 'in this');
  t.equal(ada.state.open?.draft, 'in another tab', 'what another tab has written stays');
  await ada.commands.sendText(toBen, 'in another tab too', undefined, 'in another tab');
  t.equal(ada.state.open?.draft, '');
});
