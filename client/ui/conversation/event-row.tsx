/** A permanent line about keys, gaps and repairs: said plainly, never hidden, never silently gone. */
import type { VNode } from 'preact';
import {
  Handshake,
  History,
  KeyRound,
  MailWarning,
  MessageCircleQuestion,
  Phone,
  Sparkles,
  Timer,
} from 'lucide';
import { shownNow } from '../clock.ts';
import { Icon } from '../components/icon.tsx';
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
  call: Phone,
} as const;

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
      return event.outcome === 'missed' ? text.conversation.event.callMissed : text.conversation.event.call;
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
}: {
  readonly line: EventLine;
  readonly name: string;
  readonly count: number;
}): VNode {
  const here = place.value;
  return (
    <div class={css.event} data-order={line.order} data-event={line.event.what}>
      <Icon node={ICONS[line.event.what]} size={16} />
      <p>
        {eventSentence(line, name, count, shownNow.value)}{' '}
        {line.event.what === 'key-changed' && here.kind === 'conversation' && (
          <>
            <a {...linkTo({ kind: 'conversation', id: here.id, page: 'safety' })}>
              {text.safety.compare}
            </a>{' '}
          </>
        )}
        <time dateTime={new Date(line.at).toISOString()} title={formatFull(line.at)}>
          {formatTime(line.at)}
        </time>
      </p>
    </div>
  );
}
