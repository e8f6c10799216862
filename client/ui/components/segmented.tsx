/** A choice of few, all in sight: radio buttons in a row. */
import type { VNode } from 'preact';
import { useId } from 'preact/hooks';
import css from './segmented.module.css';

export function Segmented<Value extends string>({
  label,
  options,
  value,
  onChange,
}: {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}): VNode {
  const name = useId();
  return (
    <fieldset class={css.group}>
      <legend class="heard">{label}</legend>
      {options.map((option) => (
        <label key={option.value} class={css.option}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
