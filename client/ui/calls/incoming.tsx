/** Somebody calls: who it is, how that is known, and what can be done. It stands over whatever is shown; Esc puts it aside, and it rings on. */
import type { VNode } from 'preact';
import { useId } from 'preact/hooks';
import { Phone, PhoneOff, Video } from 'lucide';
import type { CallView, PersonView } from '../../core/door.ts';
import { Avatar } from '../components/avatar.tsx';
import { Button } from '../components/button.tsx';
import { useModal } from '../components/dialog.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { Trust } from '../conversation/trust.tsx';
import { fill, text } from '../text/text.ts';
import { callSize } from './call-wish.ts';
import { DeviceTroubleNote } from './device-trouble.tsx';
import css from './incoming.module.css';
import { useCallStage } from './stage.ts';
import type { Taking } from './use-taking.ts';

interface Props {
  readonly call: CallView;
  readonly person: PersonView;
  readonly taking: Taking;
}

/** What rings, as a sentence. */
export function ringSentence({ media }: CallView, name: string): string {
  return fill(media === 'video' ? text.calls.incoming.video : text.calls.incoming.voice, { name });
}

export function Incoming({ call, person, taking }: Props): VNode {
  const dialog = useModal();
  const id = useId();
  return (
    <dialog
      ref={dialog}
      class={css.dialog}
      role="alertdialog"
      aria-labelledby={`${id}title`}
      onClose={() => {
        callSize.value = 'small';
      }}
    >
      <div class={css.body}>
        <div class={css.avatar}>
          <Avatar id={person.account} name={person.name} picture={person.picture} size={104} />
        </div>
        <h2 id={`${id}title`} class={css.title} tabIndex={-1} autofocus>
          {ringSentence(call, person.name)}
        </h2>
        <p class={css.trust}>
          <Trust person={person} />
        </p>
        <Obstacles taking={taking} media={call.media} />
        <Answers call={call} taking={taking} />
      </div>
    </dialog>
  );
}

/** What keeps the call from being taken. */
export function Obstacles({
  taking,
  media,
}: {
  readonly taking: Taking;
  readonly media: CallView['media'];
}): VNode | null {
  const stage = useCallStage();
  const obstacle = stage.obstacle.value;
  const trouble = stage.trouble.value;
  if (obstacle !== undefined) {
    return (
      <Note kind="caution">
        <p>{text.calls.obstacle.texts[obstacle]}</p>
        <p>{text.calls.incoming.obstacle}</p>
      </Note>
    );
  }
  if (taking.failure !== undefined) return <FailureNote failure={taking.failure} />;
  if (trouble === undefined || taking.busy !== undefined) return null;
  return <DeviceTroubleNote trouble={trouble} retry={() => taking.take(media)} />;
}

/** The buttons. A press of Enter that was meant for a message finds none of them focused. */
export function Answers({ call, taking }: { readonly call: CallView; readonly taking: Taking }): VNode {
  const { incoming } = text.calls;
  const { busy, take, decline } = taking;
  const canTake = useCallStage().obstacle.value === undefined;
  return (
    <div class={css.answers}>
      {canTake && call.media === 'video' && (
        <Button kind="primary" icon={Video} busy={busy === 'video'} onClick={() => take('video')}>
          {incoming.withVideo}
        </Button>
      )}
      {canTake && (
        <Button
          kind={call.media === 'video' ? 'plain' : 'primary'}
          icon={Phone}
          busy={busy === 'audio'}
          onClick={() => take('audio')}
        >
          {call.media === 'video' ? incoming.withoutVideo : incoming.accept}
        </Button>
      )}
      <Button kind="danger" icon={PhoneOff} onClick={decline}>
        {incoming.decline}
      </Button>
    </div>
  );
}
