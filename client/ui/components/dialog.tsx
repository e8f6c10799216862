/**
 * A layer above the page, on the browser's own dialog: focus stays in it, Esc and a click beside it close it, focus returns to where it
 * was, or near it if that is gone.
 */
import type { ComponentChildren, RefObject, VNode } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { X } from 'lucide';
import { text } from '../text/text.ts';
import { IconButton } from './button.tsx';
import css from './dialog.module.css';

/** Where the focus is about to go back to: a dialog that takes the place of another one gives it back in its stead. */
let givingBack: readonly Element[] | undefined;

/**
 * A dialog that is open above everything for as long as it is there; the focus goes back to where it was. `otherwise`: a selector of what takes
 * it where nothing had it, because what opened the dialog went as it came.
 */
export function useModal(otherwise?: string): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before any effect of what is in it: a field that takes the focus has to stand in an open dialog.
  useLayoutEffect(() => {
    const way = givingBack ?? wayTo(document.activeElement);
    givingBack = undefined;
    dialog.current?.showModal();
    return () => {
      givingBack = way;
      // While the dialog stands nothing behind it takes the focus; it goes with the commit that this is part of.
      queueMicrotask(() => {
        if (givingBack !== way) return;
        givingBack = undefined;
        const isNowhere = way.length === 0 && otherwise !== undefined;
        giveBack(isNowhere ? wayTo(document.querySelector(otherwise)) : way);
      });
    };
  }, []);
  return dialog;
}

export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}): VNode {
  const dialog = useModal();
  const titleId = useId();
  return (
    <dialog
      ref={dialog}
      class={css.dialog}
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class={css.body}>
        <header class={css.header}>
          <h2 id={titleId} tabIndex={-1} autofocus>
            {title}
          </h2>
          <IconButton icon={X} label={text.common.close} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** An element and those that it is in, from the inside. */
function wayTo(element: Element | null): readonly Element[] {
  const way: Element[] = [];
  for (let at = element; at !== null && at !== document.body; at = at.parentElement) way.push(at);
  return way;
}

const FOCUSABLE = 'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), [tabindex]';

function isFocusFree(): boolean {
  return document.activeElement === document.body || document.activeElement === null;
}

/** Gives the focus back to where it was; if that is gone or takes none, to what is nearest to its place. A focus that has gone elsewhere stays. */
function giveBack([first, ...around]: readonly Element[]): void {
  if (isFocusFree() && first instanceof HTMLElement && first.isConnected) first.focus();
  for (const element of around) {
    if (!isFocusFree()) return;
    if (!element.isConnected) continue;
    const near = [...element.querySelectorAll<HTMLElement>(FOCUSABLE)];
    near.find((one) => one.checkVisibility())?.focus();
  }
}

/** The row of buttons at the end of a dialog. */
export function DialogActions({ children }: { readonly children: ComponentChildren }): VNode {
  return <div class={css.actions}>{children}</div>;
}
