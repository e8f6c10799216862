/** A call as a screen is shown it. */
import type { CallPhase, CallView } from '../view.ts';
import type { CallRun } from './call-run.ts';
import type { CallState } from './call-types.ts';

/** `troubles`: of a run that has ended. */
export function viewOf(
  state: CallState,
  run: Pick<CallRun, 'shown'> | undefined,
  troubles: CallView['troubles'],
): CallView | undefined {
  if (state === undefined) return undefined;
  const { call, account, side, media, since } = state;
  const shown = run?.shown ?? {
    code: undefined,
    way: undefined,
    theirs: { microphone: false, camera: false, screen: false },
    quality: undefined,
    troubles,
  };
  return { id: call, conversation: account, side, media, since, phase: phaseOf(state), ...shown };
}

function phaseOf(state: Exclude<CallState, undefined>): CallPhase {
  switch (state.kind) {
    case 'ringing':
      return state.side === 'caller' ? { kind: 'calling', heard: state.isHeard } : { kind: 'ringing' };
    case 'connecting':
      return { kind: 'connecting' };
    case 'talking': {
      const { connectedAt: since, lostAt } = state;
      return lostAt === undefined ? { kind: 'talking', since } : { kind: 'reconnecting', since, lostAt };
    }
    case 'over': {
      const { why, isMine, talkedMs } = state;
      return { kind: 'over', why, isMine, talkedMs };
    }
  }
}
