/** How long a disappearing message stays: an hourglass, and the time that is left once it runs. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Hourglass } from 'lucide';
import { exactNow, shownNow } from '../clock.ts';
import { Icon } from '../components/icon.tsx';
import { formatDuration, formatRemaining } from '../text/durations.ts';
import { fill, text } from '../text/text.ts';
import css from './message-run.module.css';
import type { MessageLine } from './rows.ts';

/** Below this the seconds are counted. */
const COUNT_MS = 60_000;

export function Remaining({ message }: { readonly message: MessageLine }): VNode | null {
  const { timer, expiresAt, mine } = message;
  const [, tick] = useState(0);
  const left = expiresAt === undefined ? undefined : Math.max(0, expiresAt - exactNow());
  const counts = left !== undefined && left < COUNT_MS;
  useEffect(() => {
    if (!counts) return undefined;
    const every = setInterval(() => tick((n) => n + 1), 1_000);
    return () => clearInterval(every);
  }, [counts]);
  if (timer === undefined) return null;
  // Drawn again with the clock of all screens.
  void shownNow.value;
  const time = left === undefined ? formatDuration(timer) : formatRemaining(left / 1_000);
  const waiting = mine ? text.message.disappearsSent : text.message.disappearsSeen;
  const sentence = fill(left === undefined ? waiting : text.message.disappears, { time });
  return (
    <span class={css.remaining} title={sentence} data-remaining="">
      <Icon node={Hourglass} size={12} />
      <span class="heard">{sentence}</span>
      {left !== undefined && <span aria-hidden="true">{time}</span>}
    </span>
  );
}
