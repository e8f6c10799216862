/** Jump to a conversation by typing part of a name: the list's search box on a key. Arrow keys choose, Enter opens. */
import type { VNode } from 'preact';
import { useLayoutEffect, useId, useRef, useState } from 'preact/hooks';
import type { ConversationSummary } from '../../core/door.ts';
import { Avatar } from '../components/avatar.tsx';
import { Dialog } from '../components/dialog.tsx';
import { useDoor } from '../door-context.ts';
import { findPeople } from '../list/find-people.ts';
import { go } from '../router.ts';
import { text } from '../text/text.ts';
import css from './jump-to.module.css';

/** As many as fit without scrolling on a small screen. */
const SHOWN = 8;

export function JumpTo({ onClose }: { readonly onClose: () => void }): VNode {
  const conversations = useDoor().state.conversations.value;
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const found = findPeople(conversations, typed).slice(0, SHOWN);
  const chosen = Math.min(at, found.length - 1);
  // At once: what is typed or pressed as soon as the dialog is seen is for the field.
  useLayoutEffect(() => input.current?.focus(), []);

  function open(conversation: ConversationSummary | undefined): void {
    if (conversation === undefined) return;
    onClose();
    go({ kind: 'conversation', id: conversation.id });
  }
  function walk(event: KeyboardEvent): void {
    if (event.key === 'Enter') open(found[chosen]);
    else if (event.key === 'ArrowDown') setAt(Math.min(found.length - 1, chosen + 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(0, chosen - 1));
    else return;
    event.preventDefault();
  }

  return (
    <Dialog title={text.jump.title} onClose={onClose}>
      <input
        ref={input}
        class={css.input}
        type="text"
        role="combobox"
        aria-label={text.jump.label}
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={found.length === 0 ? undefined : `${id}${chosen}`}
        autocomplete="off"
        spellcheck={false}
        placeholder={text.jump.placeholder}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={walk}
      />
      <div class={css.list} id={id} role="listbox" aria-label={text.list.label}>
        {found.map((conversation, i) => (
          <div
            key={conversation.id}
            id={`${id}${i}`}
            class={css.option}
            role="option"
            aria-selected={i === chosen}
            onClick={() => open(conversation)}
            onPointerMove={() => setAt(i)}
          >
            <Avatar
              id={conversation.person.account}
              name={conversation.person.name}
              picture={conversation.person.picture}
              size={32}
            />
            <bdi>{conversation.person.name}</bdi>
          </div>
        ))}
      </div>
      {found.length === 0 && (
        <p class={css.none}>{typed.trim() === '' ? text.list.emptyTitle : text.jump.none}</p>
      )}
    </Dialog>
  );
}
