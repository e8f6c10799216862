/** Says to screen readers what becomes of a call without the person's doing. */
import { useEffect, useRef } from 'preact/hooks';
import type { CallPhase, CallView } from '../../core/door.ts';
import { announce } from '../components/announcer.tsx';
import { fill, text } from '../text/text.ts';
import { endOf, shownFor } from './call-words.ts';
import { usePerson } from './use-person.ts';

/** What is said of a phase after another one. */
function phaseSentence(
  before: CallPhase['kind'] | undefined,
  call: CallView,
  name: string,
): string | undefined {
  const { phase } = call;
  switch (phase.kind) {
    case 'talking':
      return before === 'reconnecting' ? text.calls.back : fill(text.calls.talking, { name });
    case 'reconnecting':
      return text.calls.status.reconnecting;
    case 'connecting':
      return text.calls.status.connecting;
    case 'over':
      // Otherwise the screen that stands then says it.
      return phase.isMine || shownFor(call, phase) !== 0 ? undefined : endOf(call, phase, name).title;
    case 'calling':
      return phase.heard ? text.calls.status.heard : undefined;
    case 'ringing':
      return undefined;
  }
}

export function useAnnouncedCall(call: CallView | undefined): void {
  const { name } = usePerson(call?.conversation);
  const phase = call?.phase;
  const theirs = phase?.kind === 'talking' ? call?.theirs : undefined;
  const before = useRef<CallPhase['kind'] | undefined>(undefined);
  useEffect(() => {
    const sentence = call === undefined ? undefined : phaseSentence(before.current, call, name);
    before.current = phase?.kind;
    if (sentence !== undefined) announce(sentence);
  }, [phase?.kind, phase?.kind === 'calling' && phase.heard]);
  const wasOn = useRef(theirs);
  useEffect(() => {
    const earlier = wasOn.current;
    wasOn.current = theirs;
    if (earlier === undefined || theirs === undefined) return;
    if (earlier.microphone !== theirs.microphone) {
      const { theirMicrophoneIsOff, theirMicrophoneIsOn } = text.calls;
      announce(fill(theirs.microphone ? theirMicrophoneIsOn : theirMicrophoneIsOff, { name }));
    }
    if (!earlier.screen && theirs.screen) announce(fill(text.calls.theirScreenIsOn, { name }));
  }, [theirs?.microphone, theirs?.screen]);
}
