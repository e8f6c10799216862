/** The conversations, newest first. Arrow keys walk them; the one that is open is marked. */
import type { VNode } from 'preact';
import type { StateSignals } from '../../core/door.ts';
import { useRef, useState } from 'preact/hooks';
import { Settings as SettingsIcon, SquarePen, UserPlus } from 'lucide';
import { Button, IconButton, IconLink } from '../components/button.tsx';
import { ConnectionStrip } from '../components/connection-strip.tsx';
import { UpdateStrip } from '../components/update-strip.tsx';
import { ListTitle } from '../components/pane-header.tsx';
import { useDoor } from '../door-context.ts';
import { linkTo, place } from '../router.ts';
import { text } from '../text/text.ts';
import { lazily } from '../components/lazy.tsx';
import css from './conversation-list.module.css';
import { ConversationRows } from './conversation-rows.tsx';
import { NoticeOffer } from './notice-offer.tsx';
import { SearchField } from './search-field.tsx';
import { wish } from './search-state.ts';

const NewInvite = lazily(async () => (await import('./new-invite.tsx')).NewInvite);

const NewChat = lazily(async () => (await import('./new-chat.tsx')).NewChat);

const Notices = lazily(async () => (await import('./notices.tsx')).Notices);

const Results = lazily(async () => (await import('./search-results.tsx')).SearchResults);

/** Whether there is, or was in this visit, something to be said above the list: a dialog that it opened outlasts it. */
function useNoticed({
  resets,
  passphrase,
  refusedInvite,
  encounters,
  alerts,
  outdated,
}: StateSignals): boolean {
  const was = useRef(false);
  const { asked, changed } = passphrase.value;
  const rare = [resets.value[0], changed, refusedInvite.value, encounters.value[0], alerts.value[0]];
  if (asked || outdated.value || rare.some((each) => each !== undefined)) was.current = true;
  return was.current;
}

export function ConversationList(): VNode {
  const { state } = useDoor();
  const isNoticed = useNoticed(state);
  const [dialog, setDialog] = useState<'new-chat' | 'invite' | 'code' | undefined>(undefined);
  /** What the field for a new chat begins with. */
  const [wanted, setWanted] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const close = (): void => {
    setDialog(undefined);
    setWanted('');
  };
  const list = useRef<HTMLDivElement>(null);
  const found = useRef<HTMLDivElement>(null);
  const searching = wish.value.typed.trim() !== '' || wish.value.within !== undefined;
  const conversations = state.conversations.value;
  const here = place.value;
  const openId = here.kind === 'conversation' ? here.id : undefined;

  function linksShown(): readonly HTMLElement[] {
    // In results also what leads on, but not what ends the building of the index.
    return [
      ...((found.current ?? list.current)?.querySelectorAll<HTMLElement>(
        'a, button[data-leads], [data-leads] button',
      ) ?? []),
    ];
  }
  /** Opens what stands first, unless that is still the answer to other words. */
  function openFirst(): void {
    const [first] = linksShown();
    const answered = found.current?.querySelector<HTMLElement>('[data-answers]')?.dataset['answers'];
    const isAnswer = !searching || answered === wish.value.typed.trim();
    if (isAnswer || first?.matches('[data-person]') === true) first?.click();
  }
  function enterList(): void {
    linksShown()[0]?.focus();
  }
  function walk(event: KeyboardEvent): void {
    const links = linksShown();
    const at = links.findIndex((link) => link === document.activeElement);
    if ((event.key === 'ArrowUp' && at === 0) || (event.key === 'Escape' && searching)) {
      event.preventDefault();
      event.stopPropagation();
      field.current?.focus();
      return;
    }
    const to =
      event.key === 'ArrowDown'
        ? at + 1
        : event.key === 'ArrowUp'
          ? at - 1
          : event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? links.length - 1
              : undefined;
    if (to === undefined) return;
    event.preventDefault();
    links[Math.max(0, Math.min(links.length - 1, to))]?.focus();
  }

  return (
    <>
      <ListTitle>
        <IconButton icon={SquarePen} label={text.list.newChat} onClick={() => setDialog('new-chat')} />
        <IconButton icon={UserPlus} label={text.list.invite} onClick={() => setDialog('invite')} />
        <IconLink icon={SettingsIcon} label={text.list.settings} {...linkTo({ kind: 'settings' })} />
      </ListTitle>
      <ConnectionStrip in="list" />
      <UpdateStrip />
      {isNoticed && <Notices />}
      {conversations.length > 0 && <SearchField input={field} onDown={enterList} onEnter={openFirst} />}
      <NoticeOffer />
      {searching ? (
        <div class={css.found} ref={found} onKeyDown={walk}>
          <Results
            onLookUp={(username) => {
              setWanted(username);
              setDialog('new-chat');
            }}
          />
        </div>
      ) : conversations.length === 0 ? (
        <div class={css.empty}>
          <h2>{text.list.emptyTitle}</h2>
          <p>{text.list.emptyText}</p>
          <Button kind="primary" icon={UserPlus} onClick={() => setDialog('invite')}>
            {text.list.invite}
          </Button>
          <Button kind="quiet" icon={SquarePen} onClick={() => setDialog('new-chat')}>
            {text.list.newChat}
          </Button>
        </div>
      ) : (
        <ConversationRows conversations={conversations} openId={openId} list={list} onKeyDown={walk} />
      )}
      {dialog === 'new-chat' && (
        <NewChat wanted={wanted} onClose={close} onInvite={() => setDialog('code')} />
      )}
      {(dialog === 'invite' || dialog === 'code') && <NewInvite shows={dialog === 'code'} onClose={close} />}
    </>
  );
}
