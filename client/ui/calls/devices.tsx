/** Microphone, camera and speaker: which of them is used, and whether it hears and sees. */
import type { VNode } from 'preact';
import { useEffect, useId } from 'preact/hooks';
import { Dialog } from '../components/dialog.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { inBackground } from '../door-context.ts';
import { fill, formatNumber, text } from '../text/text.ts';
import css from './devices.module.css';
import { DeviceTroubleNote } from './device-trouble.tsx';
import { Picture } from './picture.tsx';
import { useCallStage, type DeviceKind } from './stage.ts';

/** In a call: all of its devices, with the speaker where the browser lets it be chosen. */
export function DevicesDialog({ onClose }: { readonly onClose: () => void }): VNode {
  const stage = useCallStage();
  return (
    <Dialog title={text.calls.devices.title} onClose={onClose}>
      {stage.trouble.value !== undefined && <DeviceTroubleNote trouble={stage.trouble.value} />}
      <Preview />
      <DevicePicker kind="microphone" />
      <Meter />
      <DevicePicker kind="camera" />
      <DevicePicker kind="output" />
    </Dialog>
  );
}

/** What the own camera sees. */
export function Preview({ wanted = false }: { readonly wanted?: boolean }): VNode {
  const { mine, trouble } = useCallStage();
  const { camera } = mine.value;
  return (
    <div class={css.preview}>
      {camera !== undefined ? (
        <Picture stream={camera} label={text.calls.devices.preview} mirrored />
      ) : wanted && trouble.value === undefined ? (
        <div class={css.waits}>
          <Skeleton shape="text" count={1} />
        </div>
      ) : (
        <p>{text.calls.devices.cameraIsOff}</p>
      )}
    </div>
  );
}

/** Which device of a kind; nothing where there is no choice. */
export function DevicePicker({ kind }: { readonly kind: DeviceKind }): VNode | null {
  const stage = useCallStage();
  const id = useId();
  const { choices, chosen } = stage.devices.value[kind];
  if (choices.length === 0) return null;
  const words = text.calls.devices;
  return (
    <div class={css.device}>
      <label for={id}>{words[kind]}</label>
      <select
        id={id}
        value={chosen}
        onChange={(event) => inBackground(stage.choose(kind, event.currentTarget.value))}
      >
        {choices.map((choice, i) => (
          <option key={choice.id} value={choice.id} selected={choice.id === chosen}>
            {choice.label === '' ? fill(words.unnamed[kind], { number: formatNumber(i + 1) }) : choice.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** How loud the own microphone is, while this is shown. */
export function Meter(): VNode {
  const stage = useCallStage();
  const hint = useId();
  useEffect(() => stage.meter(), []);
  return (
    <div>
      <div
        class={css.meter}
        role="meter"
        aria-label={text.calls.devices.level}
        aria-describedby={hint}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(stage.level.value * 100)}
      >
        <span style={{ '--level': String(Math.min(1, stage.level.value)) }} />
      </div>
      <p class={css.hint} id={hint}>
        {text.calls.devices.speak}
      </p>
    </div>
  );
}
