/** What a server could guess from what it carries: sizes, connections, and what comes back by itself. */
import t from 'tap';
import { readFrame } from '@tacet/protocol/frames/frame';
import { idOf, type AccountId } from '@tacet/protocol/ids';
import { introduce, lookup, strangerBundles } from '@tacet/protocol/rest/people';
import { ANONYMOUS_PATH, SOCKET_PATH, type HostileWire } from '../support/hostile-wire.ts';
import { accountOf, linesOf, openTestClient, openWith, signUp, textsOf } from '../support/make-client.ts';
import { holds } from '../support/needles.ts';
import { openScene } from './scene.ts';

t.setTimeout(300_000);
const scene = await openScene();
t.teardown(() => scene.close());

/** A frame as it is on the wire. */
interface OnWire {
  readonly path: string;
  readonly kind: string;
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** Listens to the bytes of a wire in both directions, besides whatever else it does. */
function listen(wire: HostileWire): { readonly up: OnWire[]; readonly down: OnWire[] } {
  const heard = { up: [] as OnWire[], down: [] as OnWire[] };
  const before = { ...wire };
  const note = (into: OnWire[], path: string, bytes: Uint8Array): void => {
    const { kind } = readFrame(bytes) as { readonly kind: string };
    into.push({ path, kind, bytes, at: Date.now() });
  };
  wire.toServer = (path, bytes) => {
    note(heard.up, path, bytes);
    return before.toServer?.(path, bytes);
  };
  wire.toClient = (path, bytes) => {
    note(heard.down, path, bytes);
    return before.toClient?.(path, bytes) ?? [bytes];
  };
  return heard;
}

const [adas, bens] = [listen(scene.ada.wire), listen(scene.ben.wire)];

function sizesOf(frames: readonly OnWire[], kind: string): readonly number[] {
  return [...new Set(frames.filter((each) => each.kind === kind).map(({ bytes }) => bytes.length))];
}

t.test(
  'A82: whatever is short is of one size on the wire: a yes, a sentence, a reaction, a deletion, typing',
  async (t) => {
    const { ada, ben } = scene;
    const { commands } = ada.client;
    const [from, arrived] = [adas.up.length, bens.down.length];
    await ben.client.commands.sendText(ben.talk, 'Will you come?');
    const asked = await ada.client.waitFor('it', (state) => textsOf(state).includes('Will you come?'));
    const theirs = linesOf(asked).findLast(({ mine }) => !mine)!;
    await commands.markRead(ada.talk, theirs.order);
    await commands.setTyping(ada.talk, true);
    const yes = await commands.sendText(ada.talk, 'y');
    await commands.sendText(ada.talk, 'No, but I shall think of you all on the way over the mountains.');
    await commands.react(ada.talk, { id: theirs.id, mine: false }, '🎉');
    await commands.deleteForEveryone(ada.talk, yes);
    await ben.client.waitFor('all of it', (state) => {
      const line = linesOf(state).find(({ text }) => text === 'Will you come?');
      return (
        line?.delivery.kind === 'read' && (line.reactions ?? []).length > 0 && !textsOf(state).includes('y')
      );
    });
    const sent = adas.up.slice(from).filter(({ kind }) => kind === 'send');
    t.ok(sent.length >= 5, `${sent.length} frames`);
    t.equal(sizesOf(sent, 'send').length, 1, 'all are of one size as they go');
    t.equal(sizesOf(bens.down.slice(arrived), 'deliver').length, 1, 'and as they come');

    const before = adas.up.length;
    await commands.sendText(ada.talk, 'a long letter '.repeat(600));
    await ben.client.waitFor('it', (state) => textsOf(state).some((text) => text.length > 5_000));
    t.not(sizesOf(adas.up.slice(before), 'send')[0], sizesOf(sent, 'send')[0], 'what is long is not');
    await scene.stillTalk();
  },
);

t.test('A83: what is sent goes over a connection that says nothing of who sends', async (t) => {
  const { ada, ben } = scene;
  await ada.client.commands.sendText(ada.talk, 'by the side door');
  await ben.client.waitFor('it', (state) => textsOf(state).includes('by the side door'));
  t.notOk(adas.up.some(({ path, kind }) => path === SOCKET_PATH && kind === 'send'));
  const anonymous = adas.up.filter(({ path }) => path === ANONYMOUS_PATH);
  t.ok(anonymous.some(({ kind }) => kind === 'send'));

  const { session } = ada.client.state;
  if (session.kind !== 'signed-in') throw new Error('not signed in');
  const tokens = ada.wire.asked.flatMap(({ headers }) => headers['authorization']?.split(' ')[1] ?? []);
  t.ok(tokens.length > 0);
  const said = Buffer.concat(anonymous.map(({ bytes }) => Buffer.from(bytes)));
  const marks = { account: session.me.account, device: session.me.device };
  for (const [what, mark] of [...Object.entries(marks), ...tokens.map((each) => ['token', each] as const)]) {
    t.notOk(holds(said, Buffer.from(mark, 'base64url')), `no ${what}`);
  }
  t.ok(holds(said, Buffer.from(accountOf(ben.client), 'base64url')), 'whom it is for is found');

  const shakes = [ada, ben].map(({ proxy }) =>
    proxy.handshakes
      .filter(({ path }) => path.startsWith(ANONYMOUS_PATH))
      .map(({ path, headers }) => ({ path, headers: { ...headers, 'sec-websocket-key': '' } })),
  );
  const [first] = shakes[0]!;
  t.ok(first);
  for (const each of shakes.flat()) {
    t.strictSame(each, first, 'every one of everybody opens alike');
    t.notOk('cookie' in each.headers || 'authorization' in each.headers);
  }
  await scene.stillTalk();
});

/** Ben says it to Ada, and is told that it came. */
async function isDelivered(words: string): Promise<void> {
  const { client, talk } = scene.ben;
  await client.commands.sendText(talk, words);
  await client.waitFor('delivered', (state) => {
    const line = linesOf(state).at(-1);
    return line?.text === words && (line.delivery.kind === 'delivered' || line.delivery.kind === 'read');
  });
}

t.test('A84: a stranger’s message brings nothing back, and a contact’s not at once', async (t) => {
  const { ada, ben } = scene;
  const { way } = await scene.newWay();
  await using carl = openTestClient({ ...way });
  await signUp(carl, scene.freshName('carl'), await scene.freshInvite());
  // What Ada owes Ben for earlier words has left.
  await isDelivered('before the stranger');
  const from = { asked: ada.wire.asked.length, up: adas.up.length, down: adas.down.length };
  const toAda = await carl.commands.startConversation(ada.username);
  await carl.commands.openConversation(toAda);
  await carl.commands.sendText(toAda, 'are you there?');
  const carls = accountOf(carl);
  await ada.client.waitFor('the request', ({ conversations }) =>
    conversations.some(({ id, state, last }) => id === carls && state === 'request' && last !== undefined),
  );
  await ada.client.commands.openConversation(carls);
  const read = await ada.client.waitFor('it', (state) => textsOf(state).includes('are you there?'));
  await ada.client.commands.markRead(carls, linesOf(read)[0]!.order);
  await ada.client.commands.setTyping(carls, true);
  await openWith(ada.client, ben.name);

  // What is due to a contact leaves after it; what was due to the stranger would be on its way by then.
  await isDelivered('and you?');
  await ada.client.client.background.settled();
  const said = adas.up.slice(from.up).filter(({ kind }) => kind === 'send' || kind === 'fetch-bundles');
  const accounts = said.map(({ bytes }) =>
    idOf<AccountId>((readFrame(bytes) as { readonly account: Uint8Array }).account),
  );
  t.ok(accounts.length > 0, 'the contact has heard');
  t.notOk(accounts.includes(carls), 'the stranger has not');
  const paths: readonly string[] = [introduce.path, lookup.path, strangerBundles.path];
  t.notOk(ada.wire.asked.slice(from.asked).some(({ path }) => paths.includes(path)));
  t.equal(linesOf(carl.state)[0]?.delivery.kind, 'sent');

  const came = adas.down.slice(from.down).findLast(({ kind }) => kind === 'deliver')!;
  const answered = said.findLast(({ kind }) => kind === 'send')!;
  t.ok(answered.at - came.at >= 200, `the receipt left ${answered.at - came.at} ms after it`);
  await scene.stillTalk();
});
