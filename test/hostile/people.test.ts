/**
 * A contact with a client of his own making. Malformed, oversized, repeated, mistimed and mistaken contents inside valid encryption change
 * nothing but his own conversation. Rows A17 and A24 for what he says in other people’s names.
 */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { encodeCbor } from '@tacet/protocol/cbor';
import { encodeForDevice, type ContentFrame } from '@tacet/protocol/content/frame';
import { idBytes } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { padContent } from '@tacet/protocol/padding';
import { putRecord } from '@tacet/protocol/rest/accounts';
import { accountOf, eventsOf, isAllDelivered, openWith, readShown, textsOf } from '../support/make-client.ts';
import { openMallory } from './mallory.ts';
import { openScene } from './scene.ts';

t.setTimeout(600_000);

const DAY_MS = 24 * 60 * 60_000;

let skew = 0;
const clock = { skewMs: (): number => skew };
const scene = await openScene({ adas: clock, bens: clock });
t.teardown(() => scene.close());
const { ada, ben } = scene;
const mallory = await openMallory(scene, clock);
// What is counted by the day is counted within one.
skew = DAY_MS - (Date.now() % DAY_MS);
t.teardown(() => mallory.client.close());
const { toMallory } = mallory;
const say: (typeof mallory)['say'] = (lie) => mallory.say(lie);
const sayBody: (typeof mallory)['sayBody'] = (...said) => mallory.sayBody(...said);
// Nothing is written by what is merely read.
for (const { client } of [ada, ben, mallory]) await client.commands.setPrivacy({ readReceipts: false });

/** Rows of a store on Ada's disk. */
function rowsOf(store: string): number {
  return ada.client.ports.disk.databases.get('tacet')?.get(store)?.size ?? 0;
}

/** The conversation with Ben, and what the list says of it. */
async function withBen(): Promise<unknown> {
  await readShown(ada.client);
  await openWith(ada.client, ben.name);
  const { open, conversations } = ada.client.state;
  const shown = { open, listed: conversations.find(({ id }) => id === ada.talk) };
  await openWith(ada.client, mallory.name);
  return shown;
}

/** Mallory says all this; the conversation with Ben is as it was, and both are usable. */
async function onlyHis(t: Test, words: string, hostile: () => Promise<void>): Promise<void> {
  const before = await withBen();
  await hostile();
  await mallory.settle(words);
  t.strictSame(await withBen(), before, 'nothing has changed with Ben');
  t.strictSame(ada.client.client.background.failures, []);
  await ada.client.commands.sendText(toMallory, `${words}, said Ada`);
  await mallory.client.waitFor('her answer', (state) => textsOf(state).includes(`${words}, said Ada`));
  await readShown(ada.client);
  await openWith(ada.client, ben.name);
  await scene.stillTalk();
  for (const { client } of [ada, ben, mallory]) await readShown(client);
  await isAllDelivered(ada.client);
  await openWith(ada.client, mallory.name);
  skew += DAY_MS;
}

t.test(
  'malformed plaintexts of a contact give a line in his conversation, and what he meant comes by repair',
  async (t) => {
    const frames: ((honest: ContentFrame) => Uint8Array)[] = [
      () => new Uint8Array(0),
      () => new Uint8Array(randomBytes(256)),
      () => padContent(new Uint8Array(randomBytes(100))),
      // Lists within lists, a map with a forbidden key, a map with a key twice, an endless list.
      () => padContent(new Uint8Array(5_000).fill(0x81)),
      () => padContent(Uint8Array.of(0xa1, 0x69, ...Buffer.from('__proto__'), 0xa0)),
      () => padContent(Uint8Array.of(0xa2, 0x61, 0x76, 0x01, 0x61, 0x76, 0x02)),
      () => padContent(Uint8Array.of(0x9f, 0x01)),
      (honest) => encodeForDevice({ frame: encodeCbor({ ...honest, more: 1 }) }),
      (honest) => encodeForDevice({ frame: encodeCbor({ ...honest, sentAt: -1 }) }),
      (honest) => encodeForDevice({ frame: Uint8Array.of(...encodeCbor(honest), 0) }),
      (honest) => encodeCbor({ frame: encodeCbor(honest) }),
    ];
    await onlyHis(t, 'after the malformed', async () => {
      for (const frame of frames) await say((honest) => Uint8Array.from(frame(honest)));
    });
    const unreadable = eventsOf(ada.client.state).filter((what) => what === 'unreadable');
    t.equal(unreadable.length, frames.length, 'each is shown');
    await ada.client.waitFor('the repairs', (state) => !eventsOf(state).includes('gap'));
  },
);

t.test('oversized contents of a contact are refused by their limits and take no room', async (t) => {
  const ids = Array.from({ length: 300 }, () => randomBytes(16));
  const early = rowsOf('early');
  await onlyHis(t, 'after the oversized', async () => {
    await say(() => new Uint8Array(LIMITS.contentMaxBytes + 1_024));
    await sayBody('text', { text: 'x'.repeat(LIMITS.textMaxChars + 1) });
    await sayBody('text', {
      text: 'a reply',
      reply: { author: randomBytes(16), message: randomBytes(16), text: 'x'.repeat(1_000) },
    });
    await sayBody('edit', {
      message: randomBytes(16),
      revision: 1,
      text: 'x'.repeat(LIMITS.textMaxChars + 1),
    });
    await sayBody('read', { messages: ids });
    await sayBody('retry', { what: 'missing', epoch: randomBytes(16), numbers: ids.map((_, i) => i) });
    await sayBody('reaction', { author: ids[0], message: ids[1], emoji: '🎉'.repeat(50), revision: 1 });
    await sayBody('reaction', { author: ids[0], message: ids[1], emoji: '🎉', revision: 1_000_000 });
    await sayBody('timer', { seconds: 1e9, revision: 1 });
  });
  t.notOk(textsOf(ada.client.state).some((text) => text.length > 200 || text === 'a reply'));
  t.equal(rowsOf('early'), early);
});

t.test('what a contact says about messages that never come waits in a bounded place', async (t) => {
  await onlyHis(t, 'after the early ones', async () => {
    for (let i = 0; i < 70; i += 1)
      await sayBody('edit', { message: randomBytes(16), revision: 1, text: `early ${i}` });
  });
  t.ok(rowsOf('early') <= 64, `${rowsOf('early')} wait`);
});

t.test(
  'a content that a contact repeats inside new encryption is taken once, whatever it says the second time',
  async (t) => {
    const id = randomBytes(16);
    const said: ContentFrame[] = [];
    await onlyHis(t, 'after the repeated', async () => {
      await say((honest) => {
        const frame = { ...honest, id, body: encodeCbor({ text: 'said once' }) };
        said.push(frame);
        return frame;
      });
      await say(() => said[0]!);
      await sayBody('text', { text: 'said otherwise' }, id);
      await say((honest) => ({ ...said[0]!, link: honest.link! }));
    });
    await ada.client.waitFor('no gap', (state) => !eventsOf(state).includes('gap'));
    t.equal(textsOf(ada.client.state).filter((text) => text === 'said once').length, 1);
    t.notOk(textsOf(ada.client.state).includes('said otherwise'));
  },
);

t.test(
  'a contact’s clock is his own: no time that he writes moves another conversation or undoes a limit',
  async (t) => {
    const ids = [randomBytes(16), randomBytes(16), randomBytes(16)];
    const now = ada.client.ports.clock.now();
    const at = (sentAt: number, id: Uint8Array, kind: string, body: unknown) =>
      say((honest) => ({ ...honest, sentAt, id: Uint8Array.from(id), kind, body: encodeCbor(body) }));
    await onlyHis(t, 'after the times', async () => {
      await at(0, ids[0]!, 'text', { text: 'in 1970' });
      await at(8_640_000_000_000_000, ids[1]!, 'text', { text: 'at the end of time' });
      await at(now - 3 * DAY_MS, ids[2]!, 'text', { text: 'three days ago' });
      await at(now, randomBytes(16), 'edit', { message: ids[2], revision: 1, text: 'edited too late' });
      await at(now, randomBytes(16), 'delete', { message: ids[0] });
    });
    for (const words of ['in 1970', 'at the end of time', 'three days ago'])
      t.equal(textsOf(ada.client.state).filter((text) => text === words).length, 1, words);
    t.notOk(textsOf(ada.client.state).includes('edited too late'));
    t.equal(
      ada.client.state.conversations[0]?.id,
      ada.talk,
      'the newest conversation is where something was said last',
    );
  },
);

t.test('a contact who numbers as he likes makes nothing grow without bound, and hides nothing', async (t) => {
  const counter = Number.MAX_SAFE_INTEGER;
  await onlyHis(t, 'after the numbers', async () => {
    for (let i = 0; i < 70; i += 1) {
      const link = {
        epoch: randomBytes(16),
        number: i === 30 ? counter : 1,
        previous: new Uint8Array(32),
        salt: randomBytes(32),
      };
      await say((honest) => ({
        ...honest,
        from: { ...honest.from, list: { ...honest.from.list, counter } },
        to: { ...honest.to, list: { ...honest.to.list, counter } },
        link: {
          ...link,
          seen: [{ device: randomBytes(16), epoch: randomBytes(16), number: counter }],
          starts: [],
        },
        body: encodeCbor({ text: `number ${i}` }),
      }));
    }
  });
  t.ok(rowsOf('chains') <= 64 + 8, `${rowsOf('chains')} chains`);
  t.ok(textsOf(ada.client.state).includes('number 69'));
  t.ok(eventsOf(ada.client.state).includes('gap'), 'what never came of his own is shown');
});

t.test(
  'A17: a contact who passes on what was made for somebody else, or under another’s name, gives nothing',
  async (t) => {
    const bens = idBytes(accountOf(ben.client));
    await onlyHis(t, 'after the names', async () => {
      await say((honest) => ({ ...honest, to: { ...honest.to, account: bens } }));
      await say((honest) => ({ ...honest, to: { ...honest.to, account: honest.from.account } }));
      await say((honest) => ({ ...honest, from: { ...honest.from, account: bens } }));
      await say((honest) => ({ ...honest, from: { ...honest.from, account: honest.to.account } }));
      await say((honest) => ({ ...honest, from: { ...honest.from, device: randomBytes(16) } }));
    });
    t.ok(
      eventsOf(ada.client.state).includes('unreadable'),
      'and each is shown as unreadable where he writes',
    );
  },
);

t.test('keys that are known already change no record, however often a contact tells them', async (t) => {
  const keys = { profileKey: randomBytes(32), deliveryKey: randomBytes(32) };
  const uploads = (): number =>
    ada.wire.asked.filter(({ method, path }) => method === putRecord.method && path === putRecord.path)
      .length;
  const before = uploads();
  await sayBody('profile', keys);
  await ada.wire.when('the change is uploaded', () => uploads() > before);
  await ada.client.client.background.settled();
  const after = uploads();
  for (let i = 0; i < 5; i += 1) await sayBody('profile', keys);
  await mallory.settle('after the keys');
  // A change of the record is uploaded within 300 ms: one of Ada's own comes after any of his.
  await ada.client.commands.setPrivacy({ typing: false });
  await ada.wire.when('her own change is uploaded', () => uploads() > after);
  await ada.client.client.background.settled();
  t.equal(uploads(), after + 1);
  await openWith(ada.client, ben.name);
  await scene.stillTalk();
});
