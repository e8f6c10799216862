/**
 * What waits after an honest key change: a reset gives Ada another account key on the same device, while something of Ben's is on its way.
 * What he sends then arrives once and leaves no gap; what he discards is nowhere, whatever the server kept to itself.
 */
import t, { type Test } from 'tap';
import type { AccountId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { MessageRef } from '@tacet/client/core/view';
import { makeHostileWire, type HostileWire } from '../support/hostile-wire.ts';
import { holdsText } from '../support/local-text.ts';
import {
  eventsOf,
  linesOf,
  openTestClient,
  openWith,
  reconnect,
  signIn,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

interface Meeting extends AsyncDisposable {
  readonly url: string;
  readonly ada: TestClient;
  readonly ben: TestClient;
  readonly wire: HostileWire;
  readonly toAda: AccountId;
  /** Ada has lost her passphrase: 72 hours later her account has another key. Gives the new passphrase. */
  reset(): Promise<string>;
}

/** Ada and Ben in touch, nothing under way, Ben behind a wire, at a server whose clock can be set forward. */
async function meet(t: Test): Promise<Meeting> {
  let ahead = 0;
  const server = await openTestServer({ overrides: { clock: { now: () => Date.now() + ahead } } });
  const { url } = server;
  const wire = makeHostileWire();
  const ada = openTestClient({ url });
  t.teardown(() => ada.close());
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const ben = openTestClient({ url, wire });
  // What has lost its power closes nothing any more.
  t.teardown(() => (ben.ports.power.isOff ? undefined : ben.close()));
  await signUp(ben, 'ben', link);
  const toAda = await openWith(ben, 'Ada');
  const toBen = await openWith(ada, 'Ben');
  await ada.commands.sendText(toBen, 'hello');
  await ada.waitFor('delivered', (state) => linesOf(state)[0]?.delivery.kind === 'delivered');
  await ben.commands.sendText(toAda, 'hi');
  await ben.waitFor('delivered too', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
  await ben.client.background.settled();
  async function reset(): Promise<string> {
    await ada.commands.beginReset();
    ahead += LIMITS.resetWaitMs + 1_000;
    const next = await ada.commands.suggestPassphrase();
    await ada.commands.finishReset(next);
    return next;
  }
  return { url, ada, ben, wire, toAda, reset, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** Writes a text that is encrypted and then lost on its way to the server, and so is all that follows. */
async function loseOnTheWay({ ben, wire, toAda }: Meeting, text: string, reply?: MessageRef): Promise<void> {
  const left = new Promise<void>((resolve) => {
    wire.swallow = ({ kind }) => {
      if (kind === 'send') resolve();
      return kind === 'send';
    };
  });
  await ben.commands.sendText(toAda, text, ...(reply === undefined ? [] : [reply]));
  await left;
}

/** How often a text is shown. */
const countOf = (client: TestClient, text: string): number =>
  textsOf(client.state).filter((each) => each === text).length;

t.test('what was made ready before a key change arrives under its number, and closes its gap', async (t) => {
  await using at = await meet(t);
  const { ada, ben, wire, toAda } = at;
  await loseOnTheWay(at, 'made ready');
  await at.reset();
  wire.swallow = undefined;
  await reconnect(ben);
  await ben.waitFor('it waits', ({ open }) => open?.waiting === 1);
  await ben.commands.sendText(toAda, 'written after');
  await ada.waitFor('the later one', (state) => textsOf(state).includes('written after'));
  await ada.waitFor('the gap before it', (state) => eventsOf(state).includes('gap'));
  await ben.commands.sendHeld(toAda, ben.state.open?.person.key);
  await ada.waitFor('it', (state) => textsOf(state).includes('made ready'));
  await ada.waitFor('no gap any more', (state) => !eventsOf(state).includes('gap'));
  await ben.commands.sendText(toAda, 'the end');
  await ada.waitFor('the end', (state) => textsOf(state).includes('the end'));
  t.notOk(eventsOf(ada.state).includes('gap'));
  for (const text of ['made ready', 'written after', 'the end']) t.equal(countOf(ada, text), 1, text);
});

t.test('what waited reaches a device that was added meanwhile and knows later numbers already', async (t) => {
  await using at = await meet(t);
  const { ada, ben, wire, toAda } = at;
  await loseOnTheWay(at, 'made ready');
  const passphrase = await at.reset();
  const added = openTestClient({ url: at.url });
  t.teardown(() => added.close());
  await signIn(added, 'ada', passphrase);
  await openWith(added, 'Ben');
  wire.swallow = undefined;
  await reconnect(ben);
  await ben.waitFor('it waits', ({ open }) => open?.waiting === 1);
  await ben.commands.sendText(toAda, 'to both');
  for (const device of [ada, added]) {
    await device.waitFor('the later one', (state) => textsOf(state).includes('to both'));
  }
  await ben.commands.sendHeld(toAda, ben.state.open?.person.key);
  for (const device of [ada, added]) {
    await device.waitFor('what waited', (state) => textsOf(state).includes('made ready'));
    t.equal(countOf(device, 'made ready'), 1);
  }
});

t.test('a held message that arrived all the same is taken back by discarding it', async (t) => {
  await using at = await meet(t);
  const { ada, ben, wire, toAda } = at;
  // The server keeps to itself that it has the message, and that she has it.
  wire.change = (frame) => (frame.kind === 'sent' || frame.kind === 'deliver' ? [] : [frame]);
  await ben.commands.sendText(toAda, 'better not');
  await ada.waitFor('it', (state) => textsOf(state).includes('better not'));
  await at.reset();
  wire.change = (frame) => (frame.kind === 'deliver' ? [] : [frame]);
  await reconnect(ben);
  await ben.waitFor('it waits', ({ open }) => open?.waiting === 1);
  await ben.commands.discardHeld(toAda);
  await ben.waitFor('nothing waits', ({ open }) => open?.waiting === 0);
  t.notOk(textsOf(ben.state).includes('better not'));
  await ada.waitFor('the deletion', (state) =>
    linesOf(state).some(({ deletedAt }) => deletedAt !== undefined),
  );
  t.notOk(textsOf(ada.state).includes('better not'));
});

t.test('discarding is one step: whenever the power goes, what is shown as waiting waits', async (t) => {
  await using at = await meet(t);
  const { ben, wire, toAda, url } = at;
  await loseOnTheWay(at, 'made ready');
  await ben.commands.sendText(toAda, 'not yet');
  await at.reset();
  wire.swallow = undefined;
  await reconnect(ben);
  await ben.waitFor('both wait', ({ open }) => open?.waiting === 2);
  await ben.client.background.settled();
  let here = ben;
  let held = 2;
  for (let steps = 0; held > 0 && steps < 20; steps += 1) {
    const { power, disk } = here.ports;
    const lost = new Promise<void>((resolve) => power.onLoss(resolve));
    power.failAfter(steps);
    await Promise.race([here.commands.discardHeld(toAda), lost]);
    power.cut();
    here = openTestClient({ url, disk });
    await openWith(here, 'Ada');
    held = linesOf(here.state).filter(({ delivery }) => delivery.kind === 'held').length;
    t.equal(here.state.open?.waiting, held, `after ${steps} steps`);
  }
  const last = here;
  t.teardown(() => last.close());
  t.equal(held, 0, 'in the end nothing waits');
  t.notOk(textsOf(last.state).some((text) => text === 'made ready' || text === 'not yet'));
});

for (const whose of ['hers, which she deletes', 'his own, which he deletes'] as const) {
  t.test(`a held reply loses the words of a deleted message that it quotes: ${whose}`, async (t) => {
    await using at = await meet(t);
    const { ada, ben, wire, toAda } = at;
    const isOwn = whose.startsWith('his');
    const toBen = ada.state.open!.id;
    const [writer, to] = isOwn ? [ben, toAda] : [ada, toBen];
    await writer.commands.sendText(to, 'the word is nougat');
    for (const side of [ada, ben]) {
      await side.waitFor('it', (state) => textsOf(state).includes('the word is nougat'));
    }
    await writer.waitFor('delivered', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
    await ben.client.background.settled();
    const { id } = linesOf(ben.state).at(-1)!;
    await loseOnTheWay(at, 'made ready', { id, mine: isOwn });
    await ben.commands.sendText(toAda, 'not yet numbered', { id, mine: isOwn });
    await at.reset();
    wire.swallow = undefined;
    await reconnect(ben);
    await ben.waitFor('both wait', ({ open }) => open?.waiting === 2);
    t.ok(await holdsText(ben.ports, 'nougat'));
    await writer.commands.deleteForEveryone(to, id);
    await ben.waitFor('the deletion', (state) => linesOf(state).some((line) => line.deletedAt !== undefined));
    for (const text of ['made ready', 'not yet numbered']) {
      const line = linesOf(ben.state).find((each) => each.text === text);
      t.match(line, { delivery: { kind: 'held' }, reply: { text: '', state: 'gone' } }, text);
    }
    t.notOk(await holdsText(ben.ports, 'nougat'), 'nothing that waits has the words');
    await ben.commands.sendHeld(toAda, ben.state.open?.person.key);
    await ben.commands.sendText(toAda, 'the end');
    const state = await ada.waitFor('the end', (now) => textsOf(now).includes('the end'));
    for (const text of ['made ready', 'not yet numbered']) {
      const line = linesOf(state).find((each) => each.text === text);
      t.match(line?.reply, { id, text: '', state: 'gone' }, text);
      t.equal(countOf(ada, text), 1, text);
    }
    t.notOk(eventsOf(ada.state).includes('gap'), 'no number is missing and none is doubted');
    await ada.waitFor('deleted there too', (now) =>
      linesOf(now).some((line) => line.deletedAt !== undefined),
    );
    t.notOk(await holdsText(ada.ports, 'nougat'));
  });
}
