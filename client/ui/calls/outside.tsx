/**
 * A call in a small window above other programs: a page of its own where the browser has such windows, else the browser's own window for
 * a video.
 */
import { render, type VNode } from 'preact';
import { PhoneOff } from 'lucide';
import type { Door } from '../../core/door.ts';
import { Avatar } from '../components/avatar.tsx';
import { IconButton } from '../components/button.tsx';
import { DoorContext, inBackground, useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import { CallClock } from './call-header.tsx';
import { CallNotes } from './call-notes.tsx';
import { callSize, isRunning } from './call-wish.ts';
import css from './outside.module.css';
import { Picture } from './picture.tsx';
import { CallStageContext, type CallStage } from './stage.ts';
import { CameraSwitch, MicrophoneSwitch } from './switches.tsx';
import { usePerson } from './use-person.ts';
import { useTheirPictures } from './use-their-pictures.ts';

/** Document Picture-in-Picture (WICG), which few browsers have. */
interface OutsideWindows {
  requestWindow(options: { readonly width: number; readonly height: number }): Promise<Window>;
}
declare global {
  interface Window {
    readonly documentPictureInPicture?: OutsideWindows;
  }
}

const SIZE = { width: 320, height: 240 };

/** Whether this browser has windows of either kind; of a video alone only where there is one. */
export function canShowOutside(hasPicture: boolean): boolean {
  return (
    window.documentPictureInPicture !== undefined || (hasPicture && document.pictureInPictureEnabled === true)
  );
}

/** Shows the call outside the page. Only at a press. */
export async function showOutside({
  door,
  stage,
  video,
}: {
  readonly door: Door | undefined;
  readonly stage: CallStage;
  /** Their large picture, for browsers that can take a video alone out of the page. */
  readonly video: HTMLVideoElement | null;
}): Promise<void> {
  const windows = window.documentPictureInPicture;
  if (windows === undefined) {
    await video?.requestPictureInPicture();
    return;
  }
  const outside = await windows.requestWindow(SIZE);
  const page = outside.document;
  for (const sheet of document.querySelectorAll('link[rel=stylesheet]')) {
    page.head.append(page.importNode(sheet));
  }
  page.documentElement.lang = document.documentElement.lang;
  page.documentElement.dir = document.documentElement.dir;
  const back = (): void => outside.close();
  render(
    <DoorContext.Provider value={door}>
      <CallStageContext.Provider value={stage}>
        <OutsideCall onBack={back} />
      </CallStageContext.Provider>
    </DoorContext.Provider>,
    page.body,
  );
  callSize.value = 'outside';
  // Whoever brings the call back by another way has no use for the window.
  const stop = callSize.subscribe((size) => {
    if (size !== 'outside') back();
  });
  outside.addEventListener('pagehide', () => {
    stop();
    render(null, page.body);
    if (callSize.value === 'outside') callSize.value = 'full';
  });
}

function OutsideCall({ onBack }: { readonly onBack: () => void }): VNode | null {
  const { state, commands } = useDoor();
  const call = state.call.value;
  if (!isRunning(call)) {
    onBack();
    return null;
  }
  return <Outside call={call} hangUp={() => inBackground(commands.hangUp(call.id))} />;
}

function Outside({
  call,
  hangUp,
}: {
  readonly call: NonNullable<Door['state']['call']['value']>;
  readonly hangUp: () => void;
}): VNode {
  const person = usePerson(call.conversation);
  const { main, isScreen } = useTheirPictures(call);
  const label = fill(isScreen ? text.calls.picture.screen : text.calls.picture.theirs, { name: person.name });
  return (
    <main class={css.outside} data-scheme="dark" aria-label={fill(text.calls.with, { name: person.name })}>
      {main === undefined ? (
        <div class={css.who}>
          <span class={css.avatar}>
            <Avatar id={person.account} name={person.name} picture={person.picture} size={88} />
          </span>
          <p class={css.name}>
            <bdi>{person.name}</bdi>
          </p>
          <CallClock call={call} />
        </div>
      ) : (
        <Picture stream={main} whole={isScreen} label={label} />
      )}
      <div class={css.notes}>
        <CallNotes call={call} name={person.name} />
      </div>
      <div class={css.buttons}>
        <MicrophoneSwitch />
        <CameraSwitch />
        <span class={css.end}>
          <IconButton icon={PhoneOff} label={text.calls.hangUp} onClick={hangUp} />
        </span>
      </div>
    </main>
  );
}
