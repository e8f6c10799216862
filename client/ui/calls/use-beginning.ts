/** The way from a press on a call button to a call that core has begun. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { failureOf, type Failure } from '../../core/door.ts';
import { inBackground, useDoor } from '../door-context.ts';
import { callSize, isRunning, wantedCall } from './call-wish.ts';
import { useCallStage } from './stage.ts';

/** `looking`: at the own devices, before the first call of this browser. `deaf`: no microphone is to be had. */
export type Beginning =
  | { readonly kind: 'none' }
  | { readonly kind: 'looking' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'deaf' }
  | { readonly kind: 'refused'; readonly failure: Failure };

const KEY = 'tacet.call-devices-seen';
const NONE: Beginning = { kind: 'none' };

function hasLooked(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

function noteLook(): void {
  try {
    localStorage.setItem(KEY, 'yes');
  } catch {
    // Looked at again before the next call.
  }
}

export function useBeginning(): {
  readonly beginning: Beginning;
  readonly start: () => void;
  readonly cancel: () => void;
} {
  const door = useDoor();
  const stage = useCallStage();
  const [beginning, setBeginning] = useState(NONE);
  /** Which try is under way: one that was given up does nothing any more. */
  const round = useRef(0);
  const wanted = wantedCall.value;

  useEffect(() => {
    if (wanted !== undefined && isRunning(door.state.call.peek())) {
      // One call at a time: the one that goes on is shown instead.
      wantedCall.value = undefined;
      callSize.value = 'full';
    } else if (wanted === undefined || stage.obstacle.value !== undefined) setBeginning(NONE);
    else if (hasLooked()) start();
    else setBeginning({ kind: 'looking' });
  }, [wanted]);

  async function begin(): Promise<void> {
    if (wanted === undefined) return;
    round.current += 1;
    const mine = round.current;
    const isGivenUp = (): boolean => mine !== round.current;
    callSize.value = 'full';
    setBeginning({ kind: 'starting' });
    stage.seeTrouble();
    const isReady = await stage.prepare(wanted.media);
    if (isGivenUp()) return;
    if (!isReady) {
      setBeginning({ kind: 'deaf' });
      return;
    }
    noteLook();
    try {
      const call = await door.commands.startCall(wanted.conversation, wanted.media);
      if (isGivenUp()) inBackground(door.commands.hangUp(call));
      else wantedCall.value = undefined;
    } catch (error) {
      if (isGivenUp()) return;
      stage.letGo();
      setBeginning({ kind: 'refused', failure: failureOf(error) });
    }
  }

  function start(): void {
    inBackground(begin());
  }

  function cancel(): void {
    round.current += 1;
    wantedCall.value = undefined;
    stage.seeTrouble();
    stage.letGo();
  }

  return { beginning: wanted === undefined ? NONE : beginning, start, cancel };
}
