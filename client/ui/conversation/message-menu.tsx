/**
 * The actions for a message, as a menu in the browser's top layer: beside what opened it, or from below on a phone. The first row are
 * reactions. Arrow keys walk, Esc closes, and the focus returns.
 */
import type { VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Copy, Info, ListChecks, Pencil, Plus, Reply, Trash2 } from 'lucide';
import type { OpenConversation } from '../../core/door.ts';
import { exactNow } from '../clock.ts';
import { announce } from '../components/announcer.tsx';
import { EmojiPanel } from '../components/emoji-panel.tsx';
import { Icon, type IconNode } from '../components/icon.tsx';
import { inBackground, useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import { act } from './acts.ts';
import { canChange, compose, openMenu, ownReaction, QUICK_EMOJI, refOf, type OpenMenu } from './composing.ts';
import { DeleteDialog } from './delete-dialog.tsx';
import { DetailsDialog } from './details-dialog.tsx';
import css from './message-menu.module.css';
import type { MessageLine } from './rows.ts';
import { beginSelection } from './selection.ts';

/** Room between the menu and the edge of the window. */
const EDGE_PX = 8;

export function MessageActions({ conversation }: { readonly conversation: OpenConversation }): VNode | null {
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const menu = openMenu.value;
  const { id, person } = conversation;
  const close = (): void => setAsked(undefined);
  switch (asked?.about) {
    case 'delete':
      return (
        <DeleteDialog
          messages={[asked.message]}
          id={id}
          name={person.name}
          canWrite={conversation.state === 'accepted'}
          onClose={close}
        />
      );
    case 'details':
      return <DetailsDialog message={asked.message} id={id} name={person.name} onClose={close} />;
    case undefined:
      break;
  }
  if (menu === undefined) return null;
  return <Menu key={menu.message.id} menu={menu} conversation={conversation} onAsk={setAsked} />;
}

/** A dialog that the menu led to. */
interface Asked {
  readonly about: 'delete' | 'details';
  readonly message: MessageLine;
}

interface Action {
  readonly label: string;
  readonly icon: IconNode;
  readonly danger?: boolean;
  readonly run: () => void;
}

function Menu({
  menu,
  conversation,
  onAsk,
}: {
  readonly menu: OpenMenu;
  readonly conversation: OpenConversation;
  readonly onAsk: (asked: Asked) => void;
}): VNode {
  const { commands } = useDoor();
  const { message } = menu;
  const { id, state } = conversation;
  const [picking, setPicking] = useState(false);
  const layer = usePlaced(menu, picking);
  const close = (): void => layer.current?.close();
  /** The finger that opened the menu by resting leaves with a click of its own, which means nothing here. */
  const pressed = useRef(false);
  const isLive = state === 'accepted' && message.deletedAt === undefined;
  const canReact = isLive && message.delivery.kind !== 'failed';

  function react(emoji: string): void {
    close();
    const next = ownReaction(message) === emoji ? undefined : emoji;
    inBackground(act(id, () => commands.react(id, refOf(message), next)));
  }
  function begin(kind: 'reply' | 'edit'): void {
    close();
    compose(id, kind, message);
  }

  const actions: readonly (Action | false)[] = [
    canReact && { label: text.message.reply, icon: Reply, run: () => begin('reply') },
    isLive &&
      canChange(message, exactNow()) && {
        label: text.message.edit,
        icon: Pencil,
        run: () => begin('edit'),
      },
    message.deletedAt === undefined && {
      label: text.message.copy,
      icon: Copy,
      run: () => {
        close();
        const copy = async (): Promise<void> => {
          await navigator.clipboard.writeText(message.text);
          announce(text.common.copied);
        };
        inBackground(act(id, copy, text.message.notCopied));
      },
    },
    {
      label: text.message.select,
      icon: ListChecks,
      run: () => {
        close();
        beginSelection(message);
      },
    },
    {
      label: text.details.open,
      icon: Info,
      run: () => {
        close();
        onAsk({ about: 'details', message });
      },
    },
    {
      label: text.message.delete,
      icon: Trash2,
      danger: true,
      run: () => {
        close();
        onAsk({ about: 'delete', message });
      },
    },
  ];

  return (
    <dialog
      ref={layer}
      class={css.layer}
      aria-label={text.message.actions}
      onClose={() => {
        openMenu.value = undefined;
      }}
      onPointerDown={() => {
        pressed.current = true;
      }}
      onClickCapture={(event) => {
        if (event.detail > 0 && !pressed.current) event.stopPropagation();
        else if (event.target === layer.current) close();
      }}
    >
      {picking ? (
        <EmojiPanel onPick={react} onClose={close} />
      ) : (
        <div class={css.menu} role="menu" aria-label={text.message.actions} onKeyDown={walk}>
          {canReact && (
            <div class={css.emoji} role="group" aria-label={text.message.react}>
              {QUICK_EMOJI.map((emoji) => {
                const isMine = ownReaction(message) === emoji;
                return (
                  <button
                    key={emoji}
                    type="button"
                    role="menuitemradio"
                    aria-checked={isMine}
                    aria-label={fill(isMine ? text.message.takeBack : text.message.reactWith, { emoji })}
                    onClick={() => react(emoji)}
                  >
                    {emoji}
                  </button>
                );
              })}
              <button
                type="button"
                role="menuitem"
                aria-label={text.message.otherEmoji}
                title={text.message.otherEmoji}
                onClick={() => setPicking(true)}
              >
                <Icon node={Plus} size={18} />
              </button>
            </div>
          )}
          {actions.map(
            (action) =>
              action !== false && (
                <button
                  key={action.label}
                  class={action.danger === true ? css.danger : undefined}
                  type="button"
                  role="menuitem"
                  onClick={action.run}
                >
                  <Icon node={action.icon} size={18} />
                  {action.label}
                </button>
              ),
          )}
        </div>
      )}
    </dialog>
  );
}

/** Opens the layer, puts it where it fits, and gives the focus back when it closes. */
function usePlaced(menu: OpenMenu, picking: boolean): { readonly current: HTMLDialogElement | null } {
  const layer = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    layer.current?.showModal();
    layer.current?.querySelector<HTMLElement>('[role^=menuitem]')?.focus({ preventScroll: true });
    return () => {
      const isElsewhere = document.activeElement !== document.body && document.activeElement !== null;
      if (before instanceof HTMLElement && before.isConnected && !isElsewhere) before.focus();
    };
  }, []);
  useLayoutEffect(() => {
    const box = layer.current;
    if (box === null) return;
    const { width, height } = box.getBoundingClientRect();
    const fit = (at: number, size: number, room: number): number =>
      Math.max(EDGE_PX, Math.min(at, room - size - EDGE_PX));
    box.style.setProperty('--x', `${fit(menu.x, width, innerWidth)}px`);
    box.style.setProperty('--y', `${fit(menu.y, height, innerHeight)}px`);
  }, [menu, picking]);
  return layer;
}

/** Arrow keys go from item to item; in the row of emoji also sideways. */
function walk(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role^=menuitem]')];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const row = items.filter((item) => item.closest('[role=group]') !== null).length;
  const isVertical = event.key === 'ArrowDown' || event.key === 'ArrowUp';
  const to = isVertical && at < row ? (step > 0 ? row : items.length - 1) : at + step;
  items[(to + items.length) % items.length]?.focus();
}
