/** Shapes of what is about to appear. Invisible for the first 200 ms, so that quick things do not flicker. */
import type { VNode } from 'preact';
import { text } from '../text/text.ts';
import css from './skeleton.module.css';

export function Skeleton({
  shape,
  count,
}: {
  readonly shape: 'person' | 'message' | 'text';
  readonly count: number;
}): VNode {
  return (
    <div class={css.skeleton} role="status">
      <span class="heard">{text.common.loading}</span>
      {Array.from({ length: count }, (_, i) => (
        <div key={i} class={css[shape]} aria-hidden="true">
          {shape === 'person' && <span class={css.disc} />}
          <span class={css.lines}>
            <span />
            {shape !== 'message' && <span />}
          </span>
        </div>
      ))}
    </div>
  );
}
