/**
 * Any interleaving of tabs that open, send, freeze, thaw and crash, on a machine as slow as it likes: every message of a tab that
 * lives on is stored exactly once and in its order, one that a crashed tab sent at most once, and nothing is written by a tab after
 * another has claimed the database. The tabs and doors are the real ones; browser and core are simulated.
 */
import fc from 'fast-check';
import t from 'tap';
import type { Client, View } from '@tacet/client/core/client';
import { FIRST_STATE, openDoor, type MainDoor } from '@tacet/client/core/door';
import { CoreError } from '@tacet/client/core/failure';
import { openTab } from '@tacet/client/core/tabs/tabs';
import { Pipe } from '@tacet/client/core/tabs/pipe';
import type { CallView, Commands, ConversationId, ViewState } from '@tacet/client/core/view';
import { Background } from '@tacet/client/core/background';
import type { CallId, MessageId } from '@tacet/protocol/ids';
import { seedProperties } from '../support/seed-properties.ts';
import { SimulatedBrowser, SimulatedTab } from '../support/simulated-tabs.ts';

t.setTimeout(600_000);
seedProperties(t);
const RUNS = process.env['TACET_SOAK'] === '1' ? 2_000 : 150;

/** The one database of the profile: who may write, and what was written. */
interface Store {
  owner: number;
  readonly messages: Map<MessageId, string>;
  /** The tabs whose core was asked to call, in order. */
  readonly calls: SimulatedTab[];
}

/** A call that goes on. */
const TALKING: CallView = {
  id: '' as CallId,
  conversation: '' as ConversationId,
  side: 'caller',
  media: 'audio',
  since: 0,
  phase: { kind: 'talking', since: 0 },
  code: undefined,
  way: 'direct',
  theirs: { microphone: true, camera: false, screen: false },
  quality: undefined,
  troubles: [],
};

/** Core as far as tabs see it: it claims the store, writes under a fence, and everything takes a while. */
function openStandIn(browser: SimulatedBrowser, tab: SimulatedTab, store: Store, lost: () => void): Client {
  let owner = 0;
  const turn = (): Promise<void> => new Promise((resolve) => browser.post(tab, resolve));
  const started = turn().then(() => {
    store.owner += 1;
    ({ owner } = store);
  });
  const shows = new Set<(slices: Partial<ViewState>) => void>();
  let call: CallView | undefined;
  const commands = (key: MessageId): Commands =>
    ({
      startCall: async () => {
        store.calls.push(tab);
        call = TALKING;
        for (const show of shows) show({ call });
      },
      openConversation: async () => undefined,
      sendText: async (_to: ConversationId, text: string) => {
        await turn();
        if (store.owner !== owner) {
          lost();
          throw new CoreError('cancelled', 'another tab owns the database');
        }
        if (!store.messages.has(key)) store.messages.set(key, text);
        // Power may go, or another tab come, between the commit and the word of it.
        await turn();
        return key;
      },
    }) as unknown as Commands;
  return {
    started,
    background: new Background(),
    close: async () => undefined,
    attach(show): View {
      shows.add(show);
      show({ ...FIRST_STATE, session: { kind: 'signed-out' }, call });
      return {
        commands: commands('' as MessageId),
        keyed: commands,
        attend: () => undefined,
        account: () => undefined,
        close: () => undefined,
      };
    },
  };
}

/** A tab with its window. */
interface Page {
  readonly tab: SimulatedTab;
  readonly door: MainDoor;
  readonly sent: { readonly text: string; outcome: 'waiting' | 'stored' | 'refused' }[];
}

function openPage(browser: SimulatedBrowser, store: Store): Page {
  const tab = new SimulatedTab();
  const ports = browser.portsOf(tab);
  const toWorker = new Pipe((message) => browser.post(tab, () => toWindow.deliver(message)));
  const toWindow = new Pipe((message) => browser.post(tab, () => toWorker.deliver(message)));
  const door = openDoor(toWindow, ports.random);
  openTab(ports, (lost) => openStandIn(browser, tab, store, lost)).serveWindow(toWorker);
  return { tab, door, sent: [] };
}

function send(page: Page, text: string): void {
  const one: Page['sent'][number] = { text, outcome: 'waiting' };
  page.sent.push(one);
  page.door.commands.sendText('' as ConversationId, text).then(
    () => {
      one.outcome = 'stored';
    },
    () => {
      one.outcome = 'refused';
    },
  );
}

const action = fc.record({
  what: fc.constantFrom('send', 'send', 'send', 'open', 'crash', 'freeze', 'thaw'),
  who: fc.nat(20),
  steps: fc.nat(25),
});

t.test('whatever tabs do, a message is stored once, in order, and by the owner alone', async (t) => {
  let takeovers = 0;
  const property = fc.asyncProperty(
    fc.array(action, { minLength: 5, maxLength: 40 }),
    fc.array(fc.nat(1_000), { minLength: 50, maxLength: 50 }),
    async (actions, dice) => {
      let rolls = 0;
      const browser = new SimulatedBrowser((count) => (dice[(rolls += 1) % dice.length] ?? 0) % count);
      const store: Store = { owner: 0, messages: new Map(), calls: [] };
      const pages: Page[] = [openPage(browser, store), openPage(browser, store)];
      const inState = (state: SimulatedTab['state']): readonly Page[] =>
        pages.filter(({ tab }) => tab.state === state);
      for (const [number, { what, who, steps }] of actions.entries()) {
        const alive = inState('alive');
        const page = alive[who % alive.length];
        const frozen = inState('frozen')[0];
        if (what === 'open' && pages.length < 6) pages.push(openPage(browser, store));
        if (what === 'send' && page !== undefined) send(page, `message ${String(number)}`);
        if (what === 'crash' && page !== undefined && alive.length > 1) browser.kill(page.tab);
        if (what === 'freeze' && page !== undefined && alive.length > 1) page.tab.state = 'frozen';
        if (what === 'thaw' && frozen !== undefined) frozen.tab.state = 'alive';
        for (let i = 0; i < steps; i += 1) await browser.step();
        for (const { door, sent } of inState('alive')) {
          const inSight = new Set(door.unstored.value.map(({ text }) => text));
          const lost = sent.find(({ text, outcome }) => outcome === 'waiting' && !inSight.has(text));
          if (lost !== undefined) throw new Error(`on its way and out of sight: ${lost.text}`);
        }
      }
      for (const { tab } of inState('frozen')) tab.state = 'alive';
      const surviving = inState('alive');
      const isDone = (): boolean =>
        surviving.every(
          ({ door, sent }) =>
            door.unstored.value.length === 0 && sent.every(({ outcome }) => outcome === 'stored'),
        );
      const done = await browser.until(isDone);
      takeovers += store.owner - 1;
      const stored = [...store.messages.values()];
      if (!done) throw new Error(`not stored: ${JSON.stringify(surviving.map(({ sent }) => sent))}`);
      if (new Set(stored).size !== stored.length) throw new Error(`stored twice: ${stored.join()}`);
      for (const { sent } of surviving) {
        const texts = new Set(sent.map(({ text }) => text));
        const order = stored.filter((text) => texts.has(text));
        const wanted = sent.map(({ text }) => text);
        if (order.join() !== wanted.join()) throw new Error(`${wanted.join()} became ${order.join()}`);
      }
    },
  );
  await t.resolves(fc.assert(property, { numRuns: RUNS }));
  t.ok(takeovers > RUNS / 10, 'owners were replaced again and again');
});

t.test('the tab that is to call takes the account over, unless a call goes on in another one', async (t) => {
  const browser = new SimulatedBrowser(() => 0);
  const store: Store = { owner: 0, messages: new Map(), calls: [] };
  const first = openPage(browser, store);
  const isServed = ({ door }: Page): boolean => door.state.session.value.kind === 'signed-out';
  t.ok(await browser.until(() => isServed(first)));
  const second = openPage(browser, store);
  t.ok(await browser.until(() => isServed(second)));
  t.same([first.door.isElsewhere.value, second.door.isElsewhere.value], [false, true]);

  const call = (page: Page): void => {
    page.door.commands.startCall('' as ConversationId, 'audio').catch(() => undefined);
  };
  call(second);
  t.ok(await browser.until(() => store.calls.length === 1));
  t.ok(store.calls[0] === second.tab, 'its own core calls');
  const sees = (page: Page): boolean => page.door.state.call.value?.phase.kind === 'talking';
  t.ok(await browser.until(() => sees(first) && first.door.isElsewhere.value));
  t.notOk(second.door.isElsewhere.value);

  call(first);
  t.ok(await browser.until(() => store.calls.length === 2));
  t.ok(store.calls[1] === second.tab, 'the core in whose tab the call goes on is asked, and goes on');
  t.notOk(second.door.isElsewhere.value);
});
