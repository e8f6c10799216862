/** A device that runs on an older copy of its data: no message key that the lost time has used is used again, whatever comes first. */
import t from 'tap';
import { MESSAGE_TYPE, type Engine } from '@tacet/client/core/engine';
import { ownEngine } from '@tacet/client/core/own-engine';
import {
  eventsOf,
  isOnline,
  linesOf,
  nameOf,
  openTestClient,
  openWith,
  reconnect,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import {
  changeDeliveries,
  makeHostileWire,
  type Deliver,
  type HostileWire,
} from '../support/hostile-wire.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(600_000);

/** Version, ratchet key (field 1, 33 bytes) and counter (field 2, one byte while it is small) of a Signal message. */
const HEAD_BYTES = 1 + 35 + 2;

/** The engine, noting under which ratchet key and counter each message was encrypted. */
function noting(heads: string[]): Engine {
  return {
    ...ownEngine,
    async signalEncrypt(...given) {
      const made = await ownEngine.signalEncrypt(...given);
      if (made.type() === MESSAGE_TYPE.whisper) {
        heads.push(Buffer.from(made.serialize().subarray(0, HEAD_BYTES)).toString('hex'));
      }
      return made;
    },
  };
}

interface Pair {
  readonly ada: TestClient;
  readonly ben: TestClient;
  readonly adasWire: HostileWire;
  /** What Ben's devices encrypted under. */
  readonly heads: string[];
  readonly toBen: Awaited<ReturnType<typeof openWith>>;
  readonly toAda: Awaited<ReturnType<typeof openWith>>;
}

/** Ada behind a wire, and Ben, who have spoken once in each direction. */
async function meet(url: string): Promise<Pair> {
  const adasWire = makeHostileWire();
  const ada = openTestClient({ url, wire: adasWire });
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const heads: string[] = [];
  const ben = openTestClient({ url, engine: noting(heads) });
  await signUp(ben, 'ben', link);
  const toAda = await openWith(ben, nameOf('ada'));
  const toBen = await openWith(ada, nameOf('ben'));
  await ben.commands.sendText(toAda, 'hi');
  await ada.waitFor('hi', (state) => textsOf(state).includes('hi'));
  await ada.commands.sendText(toBen, 'hello');
  await ben.waitFor('hello', (state) => textsOf(state).includes('hello'));
  await ada.waitFor('delivered', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
  await ben.waitFor('delivered', (state) => linesOf(state)[0]?.delivery.kind === 'delivered');
  // Nothing is on its way any more.
  await ada.client.background.settled();
  await ben.client.background.settled();
  return { ada, ben, adasWire, heads, toBen, toAda };
}

t.test('what is written on an older copy before it first connects arrives', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, heads, toAda } = await meet(server.url);
  const backup = ben.ports.disk.copy();
  await ben.commands.sendText(toAda, 'one');
  await ada.waitFor('one', (state) => textsOf(state).includes('one'));
  // Raises the counter that the server knows, so that the older copy is found out.
  await reconnect(ben);
  await ben.close();

  const restored = openTestClient({ url: server.url, disk: backup, engine: noting(heads) });
  restored.ports.setNetwork(false);
  t.teardown(() => Promise.all([ada.close(), restored.close()]));
  await openWith(restored, nameOf('ada'));
  await restored.commands.sendText(toAda, 'written offline');
  // Whatever is done with it before there is a connection has been done.
  await restored.client.background.settled();
  restored.ports.setNetwork(true);
  await isOnline(restored);
  await restored.waitFor('told', (state) => eventsOf(state).includes('restored'));
  await restored.commands.sendText(toAda, 'written online');
  await ada.waitFor('the second', (state) => textsOf(state).includes('written online'));
  t.ok(textsOf(ada.state).includes('written offline'), 'and so is the first there');
  t.notOk(eventsOf(ada.state).includes('unreadable'));
  t.equal(new Set(heads).size, heads.length, 'no key was used twice');
});

t.test('a session that was put aside reads what still comes and never writes again', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasWire, heads, toBen, toAda } = await meet(server.url);
  const backup = ben.ports.disk.copy();
  const held: Deliver[] = [];
  let isHolding = true;
  adasWire.change = (frame) => {
    if (frame.kind !== 'deliver' || !isHolding) return [frame];
    held.push(frame);
    return [];
  };
  await ben.commands.sendText(toAda, 'one');
  await ben.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
  // Raises the counter that the server knows, so that the older copy is found out.
  await reconnect(ben);
  await ben.close();
  // On the same chain as before: Ada has not heard of what Ben wrote since.
  await ada.commands.sendText(toBen, 'meanwhile');
  await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');

  const restored = openTestClient({ url: server.url, disk: backup, engine: noting(heads) });
  t.teardown(() => Promise.all([ada.close(), restored.close()]));
  await openWith(restored, nameOf('ada'));
  await isOnline(restored);
  await restored.waitFor('told', (state) => eventsOf(state).includes('restored'));
  await restored.waitFor('meanwhile', (state) => textsOf(state).includes('meanwhile'));
  t.notOk(eventsOf(restored.state).includes('unreadable'), 'it was read without a repair');
  await restored.commands.sendText(toAda, 'two');
  await restored.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
  isHolding = false;
  await reconnect(ada);
  await ada.waitFor('two', (state) => textsOf(state).includes('two'));
  t.ok(textsOf(ada.state).includes('one'));
  t.ok(held.length > 0, 'the wire held what it should');
  t.equal(new Set(heads).size, heads.length, 'no key was used twice');
});

t.test(
  'what was dropped before the server claims that the sender’s state is old shows as a gap, and comes again',
  async (t) => {
    await using server = await openTestServer();
    const [adasWire, bensWire] = [makeHostileWire(), makeHostileWire()];
    await using ada = openTestClient({ url: server.url, wire: adasWire });
    await signUp(ada, 'ada');
    const { link } = await ada.commands.makeInvite();
    await using ben = openTestClient({ url: server.url, wire: bensWire });
    await signUp(ben, 'ben', link);
    await openWith(ben, 'Ada');
    const toBen = await openWith(ada, 'Ben');
    await ada.commands.sendText(toBen, 'hello');
    await ben.waitFor('hello', (state) => textsOf(state).includes('hello'));
    await ada.waitFor('delivered', (state) => linesOf(state)[0]?.delivery.kind === 'delivered');

    const dropped = new Set<string>();
    bensWire.change = changeDeliveries((frame) => {
      dropped.add(Buffer.from(frame.id).toString('hex'));
      return [];
    });
    await ada.commands.sendText(toBen, 'dropped');
    await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
    await bensWire.when('the loss', () => dropped.size > 0);
    // The numbering begins anew, and with the first number of it nothing would seem to lack.
    adasWire.change = (frame) =>
      frame.kind === 'welcome' ? [{ ...frame, counter: frame.counter + 100 }] : [frame];
    await reconnect(ada);
    t.ok(eventsOf(ada.state).includes('restored'), 'it is believed');
    bensWire.change = changeDeliveries((frame) =>
      dropped.has(Buffer.from(frame.id).toString('hex')) ? [] : [frame],
    );
    await ada.commands.sendText(toBen, 'after it');
    const seen: (readonly string[])[] = [];
    await ben.waitFor('both', (state) => {
      seen.push(eventsOf(state));
      return textsOf(state).includes('dropped') && textsOf(state).includes('after it');
    });
    t.ok(
      seen.some((events) => events.includes('gap')),
      'that something lacked was shown',
    );
    await ben.waitFor('no gap', (state) => !eventsOf(state).includes('gap'));
    t.equal(textsOf(ben.state).filter((text) => text === 'dropped').length, 1);
  },
);
