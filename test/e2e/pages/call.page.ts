/** A person in a call: begins it, takes it, looks at it, ends it. Finds everything by role and name. */
import { expect, type Locator } from '@playwright/test';
import { en } from '../../../client/ui/text/en.ts';
import type { Rgb } from '../../support/solid-film.ts';
import type { Person } from './person.page.ts';

// These parts run in the page; what measures in Node uses this file too, and knows no browser's types.
interface VideoLike {
  readonly videoWidth: number;
  readonly videoHeight: number;
  getVideoPlaybackQuality(): { readonly totalVideoFrames: number };
}
interface CanvasLike {
  width: number;
  height: number;
  getContext(
    kind: '2d',
    options: { readonly willReadFrequently: true },
  ): {
    drawImage(video: VideoLike, x: number, y: number): void;
    getImageData(x: number, y: number, width: number, height: number): { readonly data: Iterable<number> };
  } | null;
}
declare const document: { createElement(name: 'canvas'): CanvasLike };

/** Two browsers, two connections and a key each on a busy machine. */
const CONNECTED_MS = 90_000;
/** How far a colour may be from the camera's: it was made small, encoded and decoded. */
const COLOUR_MOST = 40;

export class Caller {
  readonly person: Person;
  /** The other one's name. */
  readonly other: string;

  constructor(person: Person, other: string) {
    this.person = person;
    this.other = other;
  }

  get screen(): Locator {
    return this.person.page.getByRole('dialog', { name: en.calls.with.replace('{name}', this.other) });
  }

  button(name: string): Locator {
    return this.screen.getByRole('button', { name, exact: true });
  }

  /** From the conversation. */
  async call(media: 'voice' | 'video'): Promise<void> {
    await this.wish(media);
    await this.begin();
  }

  /** As far as people get before their first call of a browser: they look at themselves. */
  async wish(media: 'voice' | 'video'): Promise<void> {
    await this.person.open(this.other);
    await this.person.button(en.calls[media]).click();
    await expect(this.person.button(en.calls.before.start).or(this.screen).first()).toBeVisible();
  }

  async begin(): Promise<void> {
    const start = this.person.button(en.calls.before.start);
    if (await start.isVisible()) {
      await expect(start).toBeEnabled();
      await start.click();
    }
    await expect(this.screen).toBeVisible();
  }

  /** It rings here. */
  async expectRing(media: 'voice' | 'video'): Promise<void> {
    const title = en.calls.incoming[media].replace('{name}', this.other);
    await expect(this.person.page.getByRole('heading', { name: title })).toBeVisible({
      timeout: CONNECTED_MS,
    });
  }

  async accept(): Promise<void> {
    const { accept, withVideo } = en.calls.incoming;
    await this.person.button(withVideo).or(this.person.button(accept)).first().click();
  }

  /** They are connected: the clock runs. */
  async expectTalking(): Promise<void> {
    await expect(this.screen.getByRole('timer')).toBeVisible({ timeout: CONNECTED_MS });
  }

  async expectEnd(words: string): Promise<void> {
    const said = this.person.page
      .getByRole('status')
      .filter({ hasText: words.replace('{name}', this.other) });
    await expect(said.first()).toBeVisible({ timeout: CONNECTED_MS });
  }

  picture(which: 'theirs' | 'screen' = 'theirs'): Locator {
    return this.screen.getByLabel(en.calls.picture[which].replace('{name}', this.other), { exact: true });
  }

  /** Their picture is there and has this colour in its lower half, where nothing wanders. */
  async expectColour(colour: Rgb, which: 'theirs' | 'screen' = 'theirs'): Promise<void> {
    const picture = this.picture(which);
    await expect(picture).toBeVisible({ timeout: CONNECTED_MS });
    await expect
      .poll(async () => distance(await picture.evaluate(colourOf), colour), { timeout: CONNECTED_MS })
      .toBeLessThan(COLOUR_MOST);
  }

  /** Frames that have been shown of a picture. */
  framesOf(which: 'theirs' | 'screen' = 'theirs'): Promise<number> {
    return this.picture(which).evaluate(
      (video) => (video as unknown as VideoLike).getVideoPlaybackQuality().totalVideoFrames,
    );
  }

  /** More of it is shown than a moment ago. */
  async expectMoving(which: 'theirs' | 'screen' = 'theirs'): Promise<void> {
    const before = await this.framesOf(which);
    await expect.poll(() => this.framesOf(which), { timeout: CONNECTED_MS }).toBeGreaterThan(before + 10);
  }

  /** A line of the panel about the connection, as it is shown now. */
  async figure(name: 'way' | 'sealed' | 'opened' | 'refused'): Promise<string> {
    await this.choose(en.calls.stats.title);
    const panel = this.person.page.getByRole('dialog', { name: en.calls.stats.title });
    const term = panel.getByText(en.calls.stats[name], { exact: true });
    const shown = await term.locator('xpath=following-sibling::dd').textContent();
    await this.person.page.keyboard.press('Escape');
    return shown ?? '';
  }

  /** Waits until a figure is as it should be; the panel shows it as words of this language. */
  async expectFigure(name: 'sealed' | 'opened' | 'refused', isSo: (value: number) => boolean): Promise<void> {
    await expect
      .poll(async () => isSo(Number((await this.figure(name)).replaceAll(/\D/g, '') || 'NaN')), {
        message: `figure ${name}`,
        timeout: CONNECTED_MS,
      })
      .toBe(true);
  }

  /** The six digits. */
  async code(): Promise<string> {
    await this.choose(en.calls.code.open);
    const shown = this.person.page.getByRole('dialog', { name: en.calls.code.title }).getByRole('img');
    const digits = (await shown.textContent()) ?? '';
    await this.person.page.keyboard.press('Escape');
    return digits.replaceAll(/\s/g, '');
  }

  /** Something of the menu. */
  async choose(item: string): Promise<void> {
    // Controls hide from who does nothing.
    await this.screen.hover();
    await this.button(en.calls.more).click();
    await this.person.page.getByRole('menuitem', { name: item, exact: true }).click();
  }

  async press(name: string): Promise<void> {
    await this.screen.hover();
    await this.button(name).click();
  }

  hangUp(): Promise<void> {
    return this.press(en.calls.hangUp);
  }
}

/** Runs in the page: the middle of the lower half. */
function colourOf(element: unknown): readonly number[] {
  const video = element as VideoLike;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth || 1, video.videoHeight || 1];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context?.drawImage(video, 0, 0);
  return [...(context?.getImageData(canvas.width / 2, canvas.height * 0.75, 1, 1).data ?? [])].slice(0, 3);
}

function distance(seen: readonly number[], wanted: Rgb): number {
  return Math.max(...wanted.map((value, i) => Math.abs(value - (seen[i] ?? 0))));
}
