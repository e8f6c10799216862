/** What keeps a part of a call from working, and what to do about it. */
import type { VNode } from 'preact';
import { MicOff, ScreenShare } from 'lucide';
import type { CallView } from '../../core/door.ts';
import { Button } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';
import { Note } from '../components/note.tsx';
import { inBackground } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import css from './call-notes.module.css';
import { DeviceTroubleNote } from './device-trouble.tsx';
import { useCallStage } from './stage.ts';

export function CallNotes({
  call,
  name,
}: {
  readonly call: CallView | undefined;
  readonly name: string;
}): VNode {
  const stage = useCallStage();
  const { microphone, screen } = stage.on.value;
  const trouble = stage.trouble.value;
  const isTalking = call?.phase.kind === 'talking';
  return (
    <div class={css.notes}>
      {call?.phase.kind === 'reconnecting' && <p class={css.pill}>{text.calls.status.reconnecting}</p>}
      {isTalking && !microphone && trouble?.of !== 'microphone' && (
        <p class={css.pill}>
          <Icon node={MicOff} size={16} />
          {text.calls.myMicrophoneIsOff}
        </p>
      )}
      {isTalking && screen && (
        <p class={css.pill}>
          <Icon node={ScreenShare} size={16} />
          {fill(text.calls.sharing, { name })}
        </p>
      )}
      {stage.isSilenced.value && (
        <Note kind="caution">
          <p>{text.calls.silenced}</p>
          <Button onClick={() => inBackground(stage.play())}>{text.calls.play}</Button>
        </Note>
      )}
      {trouble !== undefined && <DeviceTroubleNote trouble={trouble} close />}
      {call?.troubles.map((one) => (
        <Note key={one} kind={one === 'no-relay' || one === 'no-keys' ? 'caution' : 'danger'}>
          {fill(text.calls.troubles[one], { name })}
        </Note>
      ))}
    </div>
  );
}
