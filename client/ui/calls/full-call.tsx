/**
 * A call over the whole window: their picture, or who it is; the own picture; controls that go out of the way. The same frame stands
 * while it is called, while people talk, and at the end, so that nothing jumps.
 */
import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';
import { MicOff } from 'lucide';
import type { CallView, PersonView } from '../../core/door.ts';
import { Announcer } from '../components/announcer.tsx';
import { Avatar, hueOf } from '../components/avatar.tsx';
import { useModal } from '../components/dialog.tsx';
import { Icon } from '../components/icon.tsx';
import { inBackground, useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import { CallControls } from './call-controls.tsx';
import { CallEnded } from './call-ended.tsx';
import { CallHeader } from './call-header.tsx';
import { CallNotes } from './call-notes.tsx';
import { callSize, isRunning } from './call-wish.ts';
import { statusOf } from './call-words.ts';
import css from './full-call.module.css';
import { Picture } from './picture.tsx';
import { SelfView } from './self-view.tsx';
import { useCallStage } from './stage.ts';
import { useIdle } from './use-idle.ts';
import { useTheirPictures } from './use-their-pictures.ts';

interface Props {
  readonly person: PersonView;
  /** Absent while core has not begun it yet. */
  readonly call: CallView | undefined;
  /** Ends the call, or gives it up before it is one. */
  readonly hangUp: () => void;
}

/** Of whatever the call stood above. */
const PAGE_HEADING = 'main h1 a, main h1[tabindex]';

export function FullCall({ person, call, hangUp }: Props): VNode {
  const dialog = useModal(PAGE_HEADING);
  const { commands } = useDoor();
  const stage = useCallStage();
  const video = useRef<HTMLVideoElement>(null);
  const { main, face, isScreen } = useTheirPictures(call);
  const phase = call?.phase;
  const isOver = phase?.kind === 'over';
  const isTalking = phase?.kind === 'talking' || phase?.kind === 'reconnecting';
  const isIdle = useIdle(dialog, isTalking && main !== undefined);
  const { name } = person;

  function shrink(): void {
    if (isOver) inBackground(commands.seeCallEnd());
    else if (call !== undefined) callSize.value = 'small';
  }

  function press(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return;
    const { target } = event;
    if (isOver || (target instanceof Element && target.closest('select, input, textarea') !== null)) return;
    const key = event.key.toLowerCase();
    if (key === 'm') inBackground(stage.setMicrophone(!stage.on.value.microphone));
    else if (key === 'v') inBackground(stage.setCamera(!stage.on.value.camera));
    else return;
    event.preventDefault();
  }

  return (
    <dialog
      ref={dialog}
      class={css.call}
      data-scheme="dark"
      style={{ '--hue': String(hueOf(person.account)) }}
      data-idle={isIdle ? '' : undefined}
      data-screen={isScreen ? '' : undefined}
      aria-label={fill(text.calls.with, { name })}
      onKeyDown={press}
      onCancel={(event) => {
        // Of a dialog above this one, which closes by itself.
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        shrink();
      }}
      onClose={(event) => {
        if (event.target === event.currentTarget) shrink();
      }}
    >
      <div class={css.stage}>
        {main !== undefined && (
          <Picture
            stream={main}
            whole={isScreen}
            video={video}
            label={fill(isScreen ? text.calls.picture.screen : text.calls.picture.theirs, { name })}
          />
        )}
        {main === undefined && (
          <div class={css.who} data-waits={phase === undefined || phase.kind === 'calling' ? '' : undefined}>
            <span class={css.avatar}>
              <Avatar id={person.account} name={name} picture={person.picture} size={132} />
            </span>
            <p class={css.name} dir="auto">
              {name}
            </p>
            {phase?.kind === 'over' && call !== undefined ? (
              <CallEnded call={call} phase={phase} name={name} />
            ) : (
              <p class={css.status}>{phase?.kind === 'over' ? undefined : statusOf(phase)}</p>
            )}
          </div>
        )}
        {face !== undefined && (
          <div class={css.face}>
            <Picture stream={face} label={fill(text.calls.picture.theirs, { name })} />
          </div>
        )}
        {isTalking && call?.theirs.microphone === false && (
          <p class={css.muted}>
            <Icon node={MicOff} size={16} />
            {fill(text.calls.theirMicrophoneIsOff, { name })}
          </p>
        )}
      </div>
      <CallHeader person={person} call={call} onShrink={call === undefined || isOver ? undefined : shrink} />
      {!isOver && <CallNotes call={call} name={name} />}
      {!isOver && <SelfView />}
      {!isOver && (
        <CallControls
          call={isRunning(call) ? call : undefined}
          name={name}
          video={video}
          hasPicture={main !== undefined}
          hangUp={hangUp}
        />
      )}
      <Announcer />
    </dialog>
  );
}
