/** On a phone, drawing a message aside replies to it: in both directions of writing, and never in the way of scrolling. */
import type { CDPSession } from '@playwright/test';
import { en } from '../../client/ui/text/en.ts';
import { expect, test } from './fixtures.ts';
import type { Person } from './pages/person.page.ts';

test.use({ bobOnPhone: true });

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Somebody with a phone in a conversation, and a finger on it. */
class Hand {
  readonly who: Person;
  readonly #session: CDPSession;

  constructor(who: Person, session: CDPSession) {
    this.who = who;
    this.#session = session;
  }

  /** The middle of a message. */
  async middle(words: string): Promise<Point> {
    const box = await this.who.message(words).locator('p').first().boundingBox();
    if (box === null) throw new Error('no message');
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  /** Touches, and draws without a rest. */
  async draw(at: Point, ...ways: readonly (readonly [Point, Point])[]): Promise<void> {
    await Promise.all([this.#down(at), ...ways.map(([from, by]) => this.#move(from, by))]);
  }

  async up(): Promise<void> {
    await this.#touch('touchEnd', []);
  }

  async swipe(words: string, by: Point): Promise<void> {
    const at = await this.middle(words);
    await Promise.all([this.draw(at, [at, by]), this.up()]);
  }

  #down(at: Point): Promise<void> {
    return this.#touch('touchStart', [at]);
  }

  /** Moves in small steps, as a finger does: none waits for the page to have seen the one before. */
  async #move(from: Point, by: Point): Promise<void> {
    const steps = 12;
    const at = (step: number): Point => ({
      x: from.x + (by.x * step) / steps,
      y: from.y + (by.y * step) / steps,
    });
    await Promise.all(Array.from({ length: steps }, (_, i) => this.#touch('touchMove', [at(i + 1)])));
  }

  async #touch(type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: Point[]): Promise<void> {
    await this.#session.send('Input.dispatchTouchEvent', { type, touchPoints });
  }
}

async function openPhone(ada: Person, bob: Person): Promise<Hand> {
  await ada.open('Bob');
  return new Hand(bob, await bob.page.context().newCDPSession(bob.page));
}

test('drawing a message to the right replies to it, whoever wrote it; a short way or the other way does not', async ({
  ada,
  bob,
}) => {
  const hand = await openPhone(ada, bob);
  const { who } = hand;
  const about = who.page.locator('[data-composing=reply]');
  await ada.send('Swipe me');
  await who.expectOnce('Swipe me');
  await hand.swipe('Swipe me', { x: 30, y: 0 });
  await hand.swipe('Swipe me', { x: -40, y: 0 });
  await expect(who.message('Swipe me').locator('[data-swipe]')).toHaveCount(0);
  await expect(about).toHaveCount(0);

  const at = await hand.middle('Swipe me');
  await hand.draw(at, [at, { x: 90, y: 4 }]);
  await expect(who.message('Swipe me').locator('[data-swipe=armed]')).toHaveCount(1);
  expect((await hand.middle('Swipe me')).x).toBeGreaterThan(at.x + 50);
  expect(
    await who.timeline.evaluate((log) => log.scrollWidth - log.clientWidth),
    'nothing to scroll sideways',
  ).toBe(0);
  await hand.up();
  await expect(about).toContainText('Swipe me');
  await expect(who.composer).toBeFocused();
  await expect.poll(async () => Math.abs((await hand.middle('Swipe me')).x - at.x)).toBeLessThan(1);
  await who.send('Swiped');
  await expect(ada.message('Swiped')).toContainText('Swipe me');

  await hand.swipe('Swiped', { x: 90, y: 0 });
  await expect(about).toContainText(en.message.replyingTo.replace('{name}', en.conversation.you));
  // Neither has opened the actions.
  await expect(who.page.getByRole('menu')).toHaveCount(0);
});

test('a finger that goes up or down scrolls, also when it strays aside, and replies to nothing', async ({
  ada,
  bob,
}) => {
  const hand = await openPhone(ada, bob);
  const { who } = hand;
  for (let i = 0; i < 4; i += 1) await ada.send(`Long ${i}${'\nand longer'.repeat(14)}`);
  await who.expectOnce('Long 3');
  const log = who.timeline;
  await log.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  const top = (): Promise<number> => log.evaluate((element) => element.scrollTop);
  const before = await top();
  const at = { x: 120, y: 260 };
  // A browser that is held up gets all of a finger's way at once, and may make nothing of it.
  await expect(async () => {
    await hand.draw(
      at,
      [at, { x: 20, y: 90 }],
      [
        { x: 140, y: 350 },
        { x: 90, y: 60 },
      ],
    );
    await hand.up();
    await expect.poll(top, { timeout: 5_000 }).toBeLessThan(before - 60);
  }).toPass();
  await expect(who.page.locator('[data-swipe]')).toHaveCount(0);
  await expect(who.page.locator('[data-composing]')).toHaveCount(0);
});

test('where writing runs from right to left the message is drawn to the left; nothing moves where motion is reduced', async ({
  ada,
  bob,
}) => {
  const hand = await openPhone(ada, bob);
  const { who } = hand;
  const about = who.page.locator('[data-composing=reply]');
  await ada.send('From right to left');
  await who.expectOnce('From right to left');
  await who.page.evaluate(() => document.documentElement.setAttribute('dir', 'rtl'));
  await hand.swipe('From right to left', { x: 90, y: 0 });
  await expect(about).toHaveCount(0);
  await hand.swipe('From right to left', { x: -90, y: 0 });
  await expect(about).toContainText('From right to left');
  await who.composer.press('Escape');

  await who.page.emulateMedia({ reducedMotion: 'reduce' });
  const at = await hand.middle('From right to left');
  await hand.draw(at, [at, { x: -90, y: 0 }]);
  await expect(who.message('From right to left').locator('[data-swipe=armed]')).toHaveCount(1);
  expect((await hand.middle('From right to left')).x).toBeCloseTo(at.x, 0);
  await hand.up();
  await expect(about).toContainText('From right to left');
});

test('drawing a message while another is edited puts the edit aside, and what was typed comes back', async ({
  ada,
  bob,
}) => {
  const hand = await openPhone(ada, bob);
  const { who } = hand;
  await who.send('To be put right');
  await who.expectDelivery('To be put right', 'delivered');
  await ada.send('Swipe me');
  await who.expectOnce('Swipe me');
  await who.message('To be put right').locator('p').first().click({ button: 'right' });
  await who.page.getByRole('menuitem', { name: en.message.edit, exact: true }).click();
  await expect(who.composer).toHaveValue('To be put right');
  await who.composer.fill('Put right');
  await hand.swipe('Swipe me', { x: 90, y: 0 });
  const reply = who.page.locator('[data-composing=reply]');
  await expect(reply).toContainText('Swipe me');
  await expect(reply).toContainText(en.message.aside.edit);
  await expect(who.composer).toHaveValue('');
  await who.composer.fill('The answer');
  await who.button(en.conversation.send).click();
  await ada.expectOnce('The answer');

  await expect(who.page.locator('[data-composing=edit]')).toBeVisible();
  await expect(who.composer).toHaveValue('Put right');
  await who.button(en.message.saveEdit).click();
  await ada.expectOnce('Put right');
});

test('what was deleted or is being chosen is not replied to', async ({ ada, bob }) => {
  const hand = await openPhone(ada, bob);
  const { who } = hand;
  await who.send('Taken back');
  await who.send('Stays');
  await who.expectDelivery('Stays', 'delivered');
  await who.message('Taken back').locator('p').first().click({ button: 'right' });
  await who.page.getByRole('menuitem', { name: en.message.delete, exact: true }).click();
  await who.button(en.message.deleteForEveryone).click();
  await expect(who.message(en.message.deletedMine)).toBeVisible();
  await hand.swipe(en.message.deletedMine, { x: 90, y: 0 });
  await expect(who.page.locator('[data-swipe]')).toHaveCount(0);
  await who.message('Stays').locator('p').first().click({ button: 'right' });
  await who.page.getByRole('menuitem', { name: en.message.select, exact: true }).click();
  await hand.swipe('Stays', { x: 90, y: 0 });
  await expect(who.page.locator('[data-composing]')).toHaveCount(0);
  await expect(who.page.getByRole('group', { name: en.select.title })).toBeVisible();
});
