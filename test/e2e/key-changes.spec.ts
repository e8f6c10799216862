/** A server that puts another account key in somebody's place, which it does here by its own database: what the other side sees and decides. */
import { en } from '../../client/ui/text/en.ts';
import { changeKey } from '../support/change-key.ts';
import { expect, test } from './fixtures.ts';
import { Person } from './pages/person.page.ts';
import { markVerified, named, openSafety } from './pages/safety.page.ts';

/** Name and verification state above the conversation. */
function headerOf(person: Person, name: string): ReturnType<Person['page']['locator']> {
  return person.page.getByRole('heading', { level: 1 }).filter({ hasText: name });
}

function lineOf(person: Person): ReturnType<Person['page']['locator']> {
  return person.timeline.locator('[data-event="key-changed"]');
}

test('the changed key of somebody verified stops what is written, until it is compared again or taken as it is', async ({
  ada,
  bob,
  host,
}) => {
  await bob.send('before');
  await ada.open('Bob');
  await ada.expectOnce('before');
  // Else the receipt would be the first to meet the other key, before anything is written.
  await bob.expectDelivery('before', 'read');
  await markVerified(ada, 'Bob');
  await changeKey(host, 'bob');
  await ada.composer.fill('not for others');
  await ada.composer.press('Enter');

  const bar = ada.page.getByRole('region', { name: named(en.safety.blockedTitle, 'Bob') });
  await expect(bar).toBeVisible();
  await expect(ada.composer).toHaveCount(0);
  await expect(lineOf(ada)).toHaveCount(1);
  await expect(ada.message('not for others')).toHaveAttribute('data-delivery', 'held');
  await expect(ada.message('not for others').getByRole('button', { name: en.safety.send })).toHaveCount(0);
  await ada.page.reload();
  await expect(bar).toBeVisible();

  await bar.getByRole('link', { name: en.safety.compare }).click();
  await expect(ada.page.getByText(named(en.safety.blocked, 'Bob')).first()).toBeVisible();
  await expect(ada.button(en.safety.unverify)).toHaveCount(0);
  await ada.button(en.safety.goOn).last().click();
  await ada.page.goBack();
  await expect(ada.composer).toBeVisible();
  await expect(headerOf(ada, 'Bob')).toContainText(en.trust.label.unverified);

  // What was written before waits for a word of its own, and goes with one press.
  await expect(ada.message('not for others')).toHaveAttribute('data-delivery', 'held');
  await ada.button(en.safety.sendAll).click();
  await ada.expectDelivery('not for others', 'sent');
  await expect(ada.button(en.safety.sendAll)).toHaveCount(0);
  await expect(lineOf(ada)).toHaveCount(1);
});

test('what waits after a decision is discarded with one press and never leaves', async ({
  ada,
  bob,
  host,
}) => {
  await bob.send('before');
  await ada.open('Bob');
  await ada.expectOnce('before');
  await bob.expectDelivery('before', 'read');
  await markVerified(ada, 'Bob');
  await changeKey(host, 'bob');
  await ada.composer.fill('better not');
  await ada.composer.press('Enter');
  const bar = ada.page.getByRole('region', { name: named(en.safety.blockedTitle, 'Bob') });
  await bar.getByRole('link', { name: en.safety.compare }).click();
  // Compared anew, and found right: the mark stands for the key that is shown now.
  await ada.button(en.safety.verify).click();
  await expect(ada.button(en.safety.unverify)).toBeVisible();
  await ada.page.goBack();
  const waiting = ada.page.getByRole('region', { name: en.safety.heldTitle });
  await waiting.getByRole('button', { name: en.safety.discardAll }).click();
  await expect(waiting).toHaveCount(0);
  await expect(ada.message('better not')).toHaveCount(0);
  await ada.send('after');
  await bob.expectOnce('after');
  await expect(bob.message('better not')).toHaveCount(0);
});

test('the changed key of somebody who is not verified makes a line, and writing goes on', async ({
  ada,
  bob,
  host,
}) => {
  await bob.send('before');
  await ada.open('Bob');
  await ada.expectOnce('before');
  await bob.expectDelivery('before', 'read');
  await changeKey(host, 'bob');
  await ada.composer.fill('written before she could know');
  await ada.composer.press('Enter');
  await expect(lineOf(ada)).toHaveCount(1);
  await expect(lineOf(ada).getByRole('link', { name: en.safety.compare })).toBeVisible();
  await expect(ada.composer).toBeVisible();
  await ada
    .message('written before she could know')
    .getByRole('button', { name: en.safety.send, exact: true })
    .click();
  await ada.expectDelivery('written before she could know', 'sent');
  await ada.send('written after');
  await ada.expectDelivery('written after', 'sent');
});

test('another own device shows the mark, and its end', async ({ ada, bob, host, newBrowser }) => {
  await bob.send('before');
  const other = new Person(await newBrowser(), host.origin, ada);
  await other.signIn(ada.passphrase);
  await other.expectHome();
  await ada.open('Bob');
  await markVerified(ada, 'Bob');
  await other.open('Bob');
  await expect(headerOf(other, 'Bob')).toContainText(en.trust.label.verified);
  await openSafety(other, 'Bob');
  await other.button(en.safety.unverify).click();
  await expect(headerOf(ada, 'Bob')).toContainText(en.trust.label.unverified);
});
