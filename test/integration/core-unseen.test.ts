/** A server that drops one direction and says that it has delivered: row A21 of the hostile server's list. */
import t from 'tap';
import { changeDeliveries, makeHostileWire } from '../support/hostile-wire.ts';
import { eventsOf, linesOf, openTestClient, openWith, signUp, textsOf } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

const MINUTE_MS = 60_000;

t.test(
  'A21: what the server dropped is sent again when the other side writes without having read it',
  async (t) => {
    await using server = await openTestServer();
    let skew = 0;
    const skewMs = (): number => skew;
    const [adasWire, bensWire] = [makeHostileWire(), makeHostileWire()];
    const ada = openTestClient({ url: server.url, wire: adasWire, skewMs });
    t.teardown(() => ada.close());
    await signUp(ada, 'ada');
    const { link } = await ada.commands.makeInvite();
    const ben = openTestClient({ url: server.url, wire: bensWire, skewMs });
    t.teardown(() => ben.close());
    await signUp(ben, 'ben', link);
    const toAda = await openWith(ben, 'Ada');
    const toBen = await openWith(ada, 'Ben');
    await ada.commands.sendText(toBen, 'hello');
    await ben.waitFor('hello', (state) => textsOf(state).includes('hello'));
    await ada.waitFor('delivered', (state) => linesOf(state)[0]?.delivery.kind === 'delivered');

    const dropped = new Set<string>();
    let isDropping = true;
    bensWire.change = changeDeliveries((frame) => {
      const id = Buffer.from(frame.id).toString('hex');
      if (isDropping) dropped.add(id);
      return dropped.has(id) ? [] : [frame];
    });
    const words = ['one', 'two', 'three'];
    for (const text of words) await ada.commands.sendText(toBen, text);
    await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
    isDropping = false;

    // What may still be on its way is not sent again.
    const sends = (): number => adasWire.said.filter(({ kind }) => kind === 'send').length;
    await ben.commands.sendText(toAda, 'soon after');
    await ada.waitFor('soon after', (state) => textsOf(state).includes('soon after'));
    await ben.waitFor('its receipt', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
    await ada.client.background.settled();
    const before = sends();
    t.strictSame(textsOf(ben.state), ['hello', 'soon after']);

    skew = 11 * MINUTE_MS;
    await ben.commands.sendText(toAda, 'are you there?');
    await ben.waitFor('all three', (state) => words.every((text) => textsOf(state).includes(text)));
    t.ok(sends() - before >= words.length, 'sent again by Ada');
    t.notOk(eventsOf(ben.state).some((what) => what === 'gap' || what === 'unreadable'));
    for (const text of words) t.equal(textsOf(ben.state).filter((each) => each === text).length, 1, text);
    await ada.waitFor('delivered', (state) =>
      linesOf(state).every(({ mine, delivery }) => !mine || delivery.kind === 'delivered'),
    );

    // Once read, nothing goes again.
    await ben.commands.sendText(toAda, 'now I see');
    await ada.waitFor('it', (state) => textsOf(state).includes('now I see'));
    for (const { client } of [ada, ben]) t.strictSame(client.background.failures, []);
  },
);

t.test(
  'A21: where a number is gone for good the newest shows it once a day, not with every word',
  async (t) => {
    await using server = await openTestServer();
    let skew = 0;
    const skewMs = (): number => skew;
    const [adasWire, bensWire] = [makeHostileWire(), makeHostileWire()];
    await using ada = openTestClient({ url: server.url, wire: adasWire, skewMs });
    await signUp(ada, 'ada');
    const { link } = await ada.commands.makeInvite();
    await using ben = openTestClient({ url: server.url, wire: bensWire, skewMs });
    await signUp(ben, 'ben', link);
    const toAda = await openWith(ben, 'Ada');
    const toBen = await openWith(ada, 'Ben');
    await ada.commands.sendText(toBen, 'hello');
    await ben.waitFor('hello', (state) => textsOf(state).includes('hello'));
    await ada.waitFor('delivered', (state) => linesOf(state)[0]?.delivery.kind === 'delivered');

    let isDropping = true;
    bensWire.change = changeDeliveries((frame) => (isDropping ? [] : [frame]));
    await ada.commands.sendText(toBen, 'taken back');
    const { open } = await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
    const gone = open?.lines.at(-1);
    if (gone?.kind !== 'message') return t.fail('no message');
    await ada.commands.deleteForEveryone(toBen, gone.id);
    await ada.client.background.settled();
    isDropping = false;

    const again: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      await ada.commands.sendText(toBen, `from Ada ${i}`);
      await ben.waitFor('it', (state) => textsOf(state).includes(`from Ada ${i}`));
      await ada.waitFor('delivered', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
      skew += 11 * MINUTE_MS;
      const before = adasWire.said.filter(({ kind }) => kind === 'send').length;
      await ben.commands.sendText(toAda, `from Ben ${i}`);
      await ben.waitFor('its receipt', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
      await ada.client.background.settled();
      again.push(adasWire.said.filter(({ kind }) => kind === 'send').length - before);
    }
    t.strictSame(again.slice(1), [1, 1, 1], `nothing but receipts: ${again.join()}`);
    t.ok(
      eventsOf(ben.state).some((what) => what === 'gap'),
      'Ben was shown what is missing',
    );
  },
);
