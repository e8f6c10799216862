/** The announced resets of the account that may still be finished: on a page that stays open nobody else takes a lapsed one away. */
import type { ResetView } from '../core/door.ts';
import { shownNow } from './clock.ts';
import { useDoor } from './door-context.ts';

/** Those that have not lapsed by now. */
export function useResets(): readonly ResetView[] {
  return useDoor().state.resets.value.filter(({ lapsesAt }) => lapsesAt > shownNow.value);
}
