/** The bar above a pane: on narrow screens with the way back. */
import type { ComponentChildren, VNode } from 'preact';
import { ArrowLeft } from 'lucide';
import { goBack, type Place } from '../router.ts';
import { text } from '../text/text.ts';
import { IconButton } from './button.tsx';
import css from './pane-header.module.css';

const HOME: Place = { kind: 'home' };

export function PaneHeader({
  back = false,
  children,
}: {
  readonly back?: boolean;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <header class={css.header}>
      {back && (
        <div class={css.back}>
          <IconButton icon={ArrowLeft} label={text.common.back} mirrored onClick={() => goBack(HOME)} />
        </div>
      )}
      {children}
    </header>
  );
}
