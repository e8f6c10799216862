/**
 * Script in what a contact writes, is called and shows of himself, in what the person types, and in a translation, before a real browser.
 * Row A79. A server that serves other code needs none of this: that is the web's weak point of SECURITY.md, and no row.
 */
import { randomBytes } from 'node:crypto';
import { idBytes } from '@tacet/protocol/ids';
import { de as translation } from '../../client/ui/text/de.ts';
import { en } from '../../client/ui/text/en.ts';
import { translate } from '../../client/ui/text/translation.ts';
import { openProxy } from '../hostile/proxy.ts';
import { accountOf, lineOf, openTestClient, signIn, textsOf } from '../support/make-client.ts';
import { putKept } from './browser-storage.ts';
import { expect, test } from './fixtures.ts';
import { expectPlain, lookAround, openMalloryFor, PLANT, showProfile } from './planted.ts';
import { isKept, look, shown } from './system-notices.ts';

test.use({ beginning: 'ada' });

const de = translate(en, translation);

const SCRIPTS = [
  PLANT,
  '<script>ran=1</script><svg onload=ran=1 data-planted>',
  '<iframe srcdoc="<script>parent.ran=1</script>" data-planted></iframe>',
  '[come](javascript:ran=1) ![](javascript:ran=1) javascript:ran=1',
  'data:text/html,<script>ran=1</script> file:///etc/passwd invoice.html',
  '{{constructor.constructor("ran=1")()}} ${ran=1} </textarea></title><b data-planted>',
  '&lt;b data-planted&gt; &#60;b data-planted&#62;',
].join('\n');

/** A drawing with a script in it, in place of a photo. */
const DRAWING = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" onload="ran=1"><script>ran=1</script></svg>',
);

test('A79: what a contact writes, quotes and is called is text wherever it stands', async ({ ada }) => {
  await using mallory = await openMalloryFor(ada);
  await showProfile(mallory, PLANT, DRAWING);
  await expect(ada.item(PLANT)).toBeVisible();
  await ada.open(PLANT);
  const fromAda = `from Ada ${PLANT}`;
  await ada.send(fromAda);
  await mallory.client.waitFor('it', (state) => textsOf(state).includes(fromAda));

  const hers = { author: idBytes(mallory.toAda), message: idBytes(lineOf(mallory.client, fromAda).id) };
  const unknown = { author: idBytes(accountOf(mallory.client)), message: randomBytes(16) };
  const edited = randomBytes(16);
  await mallory.sayBody('text', { text: SCRIPTS });
  await mallory.sayBody('text', { text: 'quoting Ada', reply: { ...hers, text: PLANT } });
  await mallory.sayBody('text', { text: 'quoting nothing', reply: { ...unknown, text: PLANT } });
  await mallory.sayBody('text', { text: 'before the edit' }, edited);
  await mallory.sayBody('edit', { message: edited, revision: 1, text: `edited ${PLANT}` });
  await mallory.sayBody('reaction', { ...hers, emoji: PLANT, revision: 1 });
  await mallory.sayBody('reaction', { ...hers, emoji: '🎉', revision: 2 });
  await mallory.send('after it');
  await ada.expectOnce('after it');

  const paragraph = (words: string) => ada.message(words).last().getByRole('paragraph').first();
  await expect(paragraph('constructor')).toHaveText(SCRIPTS);
  await expect(paragraph('edited')).toHaveText(`edited ${PLANT}`);
  await expect(ada.message('quoting Ada')).toContainText(fromAda);
  await expect(ada.message('quoting nothing')).toContainText(PLANT);
  await expect(ada.message(fromAda).first().getByRole('button', { name: '🎉' })).toBeVisible();
  await expect(ada.timeline.locator('[data-event="unreadable"]')).toHaveCount(1);
  await expect(ada.page.locator('img')).toHaveCount(0);
  await expectPlain(ada.page);
  await lookAround(ada, PLANT, { theirs: 'constructor', own: 'from Ada' });
  await ada.send('still here');
  await mallory.client.waitFor('it', (state) => textsOf(state).includes('still here'));
});

test('A79: what the person types, and what an own device is called, is text', async ({ ada, host }) => {
  const { page } = ada;
  const phone = openTestClient({ url: host.origin });
  await using _closed = phone;
  await signIn(phone, ada.username, ada.passphrase);
  const { session } = phone.state;
  if (session.kind !== 'signed-in') throw new Error('not signed in');
  await phone.commands.renameDevice(session.me.device, PLANT);
  await expect(page.getByText(PLANT).first(), 'in the notice that it was added').toBeVisible();
  await expectPlain(page);

  await page.goto(`${host.origin}/settings/devices`);
  await expect(page.getByRole('heading', { name: PLANT })).toBeVisible();
  await expectPlain(page);
  await page.goto(`${host.origin}/settings`);
  await page.getByRole('textbox', { name: en.settings.name, exact: true }).fill(PLANT);
  await ada.button(en.common.save).click();
  await phone.waitFor(
    'her name',
    (state) => state.session.kind === 'signed-in' && state.session.me.name === PLANT,
  );
  await expectPlain(page);
  await page.goto(host.origin);
  await ada.button(en.list.newChat).first().click();
  await page.getByLabel(en.newChat.label).fill(PLANT);
  await ada.button(en.newChat.start).click();
  await expect(page.getByLabel(en.newChat.label)).toHaveAttribute('aria-invalid', 'true');
  await expectPlain(page);
  // An address is no field: what the person types stands in none.
  const other = PLANT.replace('src=x', 'src=y');
  await page.goto(`${host.origin}/i/${encodeURIComponent(other)}#${other}`);
  await expect(page.getByRole('heading', { name: en.invite.problemTitle })).toBeVisible();
  await expectPlain(page);
});

test('A79: a translation puts words on the screen and nothing else', async ({ host, kept, newBrowser }) => {
  if (kept === undefined) throw new Error('nobody has an account');
  await using proxy = await openProxy(host.origin);
  const said = new Set<string>();
  proxy.wire.answer = (request, reply) => {
    if (!request.path.startsWith('/assets/') || !reply.body.includes(de.welcome.lead)) return reply;
    return {
      ...reply,
      body: reply.body.replaceAll(/`([^`$\\]+)`/g, (_whole, words: string) => {
        said.add(words);
        return `\`${PLANT}${words}\``;
      }),
    };
  };
  const german = { proxy: proxy.url, language: 'de-DE' };
  const stranger = await newBrowser(german);
  await stranger.goto(host.origin);
  await expect(stranger.getByRole('heading', { name: PLANT + de.welcome.title })).toBeVisible();
  expect(said.size, 'the whole catalogue').toBeGreaterThan(500);
  await expectPlain(stranger);
  const page = await newBrowser(german);
  await putKept(page, host.origin, kept.ada.kept);
  for (const [path, title] of [
    ['/', de.list.title],
    ['/settings', de.settings.title],
    ['/settings/devices', de.devices.title],
    ['/settings/account', de.account.title],
  ] as const) {
    await page.goto(host.origin + path);
    await expect(page.getByRole('heading', { name: PLANT + title }).first()).toBeVisible();
    await expectPlain(page);
  }
});

test.describe('with a service worker', () => {
  test.use({ serviceWorkers: 'allow' });
  test('A79: a script that stood in the page all the same could make no other one', async ({ ada }) => {
    const page = await ada.page.context().newPage();
    await page.goto(ada.origin);
    await expect(page.getByRole('navigation', { name: en.list.label })).toBeVisible();
    const through = await page.evaluate(async (plant) => {
      const made = <Name extends keyof HTMLElementTagNameMap>(name: Name): HTMLElementTagNameMap[Name] =>
        document.body.appendChild(document.createElement(name));
      const { trustedTypes } = globalThis as unknown as {
        readonly trustedTypes: { createPolicy(name: string, rules: object): unknown };
      };
      // Each is what must not work.
      // oxlint-disable no-eval, no-new-func, no-implied-eval, typescript/no-implied-eval
      const tries: Readonly<Record<string, () => unknown>> = {
        innerHTML: () => (made('p').innerHTML = plant),
        outerHTML: () => (made('p').outerHTML = plant),
        insertAdjacentHTML: () => made('p').insertAdjacentHTML('beforeend', plant),
        setHTMLUnsafe: () => made('p').setHTMLUnsafe(plant),
        contextualFragment: () => document.createRange().createContextualFragment(plant),
        parseFromString: () => new DOMParser().parseFromString(plant, 'text/html'),
        write: () => document.write(plant),
        srcdoc: () => (made('iframe').srcdoc = plant),
        scriptText: () => (made('script').text = 'ran=1'),
        scriptSource: () => (made('script').src = '/assets/another.js'),
        worker: () => new Worker('/assets/another.js'),
        sharedWorker: () => new SharedWorker('/assets/another.js'),
        serviceWorker: () => navigator.serviceWorker.register('/another.js'),
        policy: () => trustedTypes.createPolicy('another', {}),
        samePolicy: () => trustedTypes.createPolicy('tacet', {}),
        evaluate: () => (0, eval)('ran=1'),
        compile: () => new Function('ran=1')(),
        timer: () => setTimeout('ran=1' as never),
        handler: () => made('button').setAttribute('onclick', 'ran=1'),
        importData: () => import('data:text/javascript,globalThis.ran=1' as never),
      };
      // oxlint-enable no-eval, no-new-func, no-implied-eval, typescript/no-implied-eval
      // In a task of the page's own: what a debugger runs is not held to the policy.
      const run = (attempt: () => unknown): Promise<boolean> =>
        new Promise((resolve) => {
          setTimeout(() => {
            (async () => attempt())().then(
              () => resolve(true),
              () => resolve(false),
            );
          });
        });
      const passed: string[] = [];
      for (const [name, attempt] of Object.entries(tries)) if (await run(attempt)) passed.push(name);
      const link = made('a');
      link.href = 'javascript:ran=1';
      link.click();
      await new Promise((resolve) => setTimeout(resolve, 200));
      return [...passed, ...('ran' in globalThis ? ['and it ran'] : [])];
    }, PLANT);
    expect(through).toEqual([]);
    await page.close();
  });

  test('A79: a notification shows a name and a text as they are', async ({ ada }) => {
    await using mallory = await openMalloryFor(ada);
    await showProfile(mallory, PLANT, DRAWING);
    await expect(ada.item(PLANT)).toBeVisible();
    await ada.page.context().grantPermissions(['notifications']);
    await ada.page.goto(`${ada.origin}/settings`);
    await ada.page.getByRole('radio', { name: en.noticeLevels.levels.full }).check();
    await ada.page.goto(ada.origin);
    await expect(ada.item(PLANT)).toBeVisible();
    await isKept(ada.page);
    await look(ada.page, true);
    await mallory.sayBody('text', { text: SCRIPTS });
    await expect.poll(async () => (await shown(ada.page)).at(-1)?.[0]).toBe(PLANT);
    expect((await shown(ada.page)).at(-1)?.[1]).toContain('<iframe');
    await expectPlain(ada.page);
  });
});
