/**
 * Where messages are written. Grows with the text; Enter sends, Shift+Enter breaks the line, or as the person wants it; what is not sent stays as a draft. A
 * message that core could not store comes back into the field.
 */
import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ArrowUp, Check, Smile } from 'lucide';
import type { OpenConversation } from '../../core/door.ts';
import { exactNow } from '../clock.ts';
import { EmojiPanel } from '../components/emoji-panel.tsx';
import { Icon } from '../components/icon.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { fill, plural, text } from '../text/text.ts';
import { forgetRefusal, refusal } from './acts.ts';
import { ComposingBar } from './composing-bar.tsx';
import {
  begun,
  canChange,
  compose,
  composingIn,
  endComposing,
  refOf,
  reopenReply,
  rewrite,
  wordsNow,
  type Composing,
} from './composing.ts';
import css from './composer.module.css';
import { enterSends, isSending } from './enter-key.ts';
import {
  accountOf,
  firstWords,
  giveBack,
  isAnother,
  putBack,
  sendDraft,
  useTakingBack,
} from './given-back.ts';
import { TEXT_MAX, TEXT_NEAR_MAX } from './text-limit.ts';
import { useDraft } from './use-draft.ts';
import { useTyping } from './use-typing.ts';

const touchOnly = matchMedia('(hover: none) and (pointer: coarse)');

export function Composer({ conversation }: { readonly conversation: OpenConversation }): VNode {
  const { id, person, lines, draft } = conversation;
  const { name } = person;
  const door = useDoor();
  const { commands } = door;
  const saving = useAsking();
  const sending = useAsking('many');
  const [value, setValue] = useState(() => firstWords(id, draft));
  const area = useRef<HTMLTextAreaElement>(null);
  const typing = useTyping(id);
  const [picking, setPicking] = useState(false);
  const keeping = useDraft(id, value, draft, area, setValue);
  useTakingBack(id, (words, kept) => {
    keeping.hurry();
    setValue((since) => putBack(id, words, since, kept));
  });
  const opened = composingIn(id);
  const about = opened.at(-1);
  const editing = about?.kind === 'edit' ? about : undefined;
  /** The text of an edit has a place of its own: the draft stays what it was. */
  const shown = editing === undefined ? value : editing.text;
  const write = (change: (before: string) => string): void => {
    if (editing === undefined) setValue(change);
    else rewrite(id, change);
  };
  useGrowing(area.current, shown);

  const turn = begun.value;
  const before = useRef(turn);
  useLayoutEffect(() => {
    if (turn === before.current) return;
    before.current = turn;
    // The menu that it was chosen from gives the focus back first.
    requestAnimationFrame(() => area.current?.focus({ preventScroll: true }));
  }, [turn]);

  useEffect(() => {
    // On touch the keyboard would cover half of what one came to read.
    if (!touchOnly.matches) area.current?.focus({ preventScroll: true });
  }, []);

  const over = shown.length - TEXT_MAX;
  const empty = shown.trim() === '';

  function stop(): void {
    if (about !== undefined) endComposing(id, about);
    area.current?.focus({ preventScroll: true });
  }

  async function saveEdit(edit: Extract<Composing, { readonly kind: 'edit' }>): Promise<void> {
    if (!(await saving.ask(() => commands.editMessage(id, edit.message.id, edit.text.trim())))) return;
    endComposing(id, edit);
    area.current?.focus({ preventScroll: true });
  }

  /** The last own message that can be edited, as the arrow key upwards means it. */
  function editLast(): boolean {
    const last = lines.findLast((line) => line.kind === 'message' && line.mine);
    if (last?.kind !== 'message' || !canChange(last, exactNow())) return false;
    compose(id, 'edit', last);
    return true;
  }

  async function send(): Promise<void> {
    if (empty || over > 0) return;
    if (editing !== undefined) return saveEdit(editing);
    const written = value;
    const reply = about;
    const writer = accountOf(door);
    const kept = keeping.sent();
    setValue('');
    if (reply !== undefined) endComposing(id, reply);
    typing.sent();
    area.current?.focus({ preventScroll: true });
    const isStored = await sending.ask(() =>
      sendDraft(id, kept, async () => {
        await commands.sendText(
          id,
          written.trim(),
          reply === undefined ? undefined : refOf(reply.message),
          kept,
        );
      }),
    );
    if (isStored || isAnother(door, writer)) return;
    // Nothing was stored: the text comes back, before whatever was begun meanwhile.
    if (reply !== undefined) reopenReply(id, reply);
    await giveBack(door, id, written, kept);
  }

  /** Puts an emoji where the cursor is, and the cursor after it. */
  function insert(emoji: string): void {
    const field = area.current;
    const from = field?.selectionStart ?? shown.length;
    const to = field?.selectionEnd ?? shown.length;
    setPicking(false);
    write((before) => before.slice(0, from) + emoji + before.slice(to));
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
      {refusal.value?.of === id && <Note kind="danger">{refusal.value.words}</Note>}
      {picking && (
        <div class={css.picker}>
          <EmojiPanel onPick={insert} onClose={() => setPicking(false)} />
        </div>
      )}
      {about !== undefined && (
        <ComposingBar
          about={about}
          words={wordsNow(about.message, conversation)}
          aside={opened.at(-2)?.kind}
          name={name}
          onStop={stop}
        />
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
            value={shown}
            placeholder={text.conversation.placeholder}
            aria-label={fill(text.conversation.composer, { name })}
            aria-invalid={over > 0 ? 'true' : undefined}
            enterkeyhint={touchOnly.matches || !enterSends.value ? 'enter' : 'send'}
            onInput={(event) => {
              const next = event.currentTarget.value;
              write(() => next);
              saving.forget();
              sending.forget();
              forgetRefusal();
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
