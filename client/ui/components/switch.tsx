/** Something that is on or off, with what that means below it. */
import type { VNode } from 'preact';
import { useId } from 'preact/hooks';
import css from './switch.module.css';

export function Switch({
  label,
  hint,
  on,
  busy = false,
  onChange,
}: {
  readonly label: string;
  readonly hint: string;
  readonly on: boolean;
  /** Whether what is shown is still to be kept. */
  readonly busy?: boolean;
  readonly onChange: (on: boolean) => void;
}): VNode {
  const id = useId();
  return (
    <label class={css.switch}>
      <span>
        <span class={css.label}>{label}</span>
        <span class={css.hint} id={id}>
          {hint}
        </span>
      </span>
      <input
        type="checkbox"
        role="switch"
        aria-label={label}
        aria-describedby={id}
        aria-busy={busy || undefined}
        checked={on}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </label>
  );
}
