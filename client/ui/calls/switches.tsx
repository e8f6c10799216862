/** Buttons that switch the microphone, the camera or the screen on and off. */
import type { VNode } from 'preact';
import { Mic, MicOff, Video, VideoOff } from 'lucide';
import { IconButton } from '../components/button.tsx';
import type { IconNode } from '../components/icon.tsx';
import { inBackground } from '../door-context.ts';
import { text } from '../text/text.ts';
import { useCallStage } from './stage.ts';

export function MicrophoneSwitch(): VNode {
  const stage = useCallStage();
  return (
    <Toggle
      on={stage.on.value.microphone}
      icons={[Mic, MicOff]}
      labels={[text.calls.microphoneOff, text.calls.microphoneOn]}
      set={(on) => stage.setMicrophone(on)}
    />
  );
}

export function CameraSwitch(): VNode {
  const stage = useCallStage();
  return (
    <Toggle
      on={stage.on.value.camera}
      icons={[Video, VideoOff]}
      labels={[text.calls.cameraOff, text.calls.cameraOn]}
      set={(on) => stage.setCamera(on)}
    />
  );
}

/** Something that is on or off: the picture shows how it is, the name what a press does. */
export function Toggle({
  on,
  icons: [onIcon, offIcon],
  labels: [turnOff, turnOn],
  isAccent = false,
  disabled = false,
  set,
}: {
  readonly on: boolean;
  readonly icons: readonly [on: IconNode, off: IconNode];
  readonly labels: readonly [turnOff: string, turnOn: string];
  /** Being on is what stands out. */
  readonly isAccent?: boolean;
  /** Not yet: it keeps its place. */
  readonly disabled?: boolean;
  readonly set: (on: boolean) => Promise<void>;
}): VNode {
  const isMarked = isAccent ? on : !on;
  const icon = isAccent ? (on ? offIcon : onIcon) : on ? onIcon : offIcon;
  return (
    <span data-marked={isMarked ? '' : undefined}>
      <IconButton
        icon={icon}
        label={on ? turnOff : turnOn}
        disabled={disabled}
        onClick={() => inBackground(set(!on))}
      />
    </span>
  );
}
