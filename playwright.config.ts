// Browser tests, in the browser that test/support/chromium.ts describes.

import { defineConfig } from '@playwright/test';
import { launchOptions } from './test/support/chromium.ts';

export default defineConfig({
  testDir: 'test/e2e',
  projects: [
    { name: 'beginnings', testMatch: '**/*.setup.ts' },
    { testMatch: '**/*.spec.ts', dependencies: ['beginnings'] },
  ],
  outputDir: 'test-results',
  // Every test has a server and people of its own.
  fullyParallel: true,
  forbidOnly: process.env['CI'] !== undefined,
  // A test waits for timers and for the network too: three at a time fill two cores.
  workers: 3,
  retries: 0,
  timeout: 240_000,
  expect: { timeout: 40_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    // Fetching the whole app into a cache, for each browser anew, is left to the suites that are about it. What a service worker keeps
    // would besides be counted as nothing where transfer is measured.
    serviceWorkers: 'block',
    // Every step with its time; pictures and copies of the page at each of them would cost as much as the test.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: false },
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    launchOptions,
  },
});
