/** In place of the composer while messages are being chosen: how many, and what can be done with them. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ConversationId } from '../../core/door.ts';
import { Button } from '../components/button.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { lazily } from '../components/lazy.tsx';
import { plural, text } from '../text/text.ts';
import type { MessageLine } from './rows.ts';
import css from './selection.module.css';
import { endSelection, selectedText, selection } from './selection.ts';

const Details = lazily(async () => (await import('./details-dialog.tsx')).DetailsDialog);
const NONE: ReadonlyMap<number, MessageLine> = new Map();

export function SelectionBar({
  id,
  me,
  them,
}: {
  readonly id: ConversationId;
  readonly me: string;
  readonly them: string;
}): VNode {
  const chosen = selection.value ?? NONE;
  const [only] = chosen.size === 1 ? chosen.values() : [];
  const [detailed, setDetailed] = useState<MessageLine | undefined>(undefined);
  useEffect(() => {
    const leave = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
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
      <p role="status">{chosen.size === 0 ? text.select.hint : plural(text.select.count, chosen.size)}</p>
      <Button kind="quiet" onClick={endSelection}>
        {text.common.cancel}
      </Button>
      {only !== undefined && (
        <Button kind="quiet" onClick={() => setDetailed(only)}>
          {text.details.open}
        </Button>
      )}
      {detailed !== undefined && (
        <Details id={id} message={detailed} name={them} onClose={() => setDetailed(undefined)} />
      )}
      {chosen.size > 0 && (
        <CopyButton kind="primary" value={selectedText(chosen, { me, them })} label={text.common.copy} />
      )}
    </div>
  );
}
