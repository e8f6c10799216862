/** Hostile people: contents written by hand under names that are not theirs, kinds that are not theirs to say, bodies that are none. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { ContentFrame } from '@tacet/protocol/content/frame';
import { idBytes, idOf, type AccountId } from '@tacet/protocol/ids';
import { makeImpostor } from '../support/impostor.ts';
import {
  accountOf,
  eventsOf,
  linesOf,
  openTestClient,
  openWith,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(600_000);

interface Scene {
  readonly ada: TestClient;
  readonly ben: TestClient;
  readonly link: string;
  readonly toBen: AccountId;
  readonly toAda: AccountId;
}

/** Ada and Ben in touch, with the link that Ada once gave away. */
async function makeScene(url: string): Promise<Scene> {
  const ada = openTestClient({ url });
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const ben = openTestClient({ url });
  await signUp(ben, 'ben', link);
  const toAda = await openWith(ben, 'Ada');
  const toBen = await openWith(ada, 'Ben');
  await ada.commands.sendText(toBen, 'hello');
  await ben.waitFor('hello', (state) => textsOf(state).includes('hello'));
  return { ada, ben, link, toBen, toAda };
}

/** Ben says something; when Ada has it, she has worked off everything before it. */
async function settle({ ada, ben, toAda }: Scene, text: string): Promise<void> {
  await ben.commands.sendText(toAda, text);
  await ada.waitFor(text, (state) => textsOf(state).includes(text));
}

t.test('nobody takes a contact’s place with an account key of his own', async (t) => {
  await using server = await openTestServer();
  const scene = await makeScene(server.url);
  const { ada, ben, link } = scene;
  const mallory = await makeImpostor(server.url, link, accountOf(ada), accountOf(ben));
  t.teardown(() => {
    mallory.stop();
    return Promise.all([ada.close(), ben.close()]);
  });
  await mallory.say((honest) => honest);
  const asIs = (honest: ContentFrame): ContentFrame => honest;
  await mallory.say(asIs, (proof) => ({ ...proof, list: mallory.list(50) }));
  await mallory.say(asIs, () => undefined);
  await settle(scene, 'the real one');
  t.strictSame(textsOf(ada.state), ['hello', 'the real one']);
  t.notOk(eventsOf(ada.state).includes('key-changed'));
  t.equal(ada.state.open?.person.trust, 'by-invite');
  await ada.commands.sendText(scene.toBen, 'to the real one');
  await ben.waitFor('it', (state) => textsOf(state).includes('to the real one'));
});

t.test('what a stranger says beside texts and profiles has no effect', async (t) => {
  await using server = await openTestServer();
  const scene = await makeScene(server.url);
  const { ada, ben, link } = scene;
  const stranger = idOf<AccountId>(new Uint8Array(randomBytes(16)));
  const mallory = await makeImpostor(server.url, link, accountOf(ada), stranger);
  t.teardown(() => {
    mallory.stop();
    return Promise.all([ada.close(), ben.close()]);
  });
  const hello = linesOf(ada.state)[0]!;
  const bodies: readonly (readonly [string, unknown])[] = [
    ['read', { messages: [idBytes(hello.id as never)] }],
    ['typing', { on: true }],
    ['sync', { what: 'read', account: idBytes(accountOf(ben)), messages: [idBytes(hello.id as never)] }],
    [
      'sync',
      {
        what: 'sent',
        account: idBytes(accountOf(ben)),
        id: randomBytes(16),
        sentAt: 1,
        kind: 'text',
        body: encodeCbor({ text: 'Ada never said this' }),
      },
    ],
    ['retry', { what: 'envelope', envelope: randomBytes(16) }],
    ['from-the-future', { anything: 1 }],
    ['text', { text: 5 }],
    ['text', {}],
  ];
  for (const [kind, body] of bodies) {
    await mallory.say((honest) => ({ ...honest, kind, body: encodeCbor(body) }));
  }
  await settle(scene, 'after all that');
  t.strictSame(textsOf(ada.state), ['hello', 'after all that']);
  t.notOk(linesOf(ada.state).some(({ text }) => text === 'Ada never said this'));
  t.not(linesOf(ada.state)[0]?.delivery.kind, 'read');
  t.equal(ada.state.conversations.length, 1, 'and nobody new is shown');
  t.strictSame(ada.client.background.failures, []);
});

t.test(
  'a content that was made for somebody else, or under another device’s name, gives nothing',
  async (t) => {
    await using server = await openTestServer();
    const scene = await makeScene(server.url);
    const { ada, ben, link } = scene;
    const stranger = idOf<AccountId>(new Uint8Array(randomBytes(16)));
    const mallory = await makeImpostor(server.url, link, accountOf(ada), stranger);
    t.teardown(() => {
      mallory.stop();
      return Promise.all([ada.close(), ben.close()]);
    });
    const lies: readonly ((honest: ContentFrame) => ContentFrame)[] = [
      (honest) => ({ ...honest, to: { ...honest.to, account: idBytes(accountOf(ben)) } }),
      (honest) => ({ ...honest, from: { ...honest.from, account: idBytes(accountOf(ben)) } }),
      (honest) => ({ ...honest, from: { ...honest.from, device: randomBytes(16) } }),
    ];
    for (const lie of lies) await mallory.say(lie);
    await mallory.say(
      (honest) => honest,
      () => undefined,
    );
    await settle(scene, 'after the lies');
    t.equal(ada.state.conversations.length, 1);
    t.strictSame(textsOf(ada.state), ['hello', 'after the lies']);

    await mallory.say((honest) => honest);
    const state = await ada.waitFor('the honest one', ({ conversations }) => conversations.length === 2);
    const request = state.conversations.find(({ id }) => id === stranger);
    t.match(request, { state: 'request', person: { trust: 'unverified' }, last: { text: 'it is me' } });
  },
);
