/** What can be done with a conversation as a whole. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { CalendarDays, EllipsisVertical, Eraser, ListChecks, Search } from 'lucide';
import type { ConversationId } from '../../core/door.ts';
import { Menu } from '../components/menu.tsx';
import { wish } from '../list/search-state.ts';
import { go, place } from '../router.ts';
import { text } from '../text/text.ts';
import { beginSelection } from './selection.ts';
import { lazily } from '../components/lazy.tsx';

const DateDialog = lazily(async () => (await import('./date-dialog.tsx')).DateDialog);

const ClearDialog = lazily(async () => (await import('./clear-dialog.tsx')).ClearDialog);

/** Where the list has no room beside the conversation, the search is on the list's own screen. */
const narrow = matchMedia('(max-width: 699px)');

export function ConversationMenu({
  id,
  name,
}: {
  readonly id: ConversationId;
  readonly name: string;
}): VNode {
  const [dialog, setDialog] = useState<'date' | 'clear' | undefined>(undefined);
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
          { icon: ListChecks, label: text.select.title, run: () => beginSelection() },
          { icon: Eraser, label: text.clear.action, run: () => setDialog('clear') },
        ]}
      />
      {dialog === 'date' && <DateDialog id={id} onClose={close} />}
      {dialog === 'clear' && <ClearDialog id={id} name={name} onClose={close} />}
    </>
  );
}
