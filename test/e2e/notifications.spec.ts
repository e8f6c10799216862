/** What is told of new messages outside the page: notifications, the number in title and icon, and the offer to turn them on. */
import { en } from '../../client/ui/text/en.ts';
import { expect, test } from './fixtures.ts';
import { isKept, look, shown } from './system-notices.ts';

test.use({ serviceWorkers: 'allow' });

/** What the test uses of a service worker's scope. */
interface WorkerScope extends EventTarget {
  readonly registration: ServiceWorkerRegistration;
  readonly NotificationEvent: new (type: string, init: { readonly notification: Notification }) => Event;
}

test('somebody who looks away is told that there is a message, and of nothing in it', async ({
  ada,
  bob,
}) => {
  await ada.page.context().grantPermissions(['notifications']);
  await bob.send('seen at once');
  await expect(ada.item('Bob')).toContainText('seen at once');
  await isKept(ada.page);
  expect(await shown(ada.page), 'nobody is told of what he sees').toEqual([]);
  await look(ada.page, true);
  await bob.send('a secret');
  await expect.poll(() => shown(ada.page)).toEqual([['Tacet', '2 new messages']]);
  const kept = await ada.page.evaluate(async () => {
    const [one] = await (await navigator.serviceWorker.ready).getNotifications();
    return JSON.stringify([one?.tag, one?.data]);
  });
  const id = /\/c\/([\w-]{22})/.exec((await ada.item('Bob').first().getAttribute('href')) ?? '')?.[1];
  expect(id).toHaveLength(22);
  expect(kept).not.toContain(id);
  await look(ada.page, false);
  await ada.open('Bob');
  await expect.poll(() => shown(ada.page), 'taken back once it is read').toEqual([]);
});

test('a press on a notification opens the conversation', async ({ ada, bob }) => {
  await ada.page.context().grantPermissions(['notifications']);
  await isKept(ada.page);
  await look(ada.page, true);
  await bob.send('come and see');
  await expect.poll(async () => (await shown(ada.page)).length).toBe(1);
  const [worker] = ada.page.context().serviceWorkers();
  await worker?.evaluate(async () => {
    const scope = globalThis as unknown as WorkerScope;
    const [notification] = await scope.registration.getNotifications();
    if (notification === undefined) throw new Error('nothing is shown');
    scope.dispatchEvent(new scope.NotificationEvent('notificationclick', { notification }));
  });
  await expect(ada.composer).toBeVisible();
  await ada.expectOnce('come and see');
  await expect(ada.page).toHaveURL(/\/c\//);
});

test('no tab tells of anything while the person looks at another one', async ({ ada, bob, watch }) => {
  await ada.page.context().grantPermissions(['notifications']);
  await isKept(ada.page);
  const second = await ada.page.context().newPage();
  await watch(second);
  await second.goto(ada.origin);
  await expect(second.getByRole('navigation', { name: en.list.label })).toBeVisible();
  await look(ada.page, true);
  await bob.send('seen in the other tab');
  await expect(second.getByText('seen in the other tab')).toBeVisible();
  await look(second, true);
  await bob.send('seen in none');
  await expect.poll(() => shown(ada.page)).toEqual([['Tacet', '2 new messages']]);
});

test('notifications are offered after the first message, never before, and asked for only on a press', async ({
  ada,
  bob,
}) => {
  await ada.page.addInitScript(() => {
    Object.defineProperty(Notification, 'permission', { get: () => 'default' });
    Object.defineProperty(Notification, 'requestPermission', {
      value: async () => {
        Object.assign(globalThis, { asked: true });
        return 'denied';
      },
    });
  });
  await ada.page.reload();
  await expect(ada.item('Bob')).toBeVisible();
  await expect(ada.page.getByText(en.notices.offer)).toHaveCount(0);
  await bob.send('the first message');
  await expect(ada.page.getByText(en.notices.offer)).toBeVisible();
  expect(await ada.page.evaluate(() => 'asked' in globalThis)).toBe(false);
  await ada.button(en.notices.accept).click();
  await ada.page.waitForFunction(() => 'asked' in globalThis);
  await ada.button(en.notices.decline).click();
  await expect(ada.page.getByText(en.notices.offer)).toHaveCount(0);
  await ada.page.reload();
  await expect(ada.item('Bob')).toBeVisible();
  await expect(ada.page.getByText(en.notices.offer)).toHaveCount(0);
});

test('title and icon carry the number of unread messages', async ({ ada, bob }) => {
  const icon = ada.page.locator('link[rel="icon"]');
  await expect(icon).toHaveAttribute('href', '/favicon.svg');
  await bob.send('one');
  await bob.send('two');
  await expect(ada.page).toHaveTitle('(2) Tacet');
  await expect(icon).toHaveAttribute('href', '/favicon-2.svg');
  const answer = await ada.page.request.get(`${ada.origin}/favicon-2.svg`);
  expect(answer.headers()['content-type']).toContain('image/svg+xml');
  await ada.open('Bob');
  await expect(icon).toHaveAttribute('href', '/favicon.svg');
});
