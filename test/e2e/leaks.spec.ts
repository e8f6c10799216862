/**
 * Nothing that people type or choose is stored, logged or part of an address. Every test looks for what its people typed (fixtures.ts);
 * here stand one canary of each kind, and the proof that what leaks is found in each place.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { en } from '../../client/ui/text/en.ts';
import { buildLogger } from '../../server/logger.ts';
import { DATABASE_FILE } from '../../server/store/database-file.ts';
import { expect, testAlone as test, testEmpty } from './fixtures.ts';
import { Leaks } from './leaks.ts';
import { Person } from './pages/person.page.ts';

test('a canary of every kind of data, typed on the screen, is in nothing that the server keeps or says', async ({
  ada,
  host,
  leaks,
  newBrowser,
}) => {
  const zoe = new Person(await newBrowser(), host.origin, {
    name: 'Zoë “Nightingale” & Finch',
    username: 'zoe-of-the-finches',
  });
  await zoe.signUp(await ada.makeInvite());
  await zoe.open('Ada');
  await zoe.send('The goldfinch sings at dusk / ça va?');
  await ada.open(zoe.name);
  await ada.expectOnce('The goldfinch sings');
  await ada.composer.fill('A siskin that was never sent');
  const { page } = ada;
  await page.getByRole('searchbox', { name: en.search.label }).fill('goldfinch');
  await expect(page.getByText('1 message found')).toBeVisible();
  await page.keyboard.press('Escape');

  for (const username of [`@${zoe.username}`, 'nobody-but-a-linnet']) {
    await ada.button(en.list.newChat).first().click();
    await page.getByLabel(en.newChat.label).fill(username);
    await ada.button(en.newChat.start).click();
  }
  await expect(page.getByRole('dialog').getByRole('alert')).toHaveText(en.failures['account-unknown']);

  await page.goto(`${host.origin}/settings`);
  await page
    .getByLabel(en.settings.pictureChoose)
    .and(page.locator('input'))
    .setInputFiles({ name: 'greenfinch.png', mimeType: 'image/png', buffer: await page.screenshot() });
  await expect(zoe.item('Ada').locator('img')).toBeVisible();
  await page.goto(`${host.origin}/settings/devices`);
  await page.getByRole('button', { name: /^Rename/ }).click();
  await page.getByLabel(en.devices.name, { exact: true }).fill('Chaffinch’s own browser');
  await ada.button(en.common.save).click();
  await expect(page.getByRole('heading', { name: 'Chaffinch’s own browser' })).toBeVisible();
  const thief = new Person(await newBrowser(), host.origin, ada);
  await thief.signIn('brambling bullfinch hawfinch crossbill serin redpoll');
  await expect(thief.page.getByRole('alert')).toHaveText(en.failures['passphrase-wrong']);

  await leaks.settle(page.context());
  const kinds = new Set(leaks.canaries.all.map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual([
    'contact',
    'device name',
    'invite secret',
    'message or draft',
    'name',
    'passphrase',
    'picture',
    'search term',
    'username',
  ]);
  const typed = leaks.canaries.all.map(({ bytes }) => bytes.toString());
  for (const text of [
    'A siskin that was never sent',
    'Chaffinch’s own browser',
    'brambling bullfinch hawfinch crossbill serin redpoll',
    zoe.passphrase,
    ada.passphrase,
    ada.name,
  ])
    expect(typed.includes(text), text).toBe(true);
  const places = new Map((await leaks.places(host)).map(({ name, bytes }) => [name, bytes]));
  const marks = {
    'the metrics': 'tacet_http_request_seconds',
    'an answer by which the server refused': 'login-refused',
    'an address that was asked for': '/v1/lookups',
    'an address that was shown': '/settings/devices',
    [`the file ${DATABASE_FILE}`]: 'SQLite',
    [`the file ${DATABASE_FILE}-wal`]: zoe.username,
  };
  for (const [name, mark] of Object.entries(marks))
    expect(places.get(name)?.includes(mark), `${name} holds ${mark}`).toBe(true);
  expect(places.get('an address that was asked for')?.includes('ws://'), 'sockets of workers count').toBe(
    true,
  );
  expect(await leaks.look(host)).toEqual([]);
});

testEmpty('what leaks is found in each place, whatever it is dressed in', async ({ browser, host }) => {
  // One that the test’s own look knows nothing of.
  const leaks = new Leaks();
  const context = await browser.newContext();
  await leaks.listen(context);
  const page = await context.newPage();
  await page.goto(host.firstInvite);
  await page.getByRole('button', { name: en.welcome.create }).click();
  const secret = 'Ångström’s "pipit"';
  await page.getByLabel(en.signUp.name, { exact: true }).fill(secret);
  await leaks.settle(context);
  expect(await leaks.look(host)).toEqual([]);

  let metrics = await host.metrics();
  const log: string[] = [];
  const logger = buildLogger('info', { write: (line) => log.push(line) });
  const told = { dataDir: host.dataDir, log: () => log.join(''), metrics: () => Promise.resolve(metrics) };
  const base64 = Buffer.from(`a name: ${secret}`).toString('base64');
  const hex = Buffer.from(secret).toString('hex');
  const known = new Set<string>();
  /** What is new once something has leaked. */
  const foundAfter = async (leak: () => unknown): Promise<readonly string[]> => {
    await leak();
    const fresh = (await leaks.look(told)).filter((find) => !known.has(find));
    for (const find of fresh) known.add(find);
    return fresh;
  };
  const what = 'name “Ång…” (22 bytes) stands in';

  expect(await foundAfter(() => logger.info({ text: secret }, 'leak'))).toEqual([`${what} the log, in JSON`]);
  metrics += `tacet_leaks_total{name="${hex}"} 1`;
  expect(await foundAfter(() => undefined)).toEqual([`${what} the metrics, in hex`]);

  const database = new Sqlite(join(host.dataDir, DATABASE_FILE));
  const insert = database.prepare('insert into invites (code, uses_left, expires_at) values (?, 1, 1)');
  expect(await foundAfter(() => insert.run(Buffer.from(secret, 'utf16le')))).toEqual([
    `${what} the file ${DATABASE_FILE}-wal, in UTF-16`,
  ]);
  expect(await foundAfter(() => database.pragma('wal_checkpoint(truncate)'))).toEqual([
    `${what} the file ${DATABASE_FILE}, in UTF-16`,
  ]);
  database.close();
  await mkdir(join(host.dataDir, 'folder'));
  expect(await foundAfter(() => writeFile(join(host.dataDir, 'folder', 'dump'), secret))).toEqual([
    `${what} the file dump, as it is`,
  ]);

  const refused = `${host.origin}/v1/none`;
  await page.route(refused, (route) => route.fulfill({ status: 404, body: base64 }));
  expect(
    await foundAfter(() => page.evaluate((url) => fetch(url).then((answer) => answer.text()), refused)),
  ).toEqual([`${what} an answer by which the server refused, in base64`]);
  const asked = `${host.origin}/v1/none?for=${encodeURIComponent(secret)}`;
  const [worker] = page.workers();
  expect(
    await foundAfter(() => worker?.evaluate((url) => fetch(url).then((answer) => answer.text()), asked)),
  ).toEqual([`${what} an address that was asked for, percent-encoded`]);
  expect(
    await foundAfter(() => page.evaluate((at) => history.pushState(undefined, '', at), `/${base64}`)),
  ).toEqual([`${what} an address that was shown, in base64`]);
  await context.close();
});
