/** The line that offers a newer version of the app. It waits: nothing is taken until the person presses. */
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { RefreshCw } from 'lucide';
import { takeUpdate } from '../app-update.ts';
import { text } from '../text/text.ts';
import { announce } from './announcer.tsx';
import css from './connection-strip.module.css';
import { Icon } from './icon.tsx';

export function UpdateStrip(): VNode | null {
  const take = takeUpdate.value;
  const isOffered = take !== undefined;
  useEffect(() => {
    if (isOffered) announce(text.update.ready);
  }, [isOffered]);
  if (take === undefined) return null;
  return (
    <div class={`${css.strip} ${css.list}`}>
      <Icon node={RefreshCw} size={16} />
      <span class={css.words}>{text.update.ready}</span>
      <button class={css.now} type="button" onClick={() => take()}>
        {text.update.take}
      </button>
    </div>
  );
}
