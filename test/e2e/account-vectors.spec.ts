/** The recorded vectors of accounts, seals and safety numbers in real Chromium, under the product's script policy. */
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { openWorkerPage, type WorkerPage } from '../support/worker-page.ts';
import fingerprints from '../vectors/fingerprint.json' with { type: 'json' };
import seals from '../vectors/sealed-sender.json' with { type: 'json' };
import vault from '../vectors/vault.json' with { type: 'json' };

declare const ask: (question: string) => Promise<unknown>;

let served: WorkerPage;

// One worker takes all: they have one page in common.
test.describe.configure({ mode: 'default' });

test.beforeAll(async () => {
  served = await openWorkerPage(join(import.meta.dirname, 'account-vectors', 'worker.ts'));
});
test.afterAll(async () => {
  await served.close();
});
test.beforeEach(async ({ page }) => {
  await page.goto(served.url);
});

test('recorded safety numbers come out in Chromium', async ({ page }) => {
  const made = await page.evaluate(() => ask('fingerprint'));
  expect(made).toEqual(fingerprints.cases.map(({ displayable, scannable }) => ({ displayable, scannable })));
});

test('recorded seals open in Chromium, and no changed one does', async ({ page }) => {
  const { senderKey: sender, accountId, deviceUuid } = seals;
  const expected = seals.cases.map(({ content }) => ({
    sender,
    content,
    accountId,
    deviceUuid,
    survivors: 0,
    resealed: content,
  }));
  expect(await page.evaluate(() => ask('seal'))).toEqual(expected);
});

test('the recorded passphrase opens the recorded vault in Chromium', async ({ page }) => {
  const { loginKey, accountKey, recordKey, plaintext, deliveryKey, signature } = vault;
  expect(await page.evaluate(() => ask('vault'))).toEqual({
    loginKey,
    accountKey,
    recordKey,
    record: plaintext,
    profile: plaintext,
    local: plaintext,
    deliveryKey,
    signature,
    survivors: 0,
  });
});

test('passphrases are made and estimated in Chromium as in Node', async ({ page }) => {
  expect(await page.evaluate(() => ask('passphrase'))).toEqual({ words: 6, weak: 25, strong: 79 });
});
