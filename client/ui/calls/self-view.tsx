/** The own picture, small, in a corner of the person's choice. */
import type { VNode } from 'preact';
import { text } from '../text/text.ts';
import { Picture } from './picture.tsx';
import css from './self-view.module.css';
import { useCallStage } from './stage.ts';
import { useCorner } from './use-corner.ts';

export function SelfView(): VNode | null {
  const { camera } = useCallStage().mine.value;
  const { corner, box, hold } = useCorner({ block: 'end', inline: 'end' });
  if (camera === undefined) return null;
  return (
    <div ref={box} class={css.self} data-corner={corner}>
      <Picture stream={camera} label={text.calls.picture.mine} mirrored />
      <button
        type="button"
        class={css.hold}
        aria-label={text.calls.picture.move}
        title={text.calls.picture.move}
        {...hold}
      />
    </div>
  );
}
