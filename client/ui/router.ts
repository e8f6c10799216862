/**
 * Places and their addresses. The browser's history is the only memory: back and forward work as everywhere. Nothing here ever leaves
 * the own origin.
 */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { ConversationId } from '../core/door.ts';

/** Pages of the settings with an address of their own. */
export type SettingsPage = 'devices' | 'account' | 'invites' | 'passphrase' | 'reset';
const SETTINGS_PAGES: readonly SettingsPage[] = ['devices', 'account', 'invites', 'passphrase', 'reset'];

/** Pages about a conversation, with an address of their own. */
export type ConversationPage = 'contact' | 'safety';
const CONVERSATION_PAGES: readonly ConversationPage[] = ['contact', 'safety'];

/** Where a person is. */
export type Place =
  | { readonly kind: 'home' }
  | { readonly kind: 'conversation'; readonly id: ConversationId; readonly page?: ConversationPage }
  | { readonly kind: 'settings'; readonly page?: SettingsPage }
  | { readonly kind: 'sign-in' }
  | { readonly kind: 'sign-up' }
  /** `link` is the whole address, fragment included; the fragment never travels. */
  | { readonly kind: 'invite'; readonly link: string }
  /** A notification was pressed; core knows which conversation it was about. */
  | { readonly kind: 'noticed'; readonly token: string }
  | { readonly kind: 'not-found' };

/** Text form of an id: 16 bytes in base64url. */
const ID = /^[A-Za-z0-9_-]{22}$/;

/** The place of an address of this origin. */
export function parsePlace(url: URL): Place {
  const path = url.pathname.replace(/(.)\/+$/, '$1');
  if (path === '/') return { kind: 'home' };
  if (path === '/settings') return { kind: 'settings' };
  const page = SETTINGS_PAGES.find((name) => path === `/settings/${name}`);
  if (page !== undefined) return { kind: 'settings', page };
  if (path === '/sign-in') return { kind: 'sign-in' };
  if (path === '/sign-up') return { kind: 'sign-up' };
  const [, conversation, pageName] = /^\/c\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
  if (conversation !== undefined && ID.test(conversation)) {
    const id = conversation as ConversationId;
    if (pageName === undefined) return { kind: 'conversation', id };
    const about = CONVERSATION_PAGES.find((known) => known === pageName);
    return about === undefined ? { kind: 'not-found' } : { kind: 'conversation', id, page: about };
  }
  const token = /^\/n\/([^/]+)$/.exec(path)?.[1];
  if (token !== undefined && ID.test(token)) return { kind: 'noticed', token };
  if (/^\/i\/[^/]+$/.test(path)) return { kind: 'invite', link: url.href };
  return { kind: 'not-found' };
}

/** The address of a place, path and fragment. */
export function addressOf(place: Place): string {
  switch (place.kind) {
    case 'home':
    case 'not-found':
      return '/';
    case 'conversation':
      return place.page === undefined ? `/c/${place.id}` : `/c/${place.id}/${place.page}`;
    case 'noticed':
      return `/n/${place.token}`;
    case 'settings':
      return place.page === undefined ? '/settings' : `/settings/${place.page}`;
    case 'sign-in':
      return '/sign-in';
    case 'sign-up':
      return '/sign-up';
    case 'invite': {
      const url = new URL(place.link);
      return `${url.pathname}${url.hash}`;
    }
  }
}

/** What the history keeps beside an address: the step of a form with several. */
interface EntryState {
  readonly step?: number;
  /** Whether this entry was reached from within the app, so that going back stays in it. */
  readonly inside?: boolean;
}

function entryState(): EntryState {
  return (history.state ?? {}) as EntryState;
}

const currentPlace = signal<Place>(parsePlace(new URL(location.href)));
const currentStep = signal(entryState().step ?? 0);

/** Where the person is now. */
export const place: ReadonlySignal<Place> = currentPlace;
/** Step of the form at this place; 0 at first. */
export const step: ReadonlySignal<number> = currentStep;

function readAddress(): void {
  currentPlace.value = parsePlace(new URL(location.href));
  currentStep.value = entryState().step ?? 0;
}

addEventListener('popstate', readAddress);
addEventListener('hashchange', readAddress);

/** Goes to a place; `replace` leaves no entry to come back to. */
export function go(to: Place, options?: { readonly replace: boolean }): void {
  const address = addressOf(to);
  const here = location.pathname + location.hash;
  if (options?.replace === true) history.replaceState(entryState(), '', address);
  else if (address !== here) history.pushState({ inside: true } satisfies EntryState, '', address);
  readAddress();
}

/** Goes to a step of the form at this place. */
export function goToStep(next: number): void {
  history.pushState({ step: next, inside: true } satisfies EntryState, '', location.href);
  currentStep.value = next;
}

/** Puts the form at this place back to a step, without an entry. */
export function resetStep(to: number): void {
  history.replaceState({ ...entryState(), step: to } satisfies EntryState, '', location.href);
  currentStep.value = to;
}

/** One step back if that stays in the app, else to `otherwise`. */
export function goBack(otherwise: Place): void {
  if (entryState().inside === true) history.back();
  else go(otherwise, { replace: true });
}

/** Goes to the first place of a pasted invite link of this origin; `false` if it is none. */
export function goToInvite(pasted: string): boolean {
  const url = URL.parse(pasted.trim());
  if (url === null || url.origin !== location.origin) return false;
  const to = parsePlace(url);
  if (to.kind !== 'invite') return false;
  go(to);
  return true;
}

/** Props of a link that stays in the app; modified clicks are the browser's. */
export function linkTo(to: Place): { readonly href: string; readonly onClick: (event: MouseEvent) => void } {
  return {
    href: addressOf(to),
    onClick(event) {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      go(to);
    },
  };
}
