/** The lines of a conversation, its scrolling, and what is announced of it. */
import type { VNode } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ArrowDown } from 'lucide';
import type { OpenConversation } from '../../core/door.ts';
import { shownNow } from '../clock.ts';
import { announce } from '../components/announcer.tsx';
import { Avatar } from '../components/avatar.tsx';
import { Icon } from '../components/icon.tsx';
import { memo } from '../components/memo.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { dayStart, formatDay, formatFull } from '../text/dates.ts';
import { fill, plural, text } from '../text/text.ts';
import { EventRow, eventSentence } from './event-row.tsx';
import { MessageRun } from './message-run.tsx';
import { buildRows } from './rows.ts';
import { SelectableRun } from './selectable-run.tsx';
import { selection } from './selection.ts';
import css from './timeline.module.css';
import { Unstored } from './unstored.tsx';
import { useTimelineScroll } from './use-timeline-scroll.ts';

/** Most lines stay as they are when one comes or goes. */
const Run = memo(MessageRun);
const Event = memo(EventRow);

export function Timeline({ conversation }: { readonly conversation: OpenConversation }): VNode {
  const { commands } = useDoor();
  const { id, lines, person, hasEarlier, hasLater, unread, unreadFrom, typing } = conversation;
  const rows = useMemo(() => buildRows(lines, unreadFrom, dayStart), [lines, unreadFrom]);
  const earlier = useAsking();
  const later = useAsking();
  // A page may be less than what is wanted ahead of the eyes.
  const loadEarlier = (): void => {
    if (hasEarlier)
      inBackground(earlier.ask(() => commands.loadEarlier(id)).then(() => scroll.loaded(lines)));
  };
  const loadLater = (): void => {
    if (hasLater) inBackground(later.ask(() => commands.loadLater(id)).then(() => scroll.loaded(lines)));
  };
  const selecting = selection.value !== undefined;
  const scroll = useTimelineScroll(conversation, { earlier: loadEarlier, later: loadLater }, selecting);
  useAnnouncements(conversation);

  return (
    <div class={css.frame}>
      <div
        class={css.scroller}
        ref={scroll.scroller}
        onScroll={scroll.onScroll}
        onKeyDown={walkMessages}
        role="log"
        aria-live="off"
        aria-label={fill(text.conversation.messagesWith, { name: person.name })}
        tabIndex={0}
      >
        <div class={css.content} ref={scroll.content}>
          {hasEarlier ? (
            <div class={css.earlier}>
              <button type="button" class={css.more} aria-busy={earlier.busy} onClick={loadEarlier}>
                {earlier.busy ? text.conversation.loadingEarlier : text.conversation.earlier}
              </button>
            </div>
          ) : (
            <Beginning conversation={conversation} />
          )}
          {rows.map((row) => {
            switch (row.kind) {
              case 'day':
                return (
                  <div key={row.key} class={css.day}>
                    <time dateTime={new Date(row.at).toISOString()} title={formatFull(row.at)}>
                      {formatDay(row.at, shownNow.value)}
                    </time>
                  </div>
                );
              case 'unread':
                return (
                  <div key={row.key} class={css.unread} data-unread-line="">
                    <span>{text.conversation.unreadLine}</span>
                  </div>
                );
              case 'event':
                return (
                  <Event
                    key={row.key}
                    line={row.line}
                    name={person.name}
                    count={row.count}
                    callable={conversation.state === 'accepted' ? id : undefined}
                  />
                );
              case 'run':
                return selecting ? (
                  <SelectableRun key={row.key} run={row} name={person.name} />
                ) : (
                  <Run key={row.key} run={row} name={person.name} />
                );
            }
          })}
          {hasLater && (
            <div class={css.later}>
              <button type="button" class={css.more} aria-busy={later.busy} onClick={loadLater}>
                {later.busy ? text.conversation.loadingLater : text.conversation.later}
              </button>
            </div>
          )}
          <Unstored conversation={conversation} />
          {typing && !hasLater && (
            <div class={css.typing}>
              <span class="heard">{fill(text.conversation.typing, { name: person.name })}</span>
              <i />
              <i />
              <i />
            </div>
          )}
        </div>
      </div>
      {scroll.away && (
        <button class={css.jump} type="button" onClick={scroll.jump}>
          <Icon node={ArrowDown} size={16} />
          {unread === 0 ? text.conversation.jump : plural(text.conversation.jumpCount, unread)}
        </button>
      )}
    </div>
  );
}

function Beginning({ conversation }: { readonly conversation: OpenConversation }): VNode {
  const { person } = conversation;
  return (
    <div class={css.beginning}>
      <Avatar id={person.account} name={person.name} picture={person.picture} size={64} />
      <p>{fill(text.conversation.beginning, { name: person.name })}</p>
      <p class={css.soft}>
        {fill(conversation.state === 'new' ? text.newChat.introduction : text.conversation.beginningHint, {
          name: person.name,
        })}
      </p>
    </div>
  );
}

/** Reads out what arrives while the conversation is open. */
function useAnnouncements({ lines, person, typing, newest }: OpenConversation): void {
  const heard = useRef(newest);
  useEffect(() => {
    for (const line of lines) {
      if (line.order <= heard.current) continue;
      if (line.kind === 'event') announce(eventSentence(line, person.name, 1, line.at));
      else if (!line.mine) {
        announce(fill(text.conversation.newMessageFrom, { name: person.name, text: line.text }));
      }
    }
    heard.current = Math.max(heard.current, newest);
  }, [lines]);
  useEffect(() => {
    if (typing) announce(fill(text.conversation.typing, { name: person.name }));
  }, [typing]);
}

/** Arrow keys go from message to message; everything else is the browser's. */
function walkMessages(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const messages = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-message]')];
  const at = messages.findIndex((message) => message.contains(document.activeElement));
  const to = at === -1 ? messages.length - 1 : event.key === 'ArrowUp' ? at - 1 : at + 1;
  const target = messages[to];
  if (target === undefined) return;
  event.preventDefault();
  target.focus();
  target.scrollIntoView({ block: 'nearest' });
}
