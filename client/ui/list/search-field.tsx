/**
 * The field above the list: searches people and messages while one types. Arrow down leads into what was found, Enter opens the first of
 * it, Esc ends the search.
 */
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { Search, X } from 'lucide';
import { IconButton } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';
import { inBackground, useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import css from './search-field.module.css';
import { NO_WISH, wish } from './search-state.ts';

export function SearchField({
  input,
  onDown,
  onEnter,
}: {
  readonly input: { readonly current: HTMLInputElement | null };
  readonly onDown: () => void;
  readonly onEnter: () => void;
}): VNode {
  const { commands } = useDoor();
  const { typed, within } = wish.value;
  const isOn = typed !== '' || within !== undefined;
  // A search within one conversation begins elsewhere on the screen.
  useEffect(() => {
    if (within !== undefined) input.current?.focus();
  }, [within?.id]);

  function end(): void {
    wish.value = NO_WISH;
    input.current?.focus();
  }
  return (
    <search class={css.field}>
      <div class={css.box}>
        <Icon node={Search} size={16} class={css.glass} />
        <input
          ref={input}
          class={css.input}
          type="text"
          role="searchbox"
          inputMode="search"
          enterkeyhint="search"
          aria-label={
            within === undefined ? text.search.label : fill(text.search.labelWithin, { name: within.name })
          }
          placeholder={
            within === undefined
              ? text.search.placeholder
              : fill(text.search.labelWithin, { name: within.name })
          }
          autocomplete="off"
          spellcheck={false}
          value={typed}
          onFocus={() => inBackground(commands.prepareSearch())}
          onInput={(event) => {
            wish.value = { ...wish.value, typed: event.currentTarget.value };
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape' && isOn) {
              event.preventDefault();
              event.stopPropagation();
              end();
            } else if (event.key === 'ArrowDown') {
              event.preventDefault();
              onDown();
            } else if (event.key === 'Enter' && !event.isComposing && isOn) {
              event.preventDefault();
              onEnter();
            }
          }}
        />
        {isOn && <IconButton icon={X} label={text.search.end} onClick={end} />}
      </div>
    </search>
  );
}
