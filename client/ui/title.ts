/** The tab's title and icon carry the number of unread messages. */
import { useSignalEffect } from '@preact/signals';
import { useDoor } from './door-context.ts';
import { fill, formatNumber, text } from './text/text.ts';

/** Keeps title and icon in step from now on. */
export function useTitle(): void {
  const { unreadTotal, open } = useDoor().state;
  useSignalEffect(() => {
    const count = unreadTotal.value;
    const name = open.value?.person.name;
    const title = name === undefined ? text.app.name : `${name} · ${text.app.name}`;
    document.title = count === 0 ? title : fill(text.app.titleUnread, { count: formatNumber(count), title });
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    const href = count === 0 ? '/favicon.svg' : '/favicon-unread.svg';
    if (icon !== null && icon.getAttribute('href') !== href) icon.setAttribute('href', href);
  });
}
