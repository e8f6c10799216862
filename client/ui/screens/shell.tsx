/** The frame of the app: list and pane beside each other, or one at a time where there is no room for two. */
import type { ComponentChildren, VNode } from 'preact';
import { listWidth, PaneDivider } from './pane-divider.tsx';
import css from './shell.module.css';

export function Shell({
  list,
  listLabel,
  main,
  aside,
  hasAside = false,
  pane,
}: {
  readonly list: ComponentChildren;
  readonly listLabel: string;
  readonly main?: ComponentChildren;
  /** A third pane; where there is no room for it, it takes the place of the second. */
  readonly aside?: ComponentChildren;
  readonly hasAside?: boolean;
  /** Which of the two a narrow window shows. */
  readonly pane: 'list' | 'main';
}): VNode {
  return (
    <main
      class={css.shell}
      data-pane={pane}
      data-aside={hasAside ? '' : undefined}
      style={{ '--list': `${listWidth.value}px` }}
    >
      <nav class={css.list} aria-label={listLabel}>
        {list}
      </nav>
      <PaneDivider />
      <div class={css.pane}>{main}</div>
      {hasAside && <div class={css.aside}>{aside}</div>}
    </main>
  );
}
