/** The sign of Tacet: a whole rest hanging from its line, as in a part that is silent. */
import type { VNode } from 'preact';
import css from './mark.module.css';

export function Mark({ size = 40 }: { readonly size?: number }): VNode {
  return (
    <svg class={css.mark} width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class={css.ground} width="32" height="32" rx="8" />
      <rect class={css.rest} x="6" y="11" width="20" height="2" rx="1" />
      <rect class={css.rest} x="10" y="12" width="12" height="7" rx="1" />
    </svg>
  );
}
