/** What a person can do in a call. What the browser lacks is absent; what has to wait keeps its place, so that no button moves from under a finger. */
import type { RefObject, VNode } from 'preact';
import { useContext, useState } from 'preact/hooks';
import {
  Activity,
  Ellipsis,
  PhoneOff,
  PictureInPicture2,
  ScreenShare,
  ScreenShareOff,
  Settings2,
  ShieldCheck,
} from 'lucide';
import type { CallView } from '../../core/door.ts';
import { IconButton } from '../components/button.tsx';
import { Menu, type MenuItem } from '../components/menu.tsx';
import { DoorContext, inBackground } from '../door-context.ts';
import { text } from '../text/text.ts';
import css from './call-controls.module.css';
import { CodeDialog, StatsDialog } from './call-details.tsx';
import { DevicesDialog } from './devices.tsx';
import { canShowOutside, showOutside } from './outside.tsx';
import { useCallStage } from './stage.ts';
import { CameraSwitch, MicrophoneSwitch, Toggle } from './switches.tsx';

export function CallControls({
  call,
  name,
  video,
  hasPicture,
  hangUp,
}: {
  readonly call: CallView | undefined;
  readonly name: string;
  /** The large picture. */
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly hasPicture: boolean;
  readonly hangUp: () => void;
}): VNode {
  const door = useContext(DoorContext);
  const stage = useCallStage();
  const [dialog, setDialog] = useState<'devices' | 'stats' | 'code' | undefined>(undefined);
  const close = (): void => setDialog(undefined);
  const { screen } = stage.on.value;
  const isTalking = call?.phase.kind === 'talking' || call?.phase.kind === 'reconnecting';
  const items: readonly MenuItem[] = [
    { icon: Settings2, label: text.calls.devices.title, run: () => setDialog('devices') },
    ...(isTalking && canShowOutside(hasPicture)
      ? [
          {
            icon: PictureInPicture2,
            label: text.calls.inPicture,
            run: () => inBackground(showOutside({ door, stage, video: video.current })),
          },
        ]
      : []),
    ...(isTalking
      ? [
          { icon: ShieldCheck, label: text.calls.code.open, run: () => setDialog('code') },
          { icon: Activity, label: text.calls.stats.title, run: () => setDialog('stats') },
        ]
      : []),
  ];
  return (
    <>
      <div class={css.controls}>
        <div class={css.bar}>
          <MicrophoneSwitch />
          <CameraSwitch />
          {stage.canShareScreen && (
            <Toggle
              on={screen}
              isAccent
              disabled={!isTalking}
              icons={[ScreenShare, ScreenShareOff]}
              labels={[text.calls.screenOff, text.calls.screenOn]}
              set={(on) => stage.setScreen(on)}
            />
          )}
          <Menu icon={Ellipsis} label={text.calls.more} items={items} up />
          <span class={css.end}>
            <IconButton
              icon={PhoneOff}
              label={call === undefined ? text.common.cancel : text.calls.hangUp}
              onClick={hangUp}
            />
          </span>
        </div>
      </div>
      {dialog === 'devices' && <DevicesDialog onClose={close} />}
      {dialog === 'stats' && call !== undefined && <StatsDialog call={call} onClose={close} />}
      {dialog === 'code' && <CodeDialog code={call?.code} name={name} onClose={close} />}
    </>
  );
}
