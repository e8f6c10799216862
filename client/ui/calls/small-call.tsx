/** A call beside the chat: in a corner where there is room, as a strip above everything on a phone. Also a call that another tab holds. */
import type { ComponentChildren, RefObject, VNode } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { Lock, Maximize2, PhoneOff } from 'lucide';
import type { CallView, PersonView } from '../../core/door.ts';
import { Avatar } from '../components/avatar.tsx';
import { IconButton } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';
import { fill, text } from '../text/text.ts';
import { CallEnded } from './call-ended.tsx';
import { CallClock } from './call-header.tsx';
import { CallNotes } from './call-notes.tsx';
import { callSize } from './call-wish.ts';
import { statusOf } from './call-words.ts';
import { Answers, Obstacles, ringSentence } from './incoming.tsx';
import { Picture } from './picture.tsx';
import css from './small-call.module.css';
import { CameraSwitch, MicrophoneSwitch } from './switches.tsx';
import type { Taking } from './use-taking.ts';
import { useCorner } from './use-corner.ts';
import { useTheirPictures } from './use-their-pictures.ts';

const FIRST = { block: 'start', inline: 'end' } as const;

function expand(): void {
  callSize.value = 'full';
}

/** A strip above the page makes room for itself, as much as it takes. */
function useStripRoom(box: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const { dataset, style } = document.documentElement;
    const card = box.current;
    if (card === null) return undefined;
    const measure = (): void => style.setProperty('--strip-size', `${card.offsetHeight}px`);
    dataset['call'] = 'small';
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(card);
    return () => {
      watch.disconnect();
      delete dataset['call'];
      style.removeProperty('--strip-size');
    };
  }, []);
}

/** The card or strip: whose call it is, and what is in it. */
function Card({
  person,
  pressed,
  line,
  picture,
  hold,
  children,
}: {
  readonly person: PersonView;
  readonly pressed: (() => void) | undefined;
  /** Under the name. */
  readonly line: ComponentChildren;
  readonly picture?: ComponentChildren;
  readonly hold?: string;
  readonly children: ComponentChildren;
}): VNode {
  const { corner, box, hold: holding } = useCorner(FIRST, pressed);
  useStripRoom(box);
  return (
    <section class={css.place} data-corner={corner} aria-label={fill(text.calls.with, { name: person.name })}>
      <div ref={box} class={css.card} data-scheme="dark">
        <div class={css.top}>
          {picture ?? (
            <span class={css.avatar}>
              <Avatar id={person.account} name={person.name} picture={person.picture} size={40} />
            </span>
          )}
          <span class={css.words}>
            <span class={css.name}>
              <bdi>{person.name}</bdi>
            </span>
            <span class={css.line}>{line}</span>
          </span>
          {hold !== undefined && (
            <button type="button" class={css.hold} aria-label={hold} title={hold} {...holding} />
          )}
        </div>
        {children}
      </div>
    </section>
  );
}

/** The call of this window. */
export function SmallCall({
  call,
  person,
  hangUp,
}: {
  readonly call: CallView;
  readonly person: PersonView;
  readonly hangUp: () => void;
}): VNode {
  const { main, isScreen } = useTheirPictures(call);
  const { phase } = call;
  const { name } = person;
  const isOutside = callSize.value === 'outside';
  const label = fill(isScreen ? text.calls.picture.screen : text.calls.picture.theirs, { name });
  if (phase.kind === 'over') {
    return (
      <Card person={person} pressed={undefined} line={undefined}>
        <CallEnded call={call} phase={phase} name={name} />
      </Card>
    );
  }
  return (
    <Card
      person={person}
      pressed={expand}
      hold={text.calls.expand}
      picture={
        main !== undefined && !isOutside ? (
          <span class={css.picture}>
            <Picture stream={main} whole={isScreen} label={label} />
          </span>
        ) : undefined
      }
      line={
        <>
          <Icon node={Lock} size={12} />
          <span class="heard">{text.calls.encrypted}</span>
          {statusOf(phase)}
          <CallClock call={call} />
        </>
      }
    >
      <div class={css.notes}>
        <CallNotes call={call} name={name} />
      </div>
      <div class={css.buttons}>
        <MicrophoneSwitch />
        <span class={css.wide}>
          <CameraSwitch />
          <IconButton icon={Maximize2} label={text.calls.expand} mirrored onClick={expand} />
        </span>
        <span class={css.end}>
          <IconButton icon={PhoneOff} label={text.calls.hangUp} onClick={hangUp} />
        </span>
      </div>
    </Card>
  );
}

/** A call that rings and was put aside. */
export function SmallIncoming({
  call,
  person,
  taking,
}: {
  readonly call: CallView;
  readonly person: PersonView;
  readonly taking: Taking;
}): VNode {
  return (
    <Card person={person} pressed={undefined} line={ringSentence(call, person.name)}>
      <div class={css.answers}>
        <Obstacles taking={taking} media={call.media} />
        <Answers call={call} taking={taking} />
      </div>
    </Card>
  );
}

/** A call that another tab holds: from here it can only be ended. */
export function CallElsewhere({
  person,
  hangUp,
}: {
  readonly person: PersonView;
  readonly hangUp: () => void;
}): VNode {
  return (
    <Card person={person} pressed={undefined} line={fill(text.calls.elsewhere, { name: person.name })}>
      <div class={css.buttons}>
        <span class={css.end}>
          <IconButton icon={PhoneOff} label={text.calls.hangUp} onClick={hangUp} />
        </span>
      </div>
    </Card>
  );
}
