/**
 * Whatever is said about messages, in whatever order, with whatever repeats and losses of order, every device ends with the same: the
 * real handlers on two databases of own devices that hear of it in two different orders. No text returns after its deletion, and nobody
 * changes another's message.
 */
import * as fc from 'fast-check';
import t from 'tap';
import { generateKey, type LocalKey } from '@tacet/crypto/vault';
import { Conversations } from '@tacet/client/core/conversations/conversations';
import { STORE_NAMES } from '@tacet/client/core/db/migrations';
import { claimDatabase, SealedDb } from '@tacet/client/core/db/sealed';
import { T } from '@tacet/client/core/db/stores';
import { AMEND_TABLES, Amending } from '@tacet/client/core/messages/amending';
import { amend, merge, type Amendment, type Amendments } from '@tacet/client/core/messages/amendments';
import { EarlyContents } from '@tacet/client/core/messages/early';
import type { Outbox } from '@tacet/client/core/messages/outbox';
import { ToldQuotes } from '@tacet/client/core/messages/told-quotes';
import { laterTimer, lifetimeOf, shorter } from '@tacet/client/core/messages/timers';
import type { OwnKeeper } from '@tacet/client/core/own';
import type { Line } from '@tacet/client/core/view';
import { ready } from '@tacet/crypto';
import { TIMER_REVISION_STEP, type Timer } from '@tacet/protocol/content/timer';
import { idBytes, idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import { openNodePorts } from '../support/node-ports.ts';
import { seedProperties } from '../support/seed-properties.ts';

t.setTimeout(600_000);
seedProperties(t);

const id = <Id extends AccountId | MessageId>(n: number): Id => idOf<Id>(new Uint8Array(16).fill(n));
const ME = id<AccountId>(1);
const BEN = id<AccountId>(2);
const CAROL = id<AccountId>(3);
const MESSAGES = [id<MessageId>(11), id<MessageId>(12), id<MessageId>(13)];
const SENT_AT = 1_700_000_000_000;
const DAY_MS = 24 * 60 * 60_000;

/** Something that a device hears. `by` has been proved; `author` is what a reaction claims. */
type Heard =
  | { readonly what: 'text'; readonly by: AccountId; readonly message: MessageId; readonly text: string }
  | { readonly what: 'timer'; readonly by: AccountId; readonly timer: Timer }
  | {
      readonly what: 'amend';
      readonly by: AccountId;
      readonly author: AccountId;
      readonly message: MessageId;
      readonly change: Amendment;
    };

const people = fc.constantFrom(ME, BEN);
const messages = fc.constantFrom(...MESSAGES);
const words = fc.constantFrom('one', 'two', 'three', 'four');
const change = (by: AccountId): fc.Arbitrary<Amendment> =>
  fc.oneof(
    fc.record({
      kind: fc.constant('reaction' as const),
      by: fc.constant(by),
      emoji: fc.constantFrom('👍', '🎉'),
      revision: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({
      kind: fc.constant('reaction' as const),
      by: fc.constant(by),
      revision: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({
      kind: fc.constant('edit' as const),
      revision: fc.integer({ min: 1, max: 4 }),
      text: words,
      at: fc.integer({ min: SENT_AT, max: SENT_AT + DAY_MS }),
    }),
    fc.record({
      kind: fc.constant('delete' as const),
      at: fc.integer({ min: SENT_AT, max: SENT_AT + DAY_MS }),
    }),
  );
const heard: fc.Arbitrary<Heard> = people.chain((by) =>
  fc.oneof(
    {
      weight: 1,
      arbitrary: messages.map((message): Heard => ({ what: 'text', by, message, text: 'first' })),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({ seconds: fc.constantFrom(0, 30, 3_600), revision: fc.integer({ min: 1, max: 5 }) })
        .map((timer): Heard => ({ what: 'timer', by, timer })),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(people, messages, change(by)).map(([author, message, one]): Heard => ({
        what: 'amend',
        by,
        // An edit or a deletion can name no author: it is looked up under whoever sent it.
        author: one.kind === 'reaction' ? author : by,
        message,
        change: one,
      })),
    },
  ),
);

/** A device with the real storage and the real handlers beneath it; no network. */
async function openDevice() {
  const ports = openNodePorts({ url: 'http://127.0.0.1:9' });
  const raw = await ports.openDatabase('device', 1, STORE_NAMES);
  const db = new SealedDb(raw, generateKey<LocalKey>(), await claimDatabase(raw), () => undefined);
  const watcher = { touched: () => undefined, lineChanged: () => undefined };
  const conversations = await Conversations.load(db, ports.clock, watcher);
  const early = new EarlyContents(db, ports.clock);
  const told = new ToldQuotes(db);
  const own = { value: { account: ME } } as OwnKeeper;
  const outbox = { erase: () => false } as unknown as Outbox;
  const amending = new Amending({ db, clock: ports.clock, own, conversations, outbox, early, told });

  async function hear(what: Heard): Promise<void> {
    await db.write(AMEND_TABLES, async (tx) => {
      switch (what.what) {
        case 'text': {
          const { by, message, text } = what;
          const line = {
            id: message,
            author: by,
            mine: by === ME,
            text,
            sentAt: SENT_AT,
            receivedAt: SENT_AT,
            delivery: { kind: 'sent' },
          } as const;
          await amending.addMessage(tx, BEN, line, { own: by === ME });
          return;
        }
        case 'timer':
          amending.hearTimer(tx, BEN, what.timer, what.by === ME);
          return;
        case 'amend':
          await amending.apply(tx, BEN, what.author, what.message, what.change);
      }
    });
  }

  /** What is shown of each message, whatever its place, and the timer. */
  async function shown(): Promise<unknown> {
    const rows = await db.read([T.lines], (tx) => tx.range(T.lines, {}));
    const lines = rows.flatMap(({ value }) => (value.line.kind === 'message' ? [value.line] : []));
    const of = ({ id: message, mine, text, reactions, editedAt, deletedAt }: Message): unknown => ({
      message,
      mine,
      text,
      reactions,
      editedAt,
      deletedAt,
    });
    return {
      lines: lines.map(of).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      timer: conversations.get(BEN)?.timer,
    };
  }

  return { hear, shown, db, amending, conversations };
}
type Message = Extract<Line, { readonly kind: 'message' }>;

t.before(async () => {
  const { random, clock } = openNodePorts({ url: 'http://127.0.0.1:9' });
  await ready({ random, now: () => clock.now() });
});

t.test(
  'two own devices that hear the same in different orders, some of it twice, show the same',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(heard, { minLength: 1, maxLength: 14 }).chain((all) =>
          fc.record({
            first: fc.shuffledSubarray(all, { minLength: all.length }),
            second: fc.shuffledSubarray(all, { minLength: all.length }),
            again: fc.subarray(all),
          }),
        ),
        async ({ first, second, again }) => {
          const [laptop, phone] = [await openDevice(), await openDevice()];
          for (const what of first) await laptop.hear(what);
          for (const what of [...second, ...again]) await phone.hear(what);
          t.strictSame(await phone.shown(), await laptop.shown());
          return JSON.stringify(await phone.shown()) === JSON.stringify(await laptop.shown());
        },
      ),
      { numRuns: 120 },
    );
  },
);

t.test('no text is there after its deletion, whatever comes before or after it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(heard, { maxLength: 10 }),
      fc.array(heard, { maxLength: 10 }),
      async (before, after) => {
        const device = await openDevice();
        const [message] = MESSAGES as [MessageId];
        const text: Heard = { what: 'text', by: BEN, message, text: 'first' };
        const gone: Heard = {
          what: 'amend',
          by: BEN,
          author: BEN,
          message,
          change: { kind: 'delete', at: SENT_AT },
        };
        for (const what of [...before, text, gone, ...after, text]) await device.hear(what);
        const place = await device.db.write(AMEND_TABLES, (tx) =>
          device.conversations.lines.placeOf(tx, BEN, message),
        );
        const stored = await device.db.write(AMEND_TABLES, (tx) =>
          device.conversations.lines.storedIn(tx, BEN, place?.order ?? 0),
        );
        if (stored?.line.kind !== 'message') return false;
        const { line, amendments } = stored;
        const isBare = amendments?.edit === undefined && amendments?.reactions === undefined;
        return line.text === '' && line.deletedAt === SENT_AT && line.reactions === undefined && isBare;
      },
    ),
    { numRuns: 80 },
  );
});

t.test('nobody changes a message of somebody else or of another conversation', async (t) => {
  const device = await openDevice();
  const [message, other] = MESSAGES as [MessageId, MessageId];
  for (const by of [ME, BEN]) await device.hear({ what: 'text', by, message, text: `by ${by}` });
  await device.db.write(AMEND_TABLES, async (tx) => {
    const line = {
      id: other,
      author: ME,
      mine: true,
      text: 'to Carol',
      sentAt: SENT_AT,
      receivedAt: SENT_AT,
      delivery: { kind: 'sent' },
    } as const;
    await device.amending.addMessage(tx, CAROL, line, { own: true });
  });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...MESSAGES), change(BEN), async (target, one) => {
      if (one.kind === 'reaction') return true;
      await device.hear({ what: 'amend', by: BEN, author: BEN, message: target, change: one });
      const rows = await device.db.read([T.lines], (tx) => tx.range(T.lines, {}));
      const own = rows.flatMap(({ value }) =>
        value.line.kind === 'message' && value.line.mine ? [value.line] : [],
      );
      return own.every(
        ({ text, deletedAt }) =>
          deletedAt === undefined && text !== '' && !/^(?:one|two|three|four)$/.test(text),
      );
    }),
    { numRuns: 60 },
  );
  // A reaction in Ben's conversation to what was said to Carol, and under a third person's name.
  const react: Amendment = { kind: 'reaction', by: BEN, emoji: '🎉', revision: 1 };
  const outcomes = await device.db.write(AMEND_TABLES, async (tx) => [
    await device.amending.apply(tx, BEN, ME, other, react),
    await device.amending.apply(tx, BEN, CAROL, other, react),
    await device.amending.apply(tx, CAROL, BEN, message, react),
  ]);
  t.strictSame(outcomes, ['refused', 'refused', 'refused']);
});

t.test(
  'an edit or a deletion that comes a day late is refused, also when it came before its message',
  async (t) => {
    const late: readonly Amendment[] = [
      { kind: 'edit', revision: 1, text: 'late', at: SENT_AT + DAY_MS + 1 },
      { kind: 'delete', at: SENT_AT + DAY_MS + 1 },
    ];
    const [message] = MESSAGES as [MessageId];
    for (const one of late) {
      const text: Heard = { what: 'text', by: BEN, message, text: 'first' };
      const edit: Heard = { what: 'amend', by: BEN, author: BEN, message, change: one };
      for (const order of [
        [text, edit],
        [edit, text],
      ]) {
        const device = await openDevice();
        for (const what of order) await device.hear(what);
        t.match(await device.shown(), {
          lines: [{ text: 'first', deletedAt: undefined, editedAt: undefined }],
        });
      }
    }
  },
);

t.test('what waits for messages is bounded, and given to the right one', async (t) => {
  const device = await openDevice();
  const react = (by: AccountId): Amendment => ({ kind: 'reaction', by, emoji: '🎉', revision: 1 });
  for (let n = 0; n < 80; n += 1) {
    const message = idOf<MessageId>(Uint8Array.from([...idBytes(id<MessageId>(99))].fill(n, 8)));
    await device.hear({ what: 'amend', by: BEN, author: BEN, message, change: react(BEN) });
  }
  const rows = await device.db.read([T.early], (tx) => tx.range(T.early, {}));
  t.equal(rows.length, 64);
  const [message] = MESSAGES as [MessageId];
  await device.hear({ what: 'amend', by: BEN, author: ME, message, change: react(BEN) });
  await device.hear({ what: 'text', by: BEN, message, text: 'the same id, another author' });
  await device.hear({ what: 'text', by: ME, message, text: 'this one' });
  t.match(await device.shown(), {
    lines: [
      { text: 'the same id, another author', reactions: undefined },
      { text: 'this one', reactions: [{ emoji: '🎉', mine: false }] },
    ],
  });
});

t.test(
  'merging what is known about a message is the same in any order and changes nothing twice',
  async () => {
    const sum = (all: readonly Amendment[]): Amendments => all.reduce<Amendments>(amend, {});
    const changes = fc.array(people.chain(change), { maxLength: 8 });
    fc.assert(
      fc.property(changes, changes, (a, b) => {
        const [left, right] = [sum(a), sum(b)];
        const once = merge(left, right);
        const same = (x: unknown, y: unknown): boolean =>
          JSON.stringify(sorted(x)) === JSON.stringify(sorted(y));
        return (
          same(once, merge(right, left)) && same(once, merge(once, right)) && same(once, sum([...b, ...a]))
        );
      }),
    );
  },
);

t.test(
  'what is noted about quotes that were told is there as long as their replies, and no longer',
  async (t) => {
    const REPLIES = Array.from({ length: 6 }, (_, i) => id<MessageId>(21 + i));
    const step = fc.record({
      what: fc.constantFrom('reply', 'reply', 'remove', 'delete'),
      reply: fc.constantFrom(...REPLIES),
      quoted: fc.constantFrom(...MESSAGES),
      by: people,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 16 }), async (steps) => {
        const { db, amending } = await openDevice();
        for (const { what, reply, quoted, by } of steps) {
          await db.write(AMEND_TABLES, async (tx) => {
            if (what === 'reply') {
              await amending.addMessage(tx, BEN, replyLine(reply, by), {
                reply: { author: idBytes(BEN), message: idBytes(quoted), text: 'told words' },
                own: by === ME,
              });
              return;
            }
            const found = await amending.find(tx, BEN, { id: reply, mine: by === ME });
            if (found === undefined) return;
            if (what === 'remove') await amending.remove(tx, BEN, found.line.order);
            else await amending.apply(tx, BEN, by, reply, { kind: 'delete', at: SENT_AT + 1 });
          });
        }
        const [noted, rows] = await db.read([T.toldQuotes, T.lines], (tx) =>
          Promise.all([tx.range(T.toldQuotes, {}), tx.range(T.lines, {})]),
        );
        const standing = rows.flatMap(({ value: { line } }) =>
          line.kind === 'message' && line.reply?.state === 'told' ? [line.order] : [],
        );
        t.strictSame(noted.flatMap(({ value }) => value).toSorted(ascending), standing.toSorted(ascending));
      }),
      { numRuns: 60 },
    );
  },
);

t.test('a quote that cannot be kept shows no words, and is not said to be gone', async (t) => {
  const { db, amending } = await openDevice();
  const MANY = 66;
  await db.write(AMEND_TABLES, async (tx) => {
    for (let i = 0; i < MANY; i += 1) {
      await amending.addMessage(tx, BEN, replyLine(id<MessageId>(30 + i), BEN), {
        reply: { author: idBytes(BEN), message: idBytes(id<MessageId>(11)), text: 'told words' },
        own: false,
      });
    }
  });
  const rows = await db.read([T.lines], (tx) => tx.range(T.lines, {}));
  const quotes = rows.flatMap(({ value: { line } }) =>
    line.kind === 'message' && line.reply !== undefined ? [line.reply] : [],
  );
  t.equal(quotes.length, MANY);
  t.ok(quotes.every(({ state }) => state === 'told'));
  t.equal(quotes.filter(({ text }) => text === '').length, 2, 'the two beyond the 64 that are kept');
});

const ascending = (a: number, b: number): number => a - b;

function replyLine(message: MessageId, by: AccountId) {
  return {
    id: message,
    author: by,
    mine: by === ME,
    text: 'a reply',
    sentAt: SENT_AT,
    receivedAt: SENT_AT,
    delivery: { kind: 'sent' },
  } as const;
}

t.test(
  'of two timers the higher revision is in force, of equal ones the shorter, and no jump is believed',
  async (t) => {
    const timer = fc.record({
      seconds: fc.constantFrom(0, 30, 3_600),
      revision: fc.integer({ min: 1, max: 900 }),
    });
    fc.assert(
      fc.property(timer, timer, fc.boolean(), (a, b, own) => {
        const both = laterTimer(laterTimer(undefined, a, own), b, own);
        const turned = laterTimer(laterTimer(undefined, b, own), a, own);
        const highest = Math.max(a.revision, b.revision);
        return both?.revision === highest && JSON.stringify(sorted(both)) === JSON.stringify(sorted(turned));
      }),
    );
    const held = { seconds: 30, revision: 5 };
    const far = { seconds: 0, revision: 6 + TIMER_REVISION_STEP };
    t.equal(laterTimer(held, far, false), held, 'nobody uses up the numbers');
    t.equal(lifetimeOf(held, far), 30, 'and no message stays longer for it');
    t.strictSame(laterTimer(held, far, true), far, 'own devices are believed');
    t.strictSame([shorter(0, 0), shorter(0, 30), shorter(30, 0), shorter(30, 60)], [0, 30, 30, 30]);
  },
);

/** The same value with its properties in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, held]) => [name, sorted(held)]),
  );
}
