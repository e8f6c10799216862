/** The border between a window and core: state mirrored, commands answered or refused, several views. */
import { randomBytes } from 'node:crypto';
import { MessageChannel } from 'node:worker_threads';
import t from 'tap';
import { failureOf, openDoor, Refusal, type Door, type PortLike } from '../../../client/core/door.ts';
import { serve } from '../../../client/core/serve.ts';
import type { ConversationId } from '../../../client/core/view.ts';
import { openTestServer } from '../../support/open-test-server.ts';
import { openTestClient, signUp, type TestClient } from '../../support/make-client.ts';
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
