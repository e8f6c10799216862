/** The hostile server before a real browser: a proxy between its page and the server, which keeps the server's origin. */
import { en } from '../../client/ui/text/en.ts';
import { PrivateKey, ready } from '../../crypto/index.ts';
import { openProxy } from '../hostile/proxy.ts';
import { lie, underOtherKey } from '../support/other-key.ts';
import { expect, testEmpty as test } from './fixtures.ts';
import { Person } from './pages/person.page.ts';
import { markVerified, named } from './pages/safety.page.ts';

test('A02: a browser shows nothing of an envelope with a flipped bit, and writes nothing for the changed key of somebody verified', async ({
  host,
  newBrowser,
}) => {
  await ready();
  await using proxy = await openProxy(host.origin);
  const { wire } = proxy;
  const page = await newBrowser({ proxy: proxy.url });
  const ada = new Person(page, host.origin, { name: 'Ada Lovelace', username: 'ada' });
  await ada.signUp(host.firstInvite);
  const bob = new Person(await newBrowser(), host.origin, { name: 'Bob', username: 'bob' });
  await bob.signUp(await ada.makeInvite());
  await bob.open('ada');
  await bob.send('before');
  await ada.open('Bob');
  await ada.expectOnce('before');
  await ada.send('hello');
  await bob.expectOnce('hello');
  // His notice that he has read it comes as an envelope too, and is not the one to be bent.
  await ada.expectDelivery('hello', 'read');

  let bent = 0;
  wire.change = (frame) => {
    if (frame.kind !== 'deliver') return [frame];
    bent += 1;
    return [{ ...frame, body: frame.body.with(-1, (frame.body.at(-1) ?? 0) ^ 1) }];
  };
  await bob.send('bent on its way');
  await wire.when('a bent envelope', () => bent > 0);
  wire.behave();
  await bob.send('whole');
  await ada.expectOnce('whole');
  // What is missing is asked for, and comes again.
  await ada.expectOnce('bent on its way');
  await ada.send('and back');
  await bob.expectOnce('and back');
  await page.getByRole('heading').getByRole('link', { name: /Bob/ }).click();
  await expect(
    page.getByText(en.contact.renewals.one.replace('{count}', '1')),
    'she sees how often',
  ).toBeVisible();
  await ada.button(en.common.close).click();

  await markVerified(ada, 'Bob');
  const shown = wire.heard.findLast((frame) => frame.kind === 'bundles');
  if (shown?.kind !== 'bundles') throw new Error('nobody asked for keys');
  lie(wire, underOtherKey(shown.directory, PrivateKey.generate()));
  // The server says that it refused, yet delivers: Bob is away, or his receipt would tell that it came to him.
  await bob.page.goto('about:blank');
  await ada.composer.fill('not for others');
  await ada.composer.press('Enter');
  const bar = page.getByRole('region', { name: named(en.safety.blockedTitle, 'Bob') });
  await expect(bar).toBeVisible();
  await expect(ada.composer).toHaveCount(0);
  await expect(ada.timeline.locator('[data-event="key-changed"]')).toHaveCount(1);
  await expect(ada.message('not for others')).toHaveAttribute('data-delivery', 'held');
  const sends = (): number => wire.said.filter(({ kind }) => kind === 'send').length;
  const before = sends();
  await page.reload();
  await expect(bar).toBeVisible();
  expect(sends(), 'nothing leaves, also after a restart').toBe(before);

  // What Bob writes under his own key is read as before; the person decides about the other one in her own time.
  wire.behave();
  await bob.page.goto(host.origin);
  await bob.open('Ada Lovelace');
  await bob.send('still here');
  await ada.expectOnce('still here');
  await expect(bar).toBeVisible();
});
