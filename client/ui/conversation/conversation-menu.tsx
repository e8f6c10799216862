/** What can be done with a conversation as a whole. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { CalendarDays, EllipsisVertical, Eraser, ListChecks, Search, Timer } from 'lucide';
import type { OpenConversation } from '../../core/door.ts';
import { Menu } from '../components/menu.tsx';
import { useDoor } from '../door-context.ts';
import { wish } from '../list/search-state.ts';
import { go, place } from '../router.ts';
import { fill, text } from '../text/text.ts';
import { beginSelection } from './selection.ts';
import { TimerDialog } from './timer-button.tsx';
import { lazily } from '../components/lazy.tsx';

const DateDialog = lazily(async () => (await import('./date-dialog.tsx')).DateDialog);

const ClearDialog = lazily(async () => (await import('./clear-dialog.tsx')).ClearDialog);

/** Where the header has no room for the timer, unless one runs. */
const tight = matchMedia('(max-width: 479px)');

/** Where the list has no room beside the conversation, the search is on the list's own screen. */
const narrow = matchMedia('(max-width: 699px)');

export function ConversationMenu({
  conversation: { id, person, state, timer },
}: {
  readonly conversation: OpenConversation;
}): VNode {
  const { commands } = useDoor();
  const { name } = person;
  const [dialog, setDialog] = useState<'date' | 'clear' | 'timer' | undefined>(undefined);
  const close = (): void => setDialog(undefined);
  return (
    <>
      <Menu
        icon={EllipsisVertical}
        label={text.conversation.menu}
        items={[
          {
            icon: Search,
            label: text.conversation.searchHere,
            run: () => {
              wish.value = { typed: '', within: { id, name } };
              if (narrow.matches && place.value.kind === 'conversation') go({ kind: 'home' });
            },
          },
          { icon: CalendarDays, label: text.conversation.toDate, run: () => setDialog('date') },
          ...(tight.matches && state === 'accepted' && timer === 0
            ? [{ icon: Timer, label: text.timer.buttonOff, run: () => setDialog('timer') }]
            : []),
          { icon: ListChecks, label: text.select.title, run: () => beginSelection() },
          { icon: Eraser, label: text.clear.action, run: () => setDialog('clear') },
        ]}
      />
      {dialog === 'timer' && (
        <TimerDialog
          lead={fill(text.timer.lead, { name })}
          seconds={timer}
          set={(seconds) => commands.setTimer(id, seconds)}
          onClose={close}
        />
      )}
      {dialog === 'date' && <DateDialog id={id} onClose={close} />}
      {dialog === 'clear' && <ClearDialog id={id} name={name} onClose={close} />}
    </>
  );
}
