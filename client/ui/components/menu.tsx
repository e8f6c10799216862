/** A button with a short list of actions under it. Arrow keys walk, Enter takes, Esc or a press elsewhere closes; the button gets the focus back. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { IconButton } from './button.tsx';
import { Icon, type IconNode } from './icon.tsx';
import css from './menu.module.css';

export interface MenuItem {
  readonly icon: IconNode;
  readonly label: string;
  readonly run: () => void;
}

export function Menu({
  icon,
  label,
  items,
  up = false,
}: {
  readonly icon: IconNode;
  readonly label: string;
  readonly items: readonly MenuItem[];
  /** It opens upwards, from the foot of a screen. */
  readonly up?: boolean;
}): VNode {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);

  function close(): void {
    setOpen(false);
    box.current?.querySelector('button')?.focus();
  }
  useEffect(() => {
    if (!open) return undefined;
    box.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus();
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && box.current?.contains(event.target) === false) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);

  function walk(event: KeyboardEvent): void {
    if (!open) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      close();
      return;
    }
    const all = [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const at = all.findIndex((one) => one === document.activeElement);
    const to =
      event.key === 'ArrowDown'
        ? at + 1
        : event.key === 'ArrowUp'
          ? at - 1 + all.length
          : event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? all.length - 1
              : undefined;
    if (event.key === 'Tab') setOpen(false);
    if (to === undefined) return;
    event.preventDefault();
    all[to % all.length]?.focus();
  }

  return (
    <div class={css.place} ref={box} onKeyDown={walk}>
      <IconButton icon={icon} label={label} expanded={open} onClick={() => setOpen(!open)} />
      {open && (
        <div class={css.menu} data-up={up ? '' : undefined} role="menu" aria-label={label}>
          {items.map((item) => (
            <button
              key={item.label}
              class={css.item}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                close();
                item.run();
              }}
            >
              <Icon node={item.icon} size={18} />
              <span>{item.label}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
