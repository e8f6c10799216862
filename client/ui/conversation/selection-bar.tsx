/** In place of the composer while messages are being chosen: how many, and what can be done with them. */
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { Button } from '../components/button.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { plural, text } from '../text/text.ts';
import css from './selection.module.css';
import { endSelection, selectedText, selection } from './selection.ts';

export function SelectionBar({ me, them }: { readonly me: string; readonly them: string }): VNode {
  const chosen = selection.value ?? new Map();
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
      {chosen.size > 0 && (
        <CopyButton kind="primary" value={selectedText(chosen, { me, them })} label={text.common.copy} />
      )}
    </div>
  );
}
