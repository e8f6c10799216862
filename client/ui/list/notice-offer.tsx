/** Offers notifications, once there has been a message to be told of. The browser is asked only when the person presses. */
import { signal } from '@preact/signals';
import type { VNode } from 'preact';
import { Bell } from 'lucide';
import css from '../components/connection-strip.module.css';
import { Icon } from '../components/icon.tsx';
import { inBackground, useDoor } from '../door-context.ts';
import { text } from '../text/text.ts';

const KEY = 'tacet.notices-offer';

function isOpen(): boolean {
  if (!('Notification' in globalThis) || Notification.permission !== 'default') return false;
  try {
    return localStorage.getItem(KEY) === null;
  } catch {
    return false;
  }
}

const isOffered = signal(isOpen());

function decline(): void {
  isOffered.value = false;
  try {
    localStorage.setItem(KEY, 'no');
  } catch {
    // Asked again in the next visit.
  }
}

async function accept(): Promise<void> {
  await Notification.requestPermission();
  isOffered.value = isOpen();
}

export function NoticeOffer(): VNode | null {
  const { conversations, notices, passphrase } = useDoor().state;
  const hasMessages = conversations.value.some(({ last }) => last !== undefined);
  // One question at a time.
  if (passphrase.value.asked) return null;
  if (!isOffered.value || !hasMessages || notices.value === 'none') return null;
  return (
    <div class={`${css.strip} ${css.list}`}>
      <Icon node={Bell} size={16} />
      <span class={css.words}>{text.notices.offer}</span>
      <button class={css.now} type="button" onClick={() => inBackground(accept())}>
        {text.notices.accept}
      </button>
      <button class={css.now} type="button" onClick={decline}>
        {text.notices.decline}
      </button>
    </div>
  );
}
