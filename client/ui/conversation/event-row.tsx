/** A permanent line about keys, gaps and repairs: said plainly, never hidden, never silently gone. */
import type { VNode } from 'preact';
import {
  Handshake,
  History,
  KeyRound,
  MailWarning,
  MessageCircleQuestion,
  Phone,
  PhoneMissed,
  Sparkles,
  Timer,
  Video,
} from 'lucide';
import type { CallMedia, ConversationId } from '../../core/door.ts';
import { callSentence } from '../calls/call-words.ts';
import { wantCall } from '../calls/call-wish.ts';
import { shownNow } from '../clock.ts';
import { Icon, type IconNode } from '../components/icon.tsx';
import { linkTo, place } from '../router.ts';
import { formatFull, formatTime } from '../text/dates.ts';
import { formatDuration } from '../text/durations.ts';
import { fill, plural, text } from '../text/text.ts';
import css from './event-row.module.css';
import type { EventLine } from './rows.ts';

const ICONS = {
  'key-changed': KeyRound,
  gap: MessageCircleQuestion,
  unreadable: MailWarning,
  'newer-version': Sparkles,
  timer: Timer,
  'invite-accepted': Handshake,
  restored: History,
} as const;

function iconOf(event: EventLine['event']): IconNode {
  if (event.what !== 'call') return ICONS[event.what];
  if (event.outcome === 'missed') return PhoneMissed;
  return event.media === 'video' ? Video : Phone;
}

/** Senders keep for so long what they can send again. */
const REPAIR_MS = 7 * 24 * 60 * 60_000;

/** What an event says; `count` of its kind have come in a row. */
export function eventSentence({ event, at }: EventLine, name: string, count: number, now: number): string {
  switch (event.what) {
    case 'gap': {
      const { gap, gapOld } = text.conversation.event;
      return plural(now - at > REPAIR_MS ? gapOld : gap, event.missing);
    }
    case 'unreadable': {
      const { unreadable, unreadableAsked } = text.conversation.event;
      return fill(plural(event.asked === true ? unreadableAsked : unreadable, count), { name });
    }
    case 'timer': {
      const { timer } = text.conversation.event;
      if (event.seconds === 0) return fill(event.mine ? timer.mineOff : timer.theirsOff, { name });
      return fill(event.mine ? timer.mine : timer.theirs, { name, time: formatDuration(event.seconds) });
    }
    case 'call':
      return callSentence(event, name);
    case 'newer-version':
    case 'key-changed':
    case 'invite-accepted':
    case 'restored':
      return fill(text.conversation.event[event.what], { name });
  }
}

export function EventRow({
  line,
  name,
  count,
  callable,
}: {
  readonly line: EventLine;
  readonly name: string;
  readonly count: number;
  /** Whom a press on the line of a call calls; absent where nobody can be called. */
  readonly callable?: ConversationId | undefined;
}): VNode {
  const here = place.value;
  return (
    <div
      class={css.event}
      data-order={line.order}
      data-event={line.event.what}
      data-missed={line.event.what === 'call' && line.event.outcome === 'missed' ? '' : undefined}
    >
      <Icon node={iconOf(line.event)} size={16} />
      <p>
        {eventSentence(line, name, count, shownNow.value)}{' '}
        {line.event.what === 'key-changed' && here.kind === 'conversation' && (
          <>
            <a {...linkTo({ kind: 'conversation', id: here.id, page: 'safety' })}>
              {text.safety.compare}
            </a>{' '}
          </>
        )}
        {line.event.what === 'call' && callable !== undefined && (
          <CallBack id={callable} media={line.event.media} mine={line.event.mine} />
        )}
        <time dateTime={new Date(line.at).toISOString()} title={formatFull(line.at)}>
          {formatTime(line.at)}
        </time>
      </p>
    </div>
  );
}

function CallBack({
  id,
  media,
  mine,
}: {
  readonly id: ConversationId;
  readonly media: CallMedia;
  readonly mine: boolean;
}): VNode {
  return (
    <>
      <button type="button" class={css.again} onClick={() => wantCall(id, media)}>
        {mine ? text.calls.ended.again : text.calls.lines.back}
      </button>{' '}
    </>
  );
}
