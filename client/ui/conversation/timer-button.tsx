/** The timer of a conversation in its header: whether messages disappear, after how long, and the way to change it. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { Timer } from 'lucide';
import type { OpenConversation } from '../../core/door.ts';
import { Icon } from '../components/icon.tsx';
import { useDoor } from '../door-context.ts';
import { formatDuration, formatRemaining } from '../text/durations.ts';
import { fill, text } from '../text/text.ts';
import { lazily } from '../components/lazy.tsx';
import css from './timer-button.module.css';

export const TimerDialog = lazily(async () => (await import('./timer-dialog.tsx')).TimerDialog);

export function TimerButton({ conversation }: { readonly conversation: OpenConversation }): VNode | null {
  const { commands } = useDoor();
  const [open, setOpen] = useState(false);
  const { id, person, state, timer } = conversation;
  if (state !== 'accepted') return null;
  const label = timer === 0 ? text.timer.buttonOff : fill(text.timer.button, { time: formatDuration(timer) });
  return (
    <>
      <button
        class={css.button}
        data-off={timer === 0 ? '' : undefined}
        type="button"
        aria-haspopup="dialog"
        title={label}
        onClick={() => setOpen(true)}
      >
        <Icon node={Timer} size={20} />
        <span class="heard">{label}</span>
        {timer !== 0 && <span aria-hidden="true">{formatRemaining(timer)}</span>}
      </button>
      {open && (
        <TimerDialog
          lead={fill(text.timer.lead, { name: person.name })}
          seconds={timer}
          set={(seconds) => commands.setTimer(id, seconds)}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}
