/** Fields of a form: label above, hint below, an error in the hint's place that is announced and tied to the field. */
import type { ComponentChildren, Ref, VNode } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Eye, EyeOff } from 'lucide';
import { text } from '../text/text.ts';
import { IconButton } from './button.tsx';
import css from './field.module.css';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly onBlur?: () => void;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly name: string;
  readonly autocomplete: string;
  readonly required?: boolean;
  readonly maxLength?: number;
  readonly inputRef?: Ref<HTMLInputElement>;
}

function Field({
  label,
  hint,
  error,
  children,
}: Pick<FieldProps, 'label' | 'hint' | 'error'> & {
  readonly children: (ids: { readonly input: string; readonly note: string | undefined }) => VNode;
}): VNode {
  const id = useId();
  const note = hint !== undefined || error !== undefined ? `${id}note` : undefined;
  return (
    <div class={css.field}>
      <label class={css.label} for={id}>
        {label}
      </label>
      {children({ input: id, note })}
      <div class={css.note} id={note} aria-live="polite">
        {error === undefined ? hint : <span class={css.error}>{error}</span>}
      </div>
    </div>
  );
}

/** One line of text. */
export function TextField({
  prefix,
  inputMode,
  ...props
}: FieldProps & {
  readonly prefix?: string;
  readonly inputMode?: 'text' | 'url';
}): VNode {
  return (
    <Field label={props.label} hint={props.hint} error={props.error}>
      {({ input, note }) => (
        <div class={css.box}>
          {prefix !== undefined && (
            <span class={css.prefix} aria-hidden="true">
              {prefix}
            </span>
          )}
          <input
            ref={props.inputRef ?? null}
            id={input}
            class={css.input}
            type="text"
            dir="auto"
            name={props.name}
            value={props.value}
            autocomplete={props.autocomplete}
            autocapitalize={props.name === 'name' ? 'words' : 'none'}
            spellcheck={false}
            inputMode={inputMode}
            required={props.required}
            maxLength={props.maxLength}
            aria-invalid={props.error !== undefined ? 'true' : undefined}
            aria-describedby={note}
            onInput={(event) => props.onInput(event.currentTarget.value)}
            onBlur={props.onBlur}
          />
        </div>
      )}
    </Field>
  );
}

/** A passphrase that can be looked at. An ordinary password field, so that password managers fill and keep it. */
export function PassphraseField(props: FieldProps): VNode {
  const [shown, setShown] = useState(false);
  return (
    <Field label={props.label} hint={props.hint} error={props.error}>
      {({ input, note }) => (
        <div class={css.box}>
          <input
            ref={props.inputRef ?? null}
            id={input}
            class={css.input}
            {...(shown ? { type: 'text' as const } : { type: 'password' as const })}
            name={props.name}
            value={props.value}
            autocomplete={props.autocomplete}
            autocapitalize="none"
            spellcheck={false}
            required={props.required}
            aria-invalid={props.error !== undefined ? 'true' : undefined}
            aria-describedby={note}
            onInput={(event) => props.onInput(event.currentTarget.value)}
            onBlur={props.onBlur}
          />
          <IconButton
            icon={shown ? EyeOff : Eye}
            label={shown ? text.common.hide : text.common.show}
            onClick={() => setShown(!shown)}
          />
        </div>
      )}
    </Field>
  );
}
