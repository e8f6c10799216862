/**
 * Where messages are written. Grows with the text; Enter sends, Shift+Enter breaks the line, or as the person wants it; what is not sent stays as a draft. A
 * message that core could not store comes back into the field.
 */
import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ArrowUp, Check, Smile } from 'lucide';
import type { ConversationId, MessageRef } from '../../core/door.ts';
import { exactNow } from '../clock.ts';
import { EmojiPanel } from '../components/emoji-panel.tsx';
import { Icon } from '../components/icon.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useAsking, useDoor, useIsHere } from '../door-context.ts';
import { fill, plural, text } from '../text/text.ts';
import { ComposingBar } from './composing-bar.tsx';
import { canChange, composing, refOf } from './composing.ts';
import css from './composer.module.css';
import { enterSends, isSending } from './enter-key.ts';
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
  const { commands, state } = useDoor();
  const saving = useAsking();
  const sending = useAsking('many');
  const [value, setValue] = useState(draft);
  const area = useRef<HTMLTextAreaElement>(null);
  const typing = useTyping(id);
  const [picking, setPicking] = useState(false);
  const isHere = useIsHere();
  useDraft(id, value, draft, area, setValue);
  const about = composing.value?.id === id ? composing.value : undefined;
  const editing = about?.kind === 'edit' ? about.message : undefined;
  /** The text of an edit has a place of its own: the draft stays what it was. */
  const [edited, setEdited] = useState('');
  const shown = editing === undefined ? value : edited;
  const write = editing === undefined ? setValue : setEdited;
  useGrowing(area.current, shown);

  useLayoutEffect(() => {
    if (about === undefined) return;
    if (about.kind === 'edit') setEdited(about.message.text);
    // The menu that it was chosen from gives the focus back first.
    requestAnimationFrame(() => area.current?.focus({ preventScroll: true }));
  }, [about]);

  useEffect(() => {
    // On touch the keyboard would cover half of what one came to read.
    if (!touchOnly.matches) area.current?.focus({ preventScroll: true });
  }, []);

  const over = shown.length - TEXT_MAX;
  const empty = shown.trim() === '';

  function stop(): void {
    composing.value = undefined;
    area.current?.focus({ preventScroll: true });
  }

  async function saveEdit(message: MessageRef): Promise<void> {
    if (await saving.ask(() => commands.editMessage(id, message.id, edited.trim()))) stop();
  }

  /** The last own message that can be edited, as the arrow key upwards means it. */
  function editLast(): boolean {
    const lines = state.open.peek()?.lines ?? [];
    const last = lines.findLast((line) => line.kind === 'message' && line.mine);
    if (last?.kind !== 'message' || !canChange(last, exactNow())) return false;
    composing.value = { kind: 'edit', id, message: last };
    return true;
  }

  async function send(): Promise<void> {
    if (empty || over > 0) return;
    if (editing !== undefined) return saveEdit(editing);
    const written = value;
    const reply = about;
    setValue('');
    if (reply !== undefined) composing.value = undefined;
    typing.sent();
    area.current?.focus({ preventScroll: true });
    const stored = await sending.ask(async () => {
      await commands.sendText(id, written.trim(), ...(reply === undefined ? [] : [refOf(reply.message)]));
    });
    if (stored) return;
    // Nothing was stored: the text comes back, before whatever was begun meanwhile, or waits where the person has gone from.
    if (!isHere.current) return commands.setDraft(id, written);
    setValue((since) => (since === '' ? written : `${written}\n${since}`));
    composing.value ??= reply;
  }

  /** Puts an emoji where the cursor is, and the cursor after it. */
  function insert(emoji: string): void {
    const field = area.current;
    const from = field?.selectionStart ?? shown.length;
    const to = field?.selectionEnd ?? shown.length;
    setPicking(false);
    write(shown.slice(0, from) + emoji + shown.slice(to));
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
      <FailureNote failure={saving.failure ?? sending.failure} />
      {picking && (
        <div class={css.picker}>
          <EmojiPanel onPick={insert} onClose={() => setPicking(false)} />
        </div>
      )}
      {about !== undefined && <ComposingBar about={about} name={name} onStop={stop} />}
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
            value={shown}
            placeholder={text.conversation.placeholder}
            aria-label={fill(text.conversation.composer, { name })}
            aria-invalid={over > 0 ? 'true' : undefined}
            enterkeyhint={touchOnly.matches || !enterSends.value ? 'enter' : 'send'}
            onInput={(event) => {
              const next = event.currentTarget.value;
              write(next);
              saving.forget();
              sending.forget();
              if (editing !== undefined) return;
              if (next.trim() === '') typing.stop();
              else typing.strike();
            }}
            onBlur={typing.stop}
            onKeyDown={(event) => {
              const isPlain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
              if (event.key === 'ArrowUp' && isPlain && shown === '' && about === undefined && editLast()) {
                event.preventDefault();
              }
              if (event.key === 'Escape' && about !== undefined) {
                event.preventDefault();
                stop();
              }
              if (!isSending(event) || touchOnly.matches) return;
              event.preventDefault();
              inBackground(send());
            }}
          />
          {shown.length >= TEXT_NEAR_MAX && (
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
          title={editing === undefined ? text.conversation.send : text.message.saveEdit}
          aria-label={editing === undefined ? text.conversation.send : text.message.saveEdit}
          disabled={empty || over > 0}
          onMouseDown={(event) => {
            // The field keeps the focus: on a phone the keyboard stays, and nobody is told that the typing stopped.
            event.preventDefault();
          }}
        >
          <Icon node={editing === undefined ? ArrowUp : Check} size={20} />
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
