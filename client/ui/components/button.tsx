/** Buttons and links that look like them. */
import type { ComponentChildren, VNode } from 'preact';
import css from './button.module.css';
import { Icon, type IconNode } from './icon.tsx';

interface Look {
  /** One primary a screen; `danger` for what loses something. */
  readonly kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  readonly icon?: IconNode;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

function classOf(kind: Look['kind'], wide: boolean | undefined): string {
  return [css.button, css[kind ?? 'plain'], wide === true ? css.wide : ''].join(' ');
}

export function Button({
  kind,
  icon,
  wide,
  children,
  type = 'button',
  busy = false,
  disabled = false,
  onClick,
  describedBy,
  label,
}: Look & {
  readonly type?: 'button' | 'submit';
  /** At work: stays focusable and says so, ignores clicks. */
  readonly busy?: boolean;
  readonly disabled?: boolean;
  readonly onClick?: (() => void) | undefined;
  readonly describedBy?: string;
  /** A fuller name than the words shown, which it begins with: where several buttons say the same. */
  readonly label?: string;
}): VNode {
  return (
    <button
      class={classOf(kind, wide)}
      type={type}
      disabled={disabled}
      aria-busy={busy ? 'true' : undefined}
      aria-disabled={busy ? 'true' : undefined}
      aria-describedby={describedBy}
      aria-label={label}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.();
      }}
    >
      {icon !== undefined && <Icon node={icon} />}
      <span>{children}</span>
    </button>
  );
}

/** A link to another place of the app in the shape of a button. */
export function ButtonLink({
  kind,
  icon,
  wide,
  children,
  ...link
}: Look & { readonly href: string; readonly onClick: (event: MouseEvent) => void }): VNode {
  return (
    <a class={classOf(kind, wide)} {...link}>
      {icon !== undefined && <Icon node={icon} />}
      <span>{children}</span>
    </a>
  );
}

/** A square button with an icon; its name is heard and shown on hover. */
export function IconButton({
  icon,
  label,
  onClick,
  mirrored = false,
  pressed,
  expanded,
  kind = 'quiet',
  disabled = false,
}: {
  readonly icon: IconNode;
  readonly label: string;
  readonly onClick: () => void;
  readonly mirrored?: boolean;
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly kind?: 'quiet' | 'plain';
  readonly disabled?: boolean;
}): VNode {
  return (
    <button
      class={`${css.square} ${css[kind]}`}
      type="button"
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon node={icon} size={20} mirrored={mirrored} />
    </button>
  );
}

/** The same as a link. */
export function IconLink({
  icon,
  label,
  mirrored = false,
  ...link
}: {
  readonly icon: IconNode;
  readonly label: string;
  readonly mirrored?: boolean;
  readonly href: string;
  readonly onClick: (event: MouseEvent) => void;
}): VNode {
  return (
    <a class={`${css.square} ${css.quiet}`} title={label} aria-label={label} {...link}>
      <Icon node={icon} size={20} mirrored={mirrored} />
    </a>
  );
}
