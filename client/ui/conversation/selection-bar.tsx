/** In place of the composer while messages are being chosen: how many, and what can be done with them. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Info, Trash2, X } from 'lucide';
import type { OpenConversation } from '../../core/door.ts';
import { IconButton } from '../components/button.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { lazily } from '../components/lazy.tsx';
import { plural, text } from '../text/text.ts';
import type { MessageLine } from './rows.ts';
import css from './selection.module.css';
import { endSelection, followLines, selectedText, selection } from './selection.ts';

const Details = lazily(async () => (await import('./details-dialog.tsx')).DetailsDialog);
const Delete = lazily(async () => (await import('./delete-dialog.tsx')).DeleteDialog);
const NONE: ReadonlyMap<number, MessageLine> = new Map();

export function SelectionBar({
  conversation,
  me,
}: {
  readonly conversation: OpenConversation;
  readonly me: string;
}): VNode {
  const { id, person, state, lines } = conversation;
  const chosen = selection.value ?? NONE;
  const [only] = chosen.size === 1 ? chosen.values() : [];
  const [dialog, setDialog] = useState<'details' | 'delete' | undefined>(undefined);
  const close = (): void => setDialog(undefined);
  const words = selectedText(chosen, { me, them: person.name });
  useEffect(() => followLines(conversation), [lines]);
  useEffect(() => {
    const leave = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]') !== null)
        return;
      event.preventDefault();
      endSelection();
    };
    addEventListener('keydown', leave);
    return () => {
      removeEventListener('keydown', leave);
      endSelection();
    };
  }, []);
  return (
    <div class={css.bar} role="group" aria-label={text.select.title}>
      <IconButton icon={X} label={text.common.cancel} onClick={endSelection} />
      <p role="status">{chosen.size === 0 ? text.select.hint : plural(text.select.count, chosen.size)}</p>
      {only !== undefined && (
        <IconButton icon={Info} label={text.details.open} onClick={() => setDialog('details')} />
      )}
      {chosen.size > 0 && (
        <IconButton icon={Trash2} label={text.message.delete} onClick={() => setDialog('delete')} />
      )}
      {words !== '' && <CopyButton kind="primary" value={words} label={text.common.copy} />}
      {dialog === 'details' && only !== undefined && (
        <Details id={id} message={only} name={person.name} onClose={close} />
      )}
      {dialog === 'delete' && chosen.size > 0 && (
        <Delete
          messages={[...chosen.values()]}
          id={id}
          name={person.name}
          canWrite={state === 'accepted'}
          onClose={close}
          onDone={endSelection}
        />
      )}
    </div>
  );
}
