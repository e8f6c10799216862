/** The tab's title and icon, and the icon of the installed app, carry the number of unread messages. */
import { useSignalEffect } from '@preact/signals';
import { useDoor } from './door-context.ts';
import { ringingOf } from './calls/ring-notice.ts';
import { fill, formatNumber, text } from './text/text.ts';

/** The highest number that an icon shows. */
const ICON_MOST = 9;

function iconFor(count: number): string {
  if (count === 0) return '/favicon.svg';
  return count > ICON_MOST ? '/favicon-many.svg' : `/favicon-${String(count)}.svg`;
}

/** The installed app's icon, where the system has a place for a number. */
function showBadge(count: number): void {
  if (!('setAppBadge' in navigator)) return;
  (count === 0 ? navigator.clearAppBadge() : navigator.setAppBadge(count)).catch(() => undefined);
}

/** Keeps title and icons in step from now on. */
export function useTitle(): void {
  const { call, conversations, unreadTotal, open } = useDoor().state;
  useSignalEffect(() => {
    const ringing = ringingOf(call.value);
    const caller = conversations.value.find(({ id }) => id === ringing?.conversation)?.person.name;
    const count = unreadTotal.value;
    const name = open.value?.person.name;
    const title = name === undefined ? text.app.name : `${name} · ${text.app.name}`;
    const whole = count === 0 ? title : fill(text.app.titleUnread, { count: formatNumber(count), title });
    const now =
      ringing === undefined ? whole : fill(text.calls.titleRinging, { name: caller ?? text.app.name });
    if (document.title !== now) document.title = now;
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    const address = ringing === undefined ? iconFor(count) : '/favicon-call.svg';
    if (icon !== null && icon.getAttribute('href') !== address) icon.setAttribute('href', address);
  });
  useSignalEffect(() => showBadge(unreadTotal.value));
}
