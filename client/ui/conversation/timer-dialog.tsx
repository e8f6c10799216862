/** The choice of how long messages stay: in one conversation, or in those that begin from now on. */
import type { VNode } from 'preact';
import { useId } from 'preact/hooks';
import { Dialog } from '../components/dialog.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useChoice } from '../door-context.ts';
import { formatDuration } from '../text/durations.ts';
import { text } from '../text/text.ts';
import css from './timer-dialog.module.css';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Off, then from half a minute to four weeks. */
const CHOICES = [0, 30, 5 * MINUTE, HOUR, 8 * HOUR, DAY, 7 * DAY, 28 * DAY] as const;

function timerName(seconds: number): string {
  return seconds === 0 ? text.timer.off : formatDuration(seconds);
}

export function TimerDialog({
  lead,
  seconds,
  set,
  onClose,
}: {
  readonly lead: string;
  readonly seconds: number;
  readonly set: (seconds: number) => Promise<void>;
  readonly onClose: () => void;
}): VNode {
  const { shown, failure, choose } = useChoice(seconds, set);
  const name = useId();
  // A time that another client set stays to be seen.
  const choices = CHOICES.some((choice) => choice === seconds) ? CHOICES : [...CHOICES, seconds];
  return (
    <Dialog title={text.timer.title} onClose={onClose}>
      <p>{lead}</p>
      <FailureNote failure={failure} />
      <fieldset class={css.choices}>
        <legend class="heard">{text.timer.choices}</legend>
        {choices.map((choice) => (
          <label key={choice} class={css.choice}>
            <input
              type="radio"
              name={name}
              checked={choice === shown}
              onChange={() => inBackground(choose(choice))}
            />
            <span>{timerName(choice)}</span>
          </label>
        ))}
      </fieldset>
    </Dialog>
  );
}
