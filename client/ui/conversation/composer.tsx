/**
 * Where messages are written. Grows with the text; Enter sends, Shift+Enter breaks the line; what is not sent stays as a draft. A
 * message leaves the field only once core has stored it.
 */
import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ArrowUp, Smile } from 'lucide';
import type { ConversationId } from '../../core/door.ts';
import { EmojiPanel } from '../components/emoji-panel.tsx';
import { Icon } from '../components/icon.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { fill, plural, text } from '../text/text.ts';
import css from './composer.module.css';
import { TEXT_MAX, TEXT_NEAR_MAX } from './text-limit.ts';
import { useDraft } from './use-draft.ts';
import { useTyping } from './use-typing.ts';

const touchOnly = matchMedia('(hover: none) and (pointer: coarse)');

export function Composer({
  id,
  name,
  draft,
}: {
  readonly id: ConversationId;
  readonly name: string;
  readonly draft: string;
}): VNode {
  const { commands } = useDoor();
  const { failure, ask, forget } = useAsking();
  const [value, setValue] = useState(draft);
  const area = useRef<HTMLTextAreaElement>(null);
  const typing = useTyping(id);
  const [picking, setPicking] = useState(false);
  useDraft(id, value, draft, area, setValue);
  useGrowing(area.current, value);

  useEffect(() => {
    // On touch the keyboard would cover half of what one came to read.
    if (!touchOnly.matches) area.current?.focus({ preventScroll: true });
  }, []);

  const over = value.length - TEXT_MAX;
  const empty = value.trim() === '';

  async function send(): Promise<void> {
    if (empty || over > 0) return;
    const sending = value;
    setValue('');
    typing.sent();
    area.current?.focus({ preventScroll: true });
    const stored = await ask(async () => {
      await commands.sendText(id, sending.trim());
    });
    // Nothing was stored: the text comes back, before whatever was begun meanwhile.
    if (!stored) setValue((since) => (since === '' ? sending : `${sending}\n${since}`));
  }

  /** Puts an emoji where the cursor is, and the cursor after it. */
  function insert(emoji: string): void {
    const field = area.current;
    const from = field?.selectionStart ?? value.length;
    const to = field?.selectionEnd ?? value.length;
    setPicking(false);
    setValue(value.slice(0, from) + emoji + value.slice(to));
    requestAnimationFrame(() => {
      field?.focus({ preventScroll: true });
      field?.setSelectionRange(from + emoji.length, from + emoji.length);
    });
  }

  return (
    <form
      class={css.composer}
      onSubmit={(event) => {
        event.preventDefault();
        inBackground(send());
      }}
    >
      <FailureNote failure={failure} />
      {picking && (
        <div class={css.picker}>
          <EmojiPanel onPick={insert} onClose={() => setPicking(false)} />
        </div>
      )}
      <div class={css.row}>
        <div class={css.box}>
          <button
            class={css.emoji}
            type="button"
            title={text.emoji.open}
            aria-label={text.emoji.open}
            aria-haspopup="dialog"
            aria-expanded={picking}
            onPointerDown={(event) => {
              // Else the press closes the panel and the click opens it again.
              if (picking) event.stopPropagation();
            }}
            onClick={() => setPicking(!picking)}
          >
            <Icon node={Smile} size={20} />
          </button>
          <textarea
            ref={area}
            class={css.area}
            rows={1}
            dir="auto"
            value={value}
            placeholder={text.conversation.placeholder}
            aria-label={fill(text.conversation.composer, { name })}
            aria-invalid={over > 0 ? 'true' : undefined}
            enterkeyhint={touchOnly.matches ? 'enter' : 'send'}
            onInput={(event) => {
              const next = event.currentTarget.value;
              setValue(next);
              forget();
              if (next.trim() === '') typing.stop();
              else typing.strike();
            }}
            onBlur={typing.stop}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || event.shiftKey || event.isComposing || touchOnly.matches) return;
              event.preventDefault();
              inBackground(send());
            }}
          />
          {value.length >= TEXT_NEAR_MAX && (
            <span class={css.count} data-over={over > 0 ? '' : undefined} aria-live="polite">
              {over > 0
                ? plural(text.conversation.tooLong, over)
                : plural(text.conversation.charactersLeft, -over)}
            </span>
          )}
        </div>
        <button
          class={css.send}
          type="submit"
          title={text.conversation.send}
          aria-label={text.conversation.send}
          disabled={empty || over > 0}
          onMouseDown={(event) => {
            // The field keeps the focus: on a phone the keyboard stays, and nobody is told that the typing stopped.
            event.preventDefault();
          }}
        >
          <Icon node={ArrowUp} size={20} />
        </button>
      </div>
    </form>
  );
}

/** The field is as high as its text, up to the limit in the styles. */
function useGrowing(area: HTMLTextAreaElement | null, value: string): void {
  useLayoutEffect(() => {
    if (area === null || CSS.supports('field-sizing', 'content')) return;
    area.style.blockSize = 'auto';
    area.style.blockSize = `${area.scrollHeight}px`;
  }, [area, value]);
}
