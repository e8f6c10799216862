/** What is said of where a call stands, how it ended, and what its line in the conversation says. */
import type { CallEnd, CallMedia, CallPhase, CallView } from '../../core/door.ts';
import { formatTalk } from '../text/durations.ts';
import { fill, text } from '../text/text.ts';

/** One word for a call that is not connected yet, or not any more; `undefined` while people talk. */
export function statusOf(
  phase: Exclude<CallPhase, { readonly kind: 'over' }> | undefined,
): string | undefined {
  const { status } = text.calls;
  switch (phase?.kind) {
    case undefined:
      return status.starting;
    case 'calling':
      return phase.heard ? status.heard : status.calling;
    case 'ringing':
      return status.ringing;
    case 'connecting':
      return status.connecting;
    case 'reconnecting':
      return status.reconnecting;
    case 'talking':
      return undefined;
  }
}

type Over = Extract<CallPhase, { readonly kind: 'over' }>;

/** How a call ended, and what is to be added. */
export function endOf(
  { side, troubles }: Pick<CallView, 'side' | 'troubles'>,
  { why, isMine, talkedMs }: Over,
  name: string,
): { readonly title: string; readonly hint: string | undefined } {
  const { ended } = text.calls;
  const time = talkedMs === undefined ? undefined : formatTalk(talkedMs);
  const plain = (title: string): { readonly title: string; readonly hint: undefined } => ({
    title,
    hint: undefined,
  });
  switch (why) {
    case 'hung-up':
      if (isMine) return plain(time === undefined ? ended.over : fill(ended.overAfter, { time }));
      return plain(
        time === undefined ? fill(ended.hungUp, { name }) : fill(ended.hungUpAfter, { name, time }),
      );
    case 'cancelled':
      return plain(side === 'caller' ? ended.cancelled : fill(ended.cancelledThere, { name }));
    case 'failed':
      return { title: ended.failed, hint: whyFailed(troubles, name) };
    case 'lost':
      return {
        title: ended.lost,
        hint: troubles.includes('no-keys') ? fill(ended.lostKeysHint, { name }) : ended.lostHint,
      };
    case 'elsewhere':
      return plain(ended.elsewhere);
    case 'declined':
      return plain(side === 'caller' ? fill(ended.declined, { name }) : ended.over);
    case 'busy':
      return plain(fill(ended.busy, { name }));
    case 'no-answer':
      return plain(side === 'caller' ? fill(ended['no-answer'], { name }) : ended.over);
  }
}

/** Why no connection came about, and what to do. */
function whyFailed(troubles: CallView['troubles'], name: string): string {
  if (troubles.includes('no-keys')) return fill(text.calls.ended.noKeysHint, { name });
  if (troubles.includes('no-relay')) return text.calls.ended.noRelayHint;
  return text.calls.ended.failedHint;
}

/** How long an end that needs no answer stays in sight. */
const SHOWN_MS = 4_000;

/** How long an end is shown, ms; without a limit where the person may want to do something about it. */
export function shownFor({ side }: CallView, { why, isMine }: Over): number | undefined {
  switch (why) {
    case 'hung-up':
      return isMine ? 0 : SHOWN_MS;
    case 'elsewhere':
      return side === 'callee' ? 0 : SHOWN_MS;
    case 'cancelled':
    case 'declined':
    case 'busy':
    case 'no-answer':
      // Nobody here has answered: the line in the conversation tells of it.
      return side === 'callee' || (why === 'cancelled' && isMine) ? 0 : undefined;
    case 'failed':
    case 'lost':
      return undefined;
  }
}

/** What the line of a call in its conversation says. */
export function callSentence(
  {
    mine,
    media,
    outcome,
    talkedMs,
  }: {
    readonly mine: boolean;
    readonly media: CallMedia;
    readonly outcome: CallEnd | 'missed';
    readonly talkedMs?: number | undefined;
  },
  name: string,
): string {
  const lines = text.calls.lines[media];
  if (talkedMs !== undefined) return fill(lines.talked, { time: formatTalk(talkedMs) });
  switch (outcome) {
    case 'missed':
      return lines.missed;
    case 'cancelled':
    case 'no-answer':
    case 'hung-up':
      return mine ? lines.unanswered : lines.missed;
    case 'declined':
      return lines.declined;
    case 'busy':
      return fill(lines.busy, { name });
    case 'elsewhere':
      return lines.elsewhere;
    case 'failed':
    case 'lost':
      return lines.failed;
  }
}
