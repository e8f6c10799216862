/** The border between a window and core: state mirrored, commands answered or refused, several views. */
import { randomBytes } from 'node:crypto';
import { MessageChannel } from 'node:worker_threads';
import t from 'tap';
import { effect } from '@preact/signals-core';
import {
  failureOf,
  FIRST_STATE,
  openDoor,
  Refusal,
  type Door,
  type MainDoor,
  type PortLike,
} from '../../../client/core/door.ts';
import { StateTeller } from '../../../client/core/patches.ts';
import { serve } from '../../../client/core/serve.ts';
import type { ConversationId } from '../../../client/core/view.ts';
import type { ToCore, ToView } from '../../../client/core/worker-messages.ts';
import { openTestServer } from '../../support/open-test-server.ts';
import { hasContact, makePair, openTestClient, signUp, type TestClient } from '../../support/make-client.ts';
import { nodePort } from '../../support/node-port.ts';

// Each of them starts a server and signs people up.
t.setTimeout(120_000);

/** A door to a client, over a real message channel, and what closes it. `through` may stand between. */
function openDoorTo(
  t: { teardown(run: () => void): void },
  client: TestClient,
  through: (port: PortLike) => PortLike = (port) => port,
): Door {
  const { port1, port2 } = new MessageChannel();
  const end = serve(client.client, nodePort(port2));
  const door = openDoor(through(nodePort(port1)), (length) => new Uint8Array(randomBytes(length)));
  t.teardown(() => {
    door.close();
    end();
    port1.close();
    port2.close();
  });
  return door;
}

/** Resolves when a signal's value satisfies. */
function until<Value>(
  signal: { readonly value: Value; subscribe(run: (value: Value) => void): () => void },
  test: (value: Value) => boolean,
): Promise<Value> {
  return new Promise((resolve) => {
    const stop = signal.subscribe((value) => {
      if (!test(value)) return;
      queueMicrotask(() => stop());
      resolve(value);
    });
  });
}

/** The code of a command's refusal. */
async function codeOf(command: Promise<unknown>): Promise<string> {
  try {
    await command;
    return 'answered';
  } catch (error) {
    return failureOf(error).code;
  }
}

t.test('a window sees core’s state and its commands are answered', async (t) => {
  await using server = await openTestServer();
  await using client = openTestClient({ url: server.url });
  const door = openDoorTo(t, client);
  t.same(door.state.session.value, { kind: 'starting' });
  await until(door.state.session, ({ kind }) => kind === 'signed-out');
  t.match(await door.commands.readServer(), { inviteOnly: false, fresh: true });
  await signUp(client, 'ada');
  const session = await until(door.state.session, ({ kind }) => kind === 'signed-in');
  t.match(session, { kind: 'signed-in', me: { username: 'ada', name: 'Ada' } });
  t.match(await door.commands.makeInvite(), { link: /\/i\/[\w-]{22}#[\w-]{128}$/ });
});

t.test('a refused command rejects with a failure and nothing of core', async (t) => {
  await using server = await openTestServer();
  await using client = openTestClient({ url: server.url });
  const door = openDoorTo(t, client);
  await until(door.state.session, ({ kind }) => kind === 'signed-out');
  t.equal(await codeOf(door.commands.makeInvite()), 'not-signed-in');
  t.equal(await codeOf(door.commands.readInvite('nonsense')), 'invite-malformed');
  const signIn = { username: 'nobody', passphrase: 'no such passphrase' };
  t.equal(await codeOf(door.commands.signIn(signIn)), 'login-refused');
  await t.rejects(door.commands.signIn({ username: '', passphrase: '' }), Refusal);
  t.same(door.state.session.value, { kind: 'signed-out' });
});

t.test('two views have the same conversations and each its own open one', async (t) => {
  await using server = await openTestServer();
  await using ada = openTestClient({ url: server.url });
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  await using ben = openTestClient({ url: server.url });
  await signUp(ben, 'ben', link);
  const [one, two] = [openDoorTo(t, ben), openDoorTo(t, ben)];
  const [conversation] = await until(one.state.conversations, ({ length }) => length === 1);
  await one.commands.openConversation(conversation!.id);
  await until(one.state.open, (open) => open !== undefined);
  t.equal(two.state.open.value, undefined);
  await until(two.state.conversations, ({ length }) => length === 1);
});

t.test('a text that was sent is in sight at every moment: on its way first, then as its line', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const toBen = await hasContact(ada, 'Ben');
  const door = openDoorTo(t, ada);
  await until(door.state.conversations, ({ length }) => length === 1);
  await door.commands.openConversation(toBen);
  const shown: string[] = [];
  const sent = door.commands.sendText(toBen, 'hello');
  const stop = effect(() => {
    const line = door.state.open.value?.lines.find((one) => one.kind === 'message' && one.text === 'hello');
    const [first] = door.unstored.value;
    shown.push([first === undefined ? [] : 'on its way', line === undefined ? [] : 'line'].flat().join(', '));
  });
  t.match(door.unstored.value, [{ to: toBen, text: 'hello' }]);
  const [onItsWay] = door.unstored.value;
  t.equal(await sent, onItsWay?.id, 'it has the id of its message');
  stop();
  t.strictSame(door.unstored.value, []);
  t.equal(shown[0], 'on its way');
  t.equal(shown.at(-1), 'line');
  t.notOk(shown.includes(''), shown.join(' | '));

  const refused = codeOf(door.commands.sendText(toBen, 'x'.repeat(16_001)));
  t.equal(door.unstored.value.length, 1);
  t.equal(await refused, 'text-too-long');
  t.strictSame(door.unstored.value, [], 'what is refused is nowhere on its way');
});

t.test(
  'no words are lost to the lock: what it overtakes is stored before it, or as soon as it is open',
  async (t) => {
    const passphrase = 'violet tractor omelette canyon';
    await using server = await openTestServer();
    const { ada, ben } = await makePair(server.url);
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    const toBen = await hasContact(ada, 'Ben');
    const door = openDoorTo(t, ada);
    await until(door.state.conversations, ({ length }) => length === 1);
    await door.commands.setLock({ passphrase, afterMs: undefined });
    const before = door.commands.sendText(toBen, 'just before');
    const locked = door.commands.lock();
    const after = door.commands.sendText(toBen, 'just after');
    const draft = door.commands.setDraft(toBen, 'begun');
    await Promise.all([before, locked, until(door.state.session, ({ kind }) => kind === 'locked')]);
    t.match(door.unstored.value, [{ text: 'just after' }]);
    await door.commands.unlock(passphrase);
    await Promise.all([after, draft]);
    await door.commands.openConversation(toBen);
    const open = await until(door.state.open, (one) => one !== undefined);
    const texts = open?.lines.flatMap((line) => (line.kind === 'message' ? [line.text] : []));
    t.strictSame(texts, ['just before', 'just after']);
    t.equal(open?.draft, 'begun');
  },
);

t.test('words that wait behind a lock are not sent by whoever is signed in next', async (t) => {
  const passphrase = 'violet tractor omelette canyon';
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  const eva = openTestClient({ url: server.url });
  t.teardown(() => Promise.all([ada.close(), ben.close(), eva.close()]));
  const { link } = await ben.commands.makeInvite();
  await signUp(eva, 'eva', link);
  const toBen = await hasContact(ada, 'Ben');
  t.equal(await hasContact(eva, 'Ben'), toBen, 'both know him by the same id');

  const { port1, port2 } = new MessageChannel();
  const end = serve(ada.client, nodePort(port2));
  const door = openDoor(nodePort(port1), (length) => new Uint8Array(randomBytes(length)));
  t.teardown(() => {
    door.close();
    end();
    for (const port of [port1, port2]) port.close();
  });
  await until(door.state.conversations, ({ length }) => length === 1);
  await door.commands.setLock({ passphrase, afterMs: undefined });
  await door.commands.lock();
  await until(door.state.session, ({ kind }) => kind === 'locked');
  const words = [door.commands.sendText(toBen, 'from ada'), door.commands.setDraft(toBen, 'of ada')].map(
    codeOf,
  );
  t.match(door.unstored.value, [{ text: 'from ada' }]);

  // As a tab that slept while the device was wiped, and hears of nothing but the account that is here now.
  const { port1: here, port2: there } = new MessageChannel();
  const endNow = serve(eva.client, nodePort(there));
  t.teardown(() => {
    endNow();
    for (const port of [here, there]) port.close();
  });
  door.moveTo(nodePort(here));
  t.strictSame(await Promise.all(words), ['cancelled', 'cancelled']);
  t.strictSame(door.unstored.value, []);
  const session = await until(door.state.session, ({ kind }) => kind === 'signed-in');
  t.match(session, { me: { username: 'eva' } });
  await door.commands.openConversation(toBen);
  const open = await until(door.state.open, (one) => one !== undefined);
  const texts = open?.lines.flatMap((line) => (line.kind === 'message' ? [line.text] : []));
  t.strictSame([texts, open?.draft], [[], ''], 'nothing of it is here');
});

t.test(
  'after two takeovers a view shows nothing of the last core before that stands where it stood',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben } = await makePair(server.url);
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    const channels = [new MessageChannel(), new MessageChannel(), new MessageChannel()] as const;
    const end = serve(ben.client, nodePort(channels[0].port2));
    const door = openDoor(nodePort(channels[0].port1), (length) => new Uint8Array(randomBytes(length)));
    t.teardown(() => {
      door.close();
      end();
      for (const { port1, port2 } of channels) for (const port of [port1, port2]) port.close();
    });
    const id = await hasContact(ben, 'Ada');
    await until(door.state.conversations, ({ length }) => length === 1);
    await door.commands.openConversation(id);
    const open = await until(door.state.open, (one) => one?.id === id);
    if (open === undefined) throw new Error('nothing open');

    const silent = serveByHand(door, channels[1]);
    const early = await silent.asked();
    const last = serveByHand(door, channels[2]);
    t.equal(await last.asked(), early, 'what was asked of the silent one is asked again');
    const late = await last.asked();
    const teller = new StateTeller();
    const { session } = ben.state;
    last.say({ kind: 'patch', ...teller.tell({ ...FIRST_STATE, session }) });
    last.say({ kind: 'answer', id: early, value: undefined });
    // Whatever was said until here has been heard once this is refused.
    const heard = codeOf(door.commands.openConversation(id));
    last.say({ kind: 'refused', id: await last.asked(), failure: { code: 'unexpected' } });
    t.equal(await heard, 'unexpected');
    t.equal(door.state.open.value, open, 'what was open stays as it was');
    last.say({ kind: 'patch', ...teller.tell({ open: { ...open, draft: 'of the last core' } }) });
    last.say({ kind: 'answer', id: late, value: undefined });
    t.match(await until(door.state.open, (one) => one !== open), { id, draft: 'of the last core' });
  },
);

/** A core that serves a view and does as it is told. `asked` gives the calls that open a conversation, in order. */
function serveByHand(
  door: MainDoor,
  { port1, port2 }: MessageChannel,
): { say(message: ToView): void; asked(): Promise<number> } {
  const calls: number[] = [];
  const waiting: ((call: number) => void)[] = [];
  nodePort(port2).addEventListener('message', ({ data }) => {
    const message = data as ToCore;
    if (message.kind !== 'call' || message.name !== 'openConversation') return;
    const first = waiting.shift();
    if (first === undefined) calls.push(message.id);
    else first(message.id);
  });
  door.moveTo(nodePort(port1));
  port2.postMessage({ kind: 'served', turn: 1 } satisfies ToView);
  return {
    say: (message) => port2.postMessage(message),
    asked: () => {
      const next = calls.shift();
      if (next !== undefined) return Promise.resolve(next);
      return new Promise((resolve) => void waiting.push(resolve));
    },
  };
}

t.test('a closed door refuses what waits', async (t) => {
  await using server = await openTestServer();
  await using client = openTestClient({ url: server.url });
  const door = openDoorTo(t, client);
  const waiting = door.commands.suggestPassphrase();
  door.close();
  t.equal(await codeOf(waiting), 'cancelled');
  t.equal(await codeOf(door.commands.readServer()), 'cancelled');
});

t.test('a conversation asked for while core starts is there before the session is', async (t) => {
  await using server = await openTestServer();
  await using ada = openTestClient({ url: server.url });
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const before = openTestClient({ url: server.url });
  await signUp(before, 'ben', link);
  const { conversations } = await before.waitFor(
    'a conversation',
    (state) => state.conversations.length === 1,
  );
  const [conversation] = conversations;
  await before.close();
  await using ben = openTestClient({ url: server.url, disk: before.ports.disk });
  const opened = ben.commands.openConversation(conversation!.id);
  const first = await ben.waitFor(
    'the first state of a session',
    (state) => state.session.kind === 'signed-in',
  );
  t.equal(first.open?.id, conversation!.id);
  t.equal(first.conversations.length, 1);
  await opened;
  t.equal(ben.state.open, first.open, 'it is not read a second time');
  await ben.commands.openConversation(undefined);
  t.equal(ben.state.open, undefined);
  await ben.commands.openConversation(conversation!.id);
  t.equal(ben.state.open?.id, conversation!.id);
});

t.test('a conversation asked for while core starts, where nobody is signed in, is refused', async (t) => {
  await using server = await openTestServer();
  await using client = openTestClient({ url: server.url });
  const door = openDoorTo(t, client);
  t.equal(
    await codeOf(door.commands.openConversation('AAAAAAAAAAAAAAAAAAAAAA' as ConversationId)),
    'not-signed-in',
  );
  t.same(door.state.session.value, { kind: 'signed-out' });
});

t.test(
  'a worker that fails before it has served breaks the session; one that serves is not touched',
  async (t) => {
    const { port1, port2 } = new MessageChannel();
    const door = openDoor(nodePort(port1), (length) => new Uint8Array(randomBytes(length)));
    t.teardown(() => {
      port1.close();
      port2.close();
    });
    const asked = codeOf(door.commands.readServer());
    door.failed({ code: 'part-missing' });
    t.same(door.state.session.value, { kind: 'broken', failure: { code: 'part-missing' } });
    t.equal(await asked, 'part-missing', 'nobody waits for it for ever');

    await using server = await openTestServer();
    await using client = openTestClient({ url: server.url });
    const next = new MessageChannel();
    const end = serve(client.client, nodePort(next.port2));
    t.teardown(() => {
      door.close();
      end();
      next.port1.close();
      next.port2.close();
    });
    door.moveTo(nodePort(next.port1));
    await until(door.state.session, ({ kind }) => kind === 'signed-out');
    door.failed({ code: 'part-missing' });
    t.same(door.state.session.value, { kind: 'signed-out' });
    t.match(await door.commands.readServer(), { fresh: true });
  },
);

/** A port on which what `loses` names does not arrive. */
function losing(port: PortLike, loses: (message: { readonly kind?: unknown }) => boolean): PortLike {
  const listeners = new Map<unknown, Parameters<PortLike['addEventListener']>[1]>();
  return {
    postMessage: (message) => port.postMessage(message),
    addEventListener(type, listener) {
      const careful: typeof listener = (event) => {
        if (!loses(event.data as { readonly kind?: unknown })) listener(event);
      };
      listeners.set(listener, careful);
      port.addEventListener(type, careful);
    },
    removeEventListener(type, listener) {
      const careful = listeners.get(listener);
      if (careful !== undefined) port.removeEventListener(type, careful);
    },
    start: () => port.start?.(),
  };
}

t.test(
  'what did not change stays the object that it was, and a view that lost count is told everything',
  async (t) => {
    await using server = await openTestServer();
    await using ada = openTestClient({ url: server.url });
    await signUp(ada, 'ada');
    const { link } = await ada.commands.makeInvite();
    await using ben = openTestClient({ url: server.url });
    await signUp(ben, 'ben', link);
    const { conversations } = await ben.waitFor(
      'a conversation',
      (state) => state.conversations.length === 1,
    );
    const { id } = conversations[0]!;
    const door = openDoorTo(t, ben);
    let patches = 0;
    const late = openDoorTo(t, ben, (port) =>
      losing(port, ({ kind }) => kind === 'patch' && (patches += 1) === 1),
    );
    await door.commands.openConversation(id);
    await door.commands.sendText(id, 'the first');
    const texts = (open: Door['state']['open']['value']): readonly string[] =>
      open?.lines.flatMap((line) => (line.kind === 'message' ? [line.text] : [])) ?? [];
    const one = await until(door.state.open, (open) =>
      (open?.lines ?? []).some((line) => line.kind === 'message' && line.delivery.kind === 'delivered'),
    );
    await door.commands.sendText(id, 'the second');
    const two = await until(door.state.open, (open) => texts(open).length === 2);
    const first = one?.lines.at(-1);
    t.equal(
      two?.lines.find(({ order }) => order === first?.order),
      first,
      'a line that another one follows',
    );
    const [summary] = await until(late.state.conversations, ([one]) => one?.last?.text === 'the second');
    t.equal(summary?.id, id);
    t.equal(late.state.session.value.kind, 'signed-in', 'it has also what the lost patch told');
  },
);

t.test('a change of the settings tells views nothing of conversations that stay as they are', async (t) => {
  await using server = await openTestServer();
  await using ada = openTestClient({ url: server.url });
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  await using ben = openTestClient({ url: server.url });
  await signUp(ben, 'ben', link);
  await ben.waitFor('a contact', ({ conversations: [one] }) => one?.state === 'accepted');
  const { conversations } = ben.state;
  await ben.commands.setPrivacy({ typing: false });
  await ben.waitFor('the setting', ({ session }) => session.kind === 'signed-in' && !session.me.typing);
  t.equal(ben.state.conversations, conversations);
});
