/** How long messages stay in conversations that begin from now on. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { Timer } from 'lucide';
import type { Me } from '../../core/door.ts';
import { Button } from '../components/button.tsx';
import { TimerDialog } from '../conversation/timer-dialog.tsx';
import { useDoor } from '../door-context.ts';
import { formatDuration } from '../text/durations.ts';
import { fill, text } from '../text/text.ts';

export function DefaultTimer({ me }: { readonly me: Me }): VNode {
  const { commands } = useDoor();
  const [open, setOpen] = useState(false);
  const { defaultTimer } = me;
  const time = defaultTimer === 0 ? text.timer.off : formatDuration(defaultTimer);
  return (
    <>
      <div>
        <Button icon={Timer} onClick={() => setOpen(true)}>
          {fill(text.timer.button, { time })}
        </Button>
      </div>
      <p>{text.timer.defaultLead}</p>
      {open && (
        <TimerDialog
          lead={text.timer.defaultLead}
          seconds={defaultTimer}
          set={(seconds) => commands.setDefaultTimer(seconds)}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}
