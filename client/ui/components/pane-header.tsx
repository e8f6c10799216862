/** The bar above a pane: on narrow screens with the way back. */
import type { ComponentChildren, VNode } from 'preact';
import { ArrowLeft } from 'lucide';
import { goBack, type Place } from '../router.ts';
import { text } from '../text/text.ts';
import { IconButton } from './button.tsx';
import css from './pane-header.module.css';

const HOME: Place = { kind: 'home' };

/** The bar above the list: its title, then what can be done. */
export function ListTitle({ children }: { readonly children?: ComponentChildren }): VNode {
  return (
    <PaneHeader>
      <h1 class={css.title}>{text.list.title}</h1>
      {children}
    </PaneHeader>
  );
}

export function PaneHeader({
  back = false,
  children,
}: {
  /** `true`: to the list, where there is no room for it beside the pane. A place: always, to there. */
  readonly back?: boolean | Place;
  readonly children?: ComponentChildren;
}): VNode {
  return (
    <header class={css.header}>
      {back !== false && (
        <div class={back === true ? css.back : css.up}>
          <IconButton
            icon={ArrowLeft}
            label={text.common.back}
            mirrored
            onClick={() => goBack(back === true ? HOME : back)}
          />
        </div>
      )}
      {children}
    </header>
  );
}
