/** What the system tells of a call that rings while nobody looks. */
import { en } from '../../client/ui/text/en.ts';
import { expect, test } from './fixtures.ts';
import { ADA, BOB } from './beginning.ts';
import { Caller } from './pages/call.page.ts';
import type { Person } from './pages/person.page.ts';
import { isKept, look, shown } from './system-notices.ts';

test.use({ serviceWorkers: 'allow', calling: {} });

interface Client {
  readonly url: string;
  focus(): Promise<Client>;
}

/** What the test uses of a service worker's scope. */
interface WorkerScope extends EventTarget {
  readonly registration: ServiceWorkerRegistration;
  readonly WindowClient: { readonly prototype: Client };
  readonly NotificationEvent: new (type: string, init: { readonly notification: Notification }) => Event;
}

const RINGS = en.calls.noticeRinging;

/** The person allows notifications and looks elsewhere. */
async function lookAway({ page }: Person): Promise<void> {
  await page.context().grantPermissions(['notifications', 'microphone', 'camera']);
  await isKept(page);
  await look(page, true);
}

/** Titles of the rings that the system tells of. */
async function rings({ page }: Person): Promise<readonly string[]> {
  return (await shown(page)).flatMap(([title, body]) => (body === RINGS ? [title] : []));
}

test('a ring is told of to who looks away, without a word of who it is, as long as it rings', async ({
  ada,
  bob,
}) => {
  const [caller, callee] = [new Caller(bob, ADA.name), new Caller(ada, BOB.name)];
  await lookAway(ada);
  await caller.call('voice');
  await callee.expectRing('voice');
  await expect.poll(() => rings(ada)).toEqual([en.app.name]);
  const kept = await ada.page.evaluate(async () => {
    const [one] = await (await navigator.serviceWorker.ready).getNotifications();
    return {
      all: JSON.stringify([one?.title, one?.body, one?.tag, one?.data]),
      stays: one?.requireInteraction,
    };
  });
  const id = /\/c\/([\w-]{22})/.exec((await ada.item(BOB.name).first().getAttribute('href')) ?? '')?.[1];
  expect(id).toHaveLength(22);
  expect(kept.all).not.toContain(id);
  expect(kept.stays).toBe(true);

  await look(ada.page, false);
  await expect.poll(() => rings(ada), 'who looks sees it in the page').toEqual([]);
  await look(ada.page, true);
  await expect.poll(() => rings(ada)).toEqual([en.app.name]);
  await caller.hangUp();
  await expect.poll(() => shown(ada.page), 'missed now').toEqual([[en.app.name, en.calls.noticeMissed]]);
});

test('a ring is told of with a name, or not at all, as the person has set it', async ({ ada, bob }) => {
  const [caller, callee] = [new Caller(bob, ADA.name), new Caller(ada, BOB.name)];
  for (const [level, titles] of [
    ['name', [BOB.name]],
    ['none', []],
  ] as const) {
    await ada.page.goto(`${ada.origin}/settings`);
    await ada.page.getByRole('radio', { name: en.noticeLevels.levels[level] }).check();
    await lookAway(ada);
    await caller.call('voice');
    await callee.expectRing('voice');
    // A tab that is looked at would have had its time to say so.
    await ada.page.waitForTimeout(1_000);
    await expect.poll(() => rings(ada)).toEqual(titles);
    await caller.hangUp();
    await expect.poll(() => rings(ada)).toEqual([]);
  }
});

test('a press on it brings the page that rings, where the call is taken', async ({ ada, bob }) => {
  const [caller, callee] = [new Caller(bob, ADA.name), new Caller(ada, BOB.name)];
  await lookAway(ada);
  await caller.call('voice');
  await expect.poll(() => rings(ada)).toEqual([en.app.name]);
  const before = ada.page.url();
  const [worker] = ada.page.context().serviceWorkers();
  const focused = await worker?.evaluate(async () => {
    // This runs in the service worker, whose scope is not the one that these types are of.
    const scope = globalThis as unknown as WorkerScope;
    const [notification] = await scope.registration.getNotifications();
    if (notification === undefined) throw new Error('nothing is shown');
    // Only a press of a person's may bring a window to the front.
    const urls: string[] = [];
    const focusing = new Promise<void>((resolve) => {
      scope.WindowClient.prototype.focus = async function focus(this: Client) {
        urls.push(this.url);
        resolve();
        return this;
      };
    });
    scope.dispatchEvent(new scope.NotificationEvent('notificationclick', { notification }));
    await focusing;
    return urls;
  });
  expect(focused).toEqual([before]);
  await look(ada.page, false);
  await callee.expectRing('voice');
  await expect(ada.page, 'it is shown over what was there').toHaveURL(before);
  await expect.poll(() => rings(ada)).toEqual([]);
  await callee.accept();
  await Promise.all([caller.expectTalking(), callee.expectTalking()]);
});

test('a page that is closed leaves no ring behind', async ({ ada, bob }) => {
  const caller = new Caller(bob, ADA.name);
  await lookAway(ada);
  await caller.call('voice');
  await expect.poll(() => rings(ada)).toEqual([en.app.name]);
  const [worker] = ada.page.context().serviceWorkers();
  await ada.page.goto('about:blank');
  await expect
    .poll(() =>
      worker?.evaluate(async () => {
        // In the service worker too.
        const { registration } = globalThis as unknown as WorkerScope;
        return (await registration.getNotifications()).length;
      }),
    )
    .toBe(0);
});
