/**
 * Somebody who is no contact, with keys and a device of his own, who knows where Ada is written to. What he claims under other people’s
 * names, and what is not his to say, gives nothing and leaves nothing. Rows A17, A24 and A27 to A30 as far as he can try them.
 */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { ContentFrame } from '@tacet/protocol/content/frame';
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { makeImpostor, type Impostor } from '../support/impostor.ts';
import {
  accountOf,
  eventsOf,
  hasContact,
  isOnline,
  linesOf,
  nameOf,
  openTestClient,
  openWith,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { rowsOf } from '../support/node-ports.ts';
import { openScene } from './scene.ts';

t.setTimeout(600_000);

/** How far Ada’s clock is ahead. */
let skew = 0;
const scene = await openScene({ adas: { skewMs: () => skew } });
t.teardown(() => scene.close());
const { ada, ben } = scene;
const { link } = await ada.client.commands.makeInvite();
const asIs = (honest: ContentFrame): ContentFrame => honest;

/** Somebody who writes to Ada by hand, under an account of nobody's where none is given. */
async function openStranger(
  t: Test,
  account = idOf<AccountId>(new Uint8Array(randomBytes(16))),
  device?: DeviceId,
): Promise<Impostor & { readonly account: AccountId }> {
  const impostor = await makeImpostor(scene.origin, link, accountOf(ada.client), account, device);
  t.teardown(() => impostor.stop());
  return { ...impostor, account };
}

function deviceOf({ state }: TestClient): DeviceId {
  if (state.session.kind !== 'signed-in') throw new Error('not signed in');
  return state.session.me.device;
}

/** Ben says something; when Ada has it, she has worked off everything before it. */
async function settle(words: string): Promise<void> {
  await ben.client.commands.sendText(ben.talk, words);
  await ada.client.waitFor(words, (state) => textsOf(state).includes(words));
}

/** Waits until nothing of Ada's is on its way to anybody. */
async function isQuiet(): Promise<void> {
  const { clock, disk } = ada.client.ports;
  for (const end = clock.now() + 30_000; rowsOf(disk, 'receipts') + rowsOf(disk, 'outbox') > 0;) {
    if (clock.now() > end) throw new Error('it never became quiet');
    await new Promise<void>((resolve) => clock.after(20, resolve));
  }
}

/** Whether a frame of a client asks the directory about somebody. */
function asksAbout(frame: { readonly kind: string }, account: AccountId): boolean {
  const named = 'account' in frame && frame.account instanceof Uint8Array ? frame.account : new Uint8Array(0);
  return frame.kind === 'fetch-bundles' && Buffer.compare(named, idBytes(account)) === 0;
}

t.test(
  'A24: an envelope whose sender cannot be looked up for want of a connection comes again',
  async (t) => {
    // In Ben’s name, without a proof, from a device that nobody has heard of: Ada asks the directory.
    const texts = textsOf(ada.client.state);
    const mallory = await openStranger(t, accountOf(ben.client));
    let lost = 0;
    ada.wire.swallow = (frame) => {
      if (!asksAbout(frame, ada.talk) || lost > 0) return false;
      lost += 1;
      ada.wire.hangUp();
      return true;
    };
    const [from, said] = [ada.wire.delivered.length, ada.wire.said.length];
    await mallory.say(asIs, () => undefined);
    await ada.wire.when('the question', () => lost > 0);
    await ada.client.commands.connectNow();
    await isOnline(ada.client);
    await settle('after the question');
    const [first, second] = ada.wire.delivered.slice(from).map(({ id }) => Buffer.from(id).toString('hex'));
    t.equal(second, first, 'the same one came a second time');
    const asked = ada.wire.said.slice(said).filter((frame) => asksAbout(frame, ada.talk));
    t.ok(asked.length > 1, 'and was looked up again');
    t.strictSame(textsOf(ada.client.state), [...texts, 'after the question']);
    await scene.stillTalk();
  },
);

t.test('A24: nobody takes a contact’s place with an account key of his own', async (t) => {
  // About one person it is asked once in a minute.
  skew += 2 * 60_000;
  const texts = textsOf(ada.client.state);
  const mallory = await openStranger(t, accountOf(ben.client));
  await mallory.say(asIs);
  await mallory.say(asIs, (proof) => ({ ...proof, list: mallory.list(50) }));
  await mallory.say(asIs, () => undefined);
  await settle('the real one');
  t.strictSame(textsOf(ada.client.state), [...texts, 'the real one']);
  t.notOk(eventsOf(ada.client.state).includes('key-changed'));
  t.equal(ada.client.state.open?.person.trust, 'by-invite');
  await scene.stillTalk();
});

t.test(
  'A17: a content that was made for somebody else, or under another device’s name, gives nothing',
  async (t) => {
    const texts = textsOf(ada.client.state);
    const mallory = await openStranger(t);
    const bens = idBytes(accountOf(ben.client));
    const lies: readonly ((honest: ContentFrame) => ContentFrame)[] = [
      (honest) => ({ ...honest, to: { ...honest.to, account: bens } }),
      (honest) => ({ ...honest, from: { ...honest.from, account: bens } }),
      (honest) => ({ ...honest, from: { ...honest.from, device: randomBytes(16) } }),
    ];
    for (const lie of lies) await mallory.say(lie);
    await mallory.say(asIs, () => undefined);
    await settle('after the lies');
    t.notOk(ada.client.state.conversations.some(({ id }) => id === mallory.account));
    t.strictSame(textsOf(ada.client.state), [...texts, 'after the lies']);

    await mallory.say(asIs);
    const isHis = ({ id }: { readonly id: AccountId }): boolean => id === mallory.account;
    const state = await ada.client.waitFor('the honest one', ({ conversations }) =>
      conversations.some(isHis),
    );
    t.match(state.conversations.find(isHis), {
      state: 'request',
      person: { trust: 'unverified' },
      last: { text: 'it is me' },
    });
    await scene.stillTalk();
  },
);

t.test(
  'A24: a first message under the name of a contact’s device leaves that device’s session alone',
  async (t) => {
    const mallory = await openStranger(t, undefined, deviceOf(ben.client));
    await mallory.say(asIs);
    const isHis = ({ id }: { readonly id: AccountId }): boolean => id === mallory.account;
    await ada.client.waitFor('a request', ({ conversations }) =>
      conversations.some((each) => isHis(each) && each.last?.text === 'it is me'),
    );
    await scene.stillTalk();
    for (const { client } of [ada, ben]) {
      t.notOk(eventsOf(client.state).some((what) => what === 'unreadable' || what === 'key-changed'));
      t.strictSame(client.client.background.failures, []);
    }
    // Both sessions go on, each under its own key.
    await mallory.say((honest) => ({ ...honest, id: randomBytes(16), body: encodeCbor({ text: 'again' }) }));
    await ada.client.waitFor('the second', ({ conversations }) =>
      conversations.some((each) => isHis(each) && each.last?.text === 'again'),
    );
    await scene.stillTalk();
  },
);

t.test(
  'A30: receipts, typing, requests and what is said about messages have no effect from a stranger',
  async (t) => {
    await ada.client.commands.sendText(ada.talk, 'about which he speaks');
    const line = await ada.client.waitFor(
      'delivered',
      (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered',
    );
    const message = idBytes(linesOf(line).at(-1)!.id);
    const [conversations, lines] = [ada.client.state.conversations.length, linesOf(ada.client.state)];
    const { length: said } = ada.wire.said;
    const mallory = await openStranger(t);
    const bens = idBytes(accountOf(ben.client));
    const copy = { what: 'sent', account: bens, id: randomBytes(16), sentAt: 1, kind: 'text' };
    const bodies: readonly (readonly [string, unknown])[] = [
      ['read', { messages: [message] }],
      ['typing', { on: true }],
      ['sync', { what: 'read', account: bens, messages: [message] }],
      ['sync', { ...copy, body: encodeCbor({ text: 'Ada never said this' }) }],
      ['retry', { what: 'envelope', envelope: ben.wire.delivered.at(-1)!.id }],
      ['retry', { what: 'missing', epoch: randomBytes(16), numbers: [1, 2, 3] }],
      ['delete', { message }],
      ['edit', { message, revision: 3, text: 'not by Ada' }],
      ['reaction', { author: idBytes(accountOf(ada.client)), message, emoji: '🎉', revision: 1 }],
      ['timer', { seconds: 60, revision: 1 }],
      ['from-the-future', { anything: 1 }],
      ['text', { text: 5 }],
      ['text', {}],
    ];
    for (const [kind, body] of bodies) {
      await mallory.say((honest) => ({ ...honest, kind, body: encodeCbor(body) }));
    }
    await ben.client.commands.setTyping(ben.talk, true);
    await settle('after all that');
    t.strictSame(linesOf(ada.client.state).slice(0, -1), lines, 'nothing has changed');
    t.equal(ada.client.state.conversations.length, conversations, 'and nobody new is shown');
    t.equal(ada.client.state.open?.timer, 0);
    const answered = ada.wire.said.slice(said).filter(({ kind }) => kind === 'fetch-bundles');
    t.strictSame(answered, [], 'and nobody was asked or answered');
    t.strictSame(ada.client.client.background.failures, []);
    await scene.stillTalk();
  },
);

t.test('what a stranger says besides asking for an answer leaves no trace on the disk', async (t) => {
  const stores = ['people', 'chains', 'sessions', 'lines', 'early', 'outbox', 'receipts'];
  const count = (): readonly number[] => stores.map((store) => rowsOf(ada.client.ports.disk, store));
  await isQuiet();
  const before = count();
  for (let i = 0; i < 3; i += 1) {
    const stranger = await openStranger(t);
    for (const [kind, body] of [
      ['reaction', { author: randomBytes(16), message: randomBytes(16), emoji: '🎉', revision: 1 }],
      ['edit', { message: randomBytes(16), revision: 1, text: 'x'.repeat(10_000) }],
      ['delivered', { messages: [randomBytes(16)] }],
      ['from-the-future', {}],
      ['text', { text: 5 }],
    ] as const) {
      const numbered = {
        epoch: randomBytes(16),
        number: 300,
        previous: randomBytes(32),
        salt: randomBytes(32),
        seen: [],
        starts: [],
      };
      await stranger.say((honest) => ({ ...honest, kind, body: encodeCbor(body), link: numbered }));
    }
  }
  await settle('after the strangers');
  await isQuiet();
  t.strictSame(
    count(),
    before.map((rows, i) => (stores[i] === 'lines' ? rows + 1 : rows)),
  );
  await scene.stillTalk();
});

t.test('somebody whose invite answer does not hold is a request, and gets no sign of life', async (t) => {
  const [head = '', fragment = ''] = link.split('#');
  // The secret is another one; the inviter's key hash and delivery key are right.
  const forged = `${head}#${Buffer.from(randomBytes(32)).toString('base64url').slice(0, 42)}${fragment.slice(42)}`;
  const { way } = await scene.newWay();
  await using eve = openTestClient(way);
  const username = scene.freshName('eve');
  await signUp(eve, username, forged);
  const toAda = await openWith(eve, ada.username);
  const { length: said } = ada.wire.said;
  await eve.commands.sendText(toAda, 'let me in');
  const state = await ada.client.waitFor('a request', ({ conversations }) =>
    conversations.some((each) => each.state === 'request' && each.last?.text === 'let me in'),
  );
  const request = state.conversations.find(({ last }) => last?.text === 'let me in')!;
  t.equal(request.person.trust, 'unverified');
  await ada.client.commands.openConversation(request.id);
  await ada.client.commands.markRead(request.id, 100);
  await ada.client.commands.setTyping(request.id, true);
  await eve.waitFor('sent', (now) => linesOf(now)[0]?.delivery.kind === 'sent');
  const spokenTo = ada.wire.said
    .slice(said)
    .flatMap((frame) =>
      frame.kind === 'send' || frame.kind === 'fetch-bundles' ? [idOf<AccountId>(frame.account)] : [],
    );
  t.notOk(spokenTo.includes(request.person.account), 'nothing went to her');

  await ada.client.commands.acceptRequest(request.id);
  await hasContact(ada.client, nameOf(username));
  await ada.client.commands.sendText(request.id, 'come in');
  await eve.waitFor('the answer', (now) => textsOf(now).includes('come in'));
  await openWith(ada.client, ben.name);
  await scene.stillTalk();
});
