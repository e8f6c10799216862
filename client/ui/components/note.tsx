/** A boxed sentence: a failure, a warning, a fact. Failures are announced. */
import type { ComponentChildren, VNode } from 'preact';
import { CircleAlert, Info, TriangleAlert } from 'lucide';
import type { Failure } from '../../core/door.ts';
import { reload } from '../app-update.ts';
import { failureText, text } from '../text/text.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';
import css from './note.module.css';

const ICONS = { danger: CircleAlert, caution: TriangleAlert, info: Info } as const;

export function Note({
  kind,
  children,
}: {
  readonly kind: 'danger' | 'caution' | 'info';
  readonly children: ComponentChildren;
}): VNode {
  return (
    <div class={`${css.note} ${css[kind]}`} role={kind === 'danger' ? 'alert' : undefined}>
      <Icon node={ICONS[kind]} />
      <div>{children}</div>
    </div>
  );
}

/** A failure in words, or nothing; with the way out where only a new page helps. */
export function FailureNote({ failure }: { readonly failure: Failure | undefined }): VNode | null {
  if (failure === undefined) return null;
  if (failure.code !== 'part-missing' && failure.code !== 'app-outdated')
    return <Note kind="danger">{failureText(failure)}</Note>;
  return (
    <Note kind="danger">
      <p>{failureText(failure)}</p>
      <Button onClick={reload}>{text.common.reload}</Button>
    </Note>
  );
}
