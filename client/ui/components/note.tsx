/** A boxed sentence: a failure, a warning, a fact. Failures are announced. */
import type { ComponentChildren, VNode } from 'preact';
import { CircleAlert, Info, TriangleAlert } from 'lucide';
import type { Failure } from '../../core/door.ts';
import { failureText } from '../text/text.ts';
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

/** A failure in words, or nothing. */
export function FailureNote({ failure }: { readonly failure: Failure | undefined }): VNode | null {
  if (failure === undefined) return null;
  return <Note kind="danger">{failureText(failure)}</Note>;
}
