/**
 * What people type and choose in a browser: every field that text is put into, passphrases that a form was filled with, and every picture,
 * as the file that was chosen and as what is made of it. So each text that a test types is known without the test saying so.
 */
import type { BrowserContext, Page } from '@playwright/test';
import type { Canaries, CanaryKind } from '../support/canaries.ts';

/** Sent by a page: a field's name, role or tag, and what stood in it; of a picture its bytes. */
type Report = readonly (readonly [field: string, text: string])[];

/** What stands in a field, by its name, else its role, else its tag. What is not here is `other text`. */
const KINDS: Readonly<Record<string, CanaryKind>> = {
  textarea: 'message or draft',
  searchbox: 'search term',
  combobox: 'search term',
  name: 'name',
  username: 'username',
  'device-name': 'device name',
  password: 'passphrase',
  'new-password': 'passphrase',
  lock: 'passphrase',
  'lock-again': 'passphrase',
};

/** Listens in all pages of a browser, from their next load on. */
export async function listenToTyping(context: BrowserContext, canaries: Canaries): Promise<void> {
  await context.exposeBinding('tellTyped', (_source, report: Report) => {
    for (const [field, text] of report) tell(canaries, field, text);
  });
  await context.addInitScript(watchFields);
}

function tell(canaries: Canaries, field: string, text: string): void {
  switch (field) {
    case 'picture':
      return canaries.addPicture(Buffer.from(text, 'base64'));
    // One of the six words, which stands in a list of words that everybody has.
    case 'word':
      return undefined;
    case 'person':
    case 'invite':
      if (text.includes('/')) canaries.addInvite(text);
      else canaries.add('contact', text.replace(/^@/, '').toLowerCase());
      return undefined;
    default:
      return canaries.add(KINDS[field] ?? 'other text', text);
  }
}

/** Waits until all that was typed in a page is told. */
export async function settleTyping(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await (globalThis as { flushTyped?: () => Promise<void> }).flushTyped?.();
  });
}

/** Runs in the page, before anything else does. Told when a field is left or used, or somebody pauses: not with every key. */
function watchFields(): void {
  const PAUSE_MS = 300;
  const page = globalThis as unknown as {
    readonly tellTyped?: (report: Report) => Promise<void>;
    flushTyped: () => Promise<void>;
  };
  const latest = new Map<EventTarget, readonly [string, string]>();
  const waiting: (readonly [string, string])[] = [];
  const flush = async (): Promise<void> => {
    const report = [...waiting.splice(0), ...latest.values()];
    latest.clear();
    // A page that closes has nobody to tell.
    if (report.length > 0) await page.tellTyped?.(report).catch(() => undefined);
  };
  page.flushTyped = flush;
  let pause: ReturnType<typeof setTimeout> | undefined;
  const flushNow = (): void => {
    clearTimeout(pause);
    flush().catch(() => undefined);
  };
  const flushSoon = (): void => {
    clearTimeout(pause);
    pause = setTimeout(flushNow, PAUSE_MS);
  };
  const note = (field: HTMLInputElement | HTMLTextAreaElement): void => {
    const name = field.name || (field.getAttribute('role') ?? field.tagName.toLowerCase());
    const before = latest.get(field);
    // What was only written on from is part of what stands there now.
    if (before !== undefined && !field.value.startsWith(before[1])) waiting.push(before);
    latest.set(field, [name, field.value]);
    flushSoon();
  };
  const notePicture = async (file: Blob): Promise<void> => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    waiting.push(['picture', btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))]);
    await flush();
  };
  const TEXT = ['text', 'password', 'search', 'textarea'];
  const onInput = ({ target }: Event): void => {
    const isField = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
    if (isField && TEXT.includes(target.type)) note(target);
    if (target instanceof HTMLInputElement)
      for (const file of target.files ?? []) notePicture(file).catch(() => undefined);
  };
  addEventListener('input', onInput, true);
  const onPress = (): void => {
    // A passphrase that was made for somebody stands in its field without having been typed.
    for (const field of document.querySelectorAll<HTMLInputElement>('input[name="new-password"]'))
      if (field.value !== '') note(field);
    flushNow();
  };
  addEventListener('click', onPress, true);
  addEventListener('keydown', ({ key }) => key === 'Enter' && onPress(), true);
  for (const left of ['change', 'pagehide']) addEventListener(left, flushNow, true);
  const show = URL.createObjectURL.bind(URL);
  URL.createObjectURL = (shown) => {
    if (shown instanceof Blob && shown.type.startsWith('image/')) notePicture(shown).catch(() => undefined);
    return show(shown);
  };
}
