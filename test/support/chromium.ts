/**
 * How tests and benchmarks start Chromium: Debian's where it is installed, else the one that Playwright keeps. The switches stop what a
 * browser does by itself, so that the tests see only the pages' own traffic, and pay for little else.
 */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type LaunchOptions } from '@playwright/test';

const SYSTEM_BROWSER = '/usr/bin/chromium';

/**
 * The address bar's list of suggestions is two pages of the browser's own for each window, drawn before anybody types: more than a second
 * of processor time for every person of a test.
 */
const SUGGESTIONS = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup'];

/** Forms are described to Google, whose answer says how to fill them in: a browser that tests look over the shoulder of asks nobody. */
const ASKING_ELSEWHERE = ['AutofillServerCommunication'];

/** A process for the page that may come next: as many again as are used, each started for nothing. */
const STARTED_AHEAD = ['SpareRendererForSitePerProcess'];

/** What Playwright 1.65 turns off. Only the last such switch counts, so ours has to say it again. */
const OFF_IN_PLAYWRIGHT = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
];

export const launchOptions: LaunchOptions = {
  ...(existsSync(SYSTEM_BROWSER) ? { executablePath: SYSTEM_BROWSER } : {}),
  args: [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    `--disable-features=${[...OFF_IN_PLAYWRIGHT, ...SUGGESTIONS, ...ASKING_ELSEWHERE, ...STARTED_AHEAD].join(',')}`,
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--disable-gpu',
    '--disable-quic',
  ],
};

/** Chromium as the browser suites start it, with more switches. */
export function openChromium(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ ...launchOptions, args: [...(launchOptions.args ?? []), ...args] });
}

/** What pages ask of microphones, cameras and screens is answered without a question to anybody: with yes, or with no. */
const ANSWERED = '--use-fake-ui-for-media-stream';

function answering(...args: readonly string[]): LaunchOptions {
  return { ...launchOptions, args: [...(launchOptions.args ?? []), ...args] };
}

/** With a microphone, a camera and a screen that the browser makes up, and that pages get. */
export const callLaunchOptions = answering(
  ANSWERED,
  '--use-fake-device-for-media-stream',
  '--auto-accept-this-tab-capture',
);
/** With the same, and pages get none of it. */
export const deniedLaunchOptions = answering(`${ANSWERED}=deny`, '--use-fake-device-for-media-stream');
/** With what the machine has, which in tests is nothing. */
export const bareLaunchOptions = answering(ANSWERED);
