/** A screen of one column: before signing in, and whenever there is nothing else to do but what it says. */
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ArrowLeft } from 'lucide';
import { text } from '../text/text.ts';
import { IconButton } from './button.tsx';
import { Mark } from './mark.tsx';
import css from './page.module.css';

export function Page({
  title,
  lead,
  onBack,
  aside,
  roomy = false,
  children,
}: {
  readonly title: string;
  readonly lead?: ComponentChildren | undefined;
  readonly onBack?: (() => void) | undefined;
  /** The title may grow to two lines: their room is kept. */
  readonly roomy?: boolean;
  /** A quiet line above the title, such as the step of several. */
  readonly aside?: string;
  readonly children?: ComponentChildren;
}): VNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // A new screen begins at its title, unless a field of it has taken the focus.
    if (!heading.current?.closest('main')?.contains(document.activeElement)) heading.current?.focus();
  }, [title]);
  return (
    <main class={css.page}>
      <div class={css.column}>
        <div class={css.top}>
          {onBack === undefined ? (
            <Mark />
          ) : (
            <IconButton icon={ArrowLeft} label={text.common.back} mirrored onClick={onBack} />
          )}
        </div>
        <header class={css.header}>
          {aside !== undefined && <p class={css.aside}>{aside}</p>}
          <h1 ref={heading} tabIndex={-1} class={roomy ? css.roomy : undefined}>
            {title}
          </h1>
          {lead !== undefined && <div class={css.lead}>{lead}</div>}
        </header>
        {children}
      </div>
    </main>
  );
}

/** Buttons below one another, the most likely first. */
export function Stack({ children }: { readonly children: ComponentChildren }): VNode {
  return <div class={css.stack}>{children}</div>;
}

/** A form that never leaves the page. */
export function Form({
  onSubmit,
  children,
}: {
  readonly onSubmit: () => void;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <form
      class={css.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
