/** Before a call goes out: a look at the own picture and sound the first time, and whatever keeps a call from being begun. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Phone, Video } from 'lucide';
import type { CallMedia, Failure } from '../../core/door.ts';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useIsHere } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import { DeviceTroubleNote } from './device-trouble.tsx';
import { DevicePicker, Meter, Preview } from './devices.tsx';
import { useCallStage, type CallStage } from './stage.ts';

/** The look before the first call of this browser: devices as they will be used. */
export function ReadyDialog({
  name,
  media,
  onStart,
  onClose,
}: {
  readonly name: string;
  readonly media: CallMedia;
  readonly onStart: () => void;
  readonly onClose: () => void;
}): VNode {
  const stage = useCallStage();
  const here = useIsHere();
  const [isReady, setReady] = useState<boolean | undefined>(undefined);
  const prepare = async (): Promise<void> => {
    stage.seeTrouble();
    setReady(undefined);
    const ready = await stage.prepare(media);
    if (here.current) setReady(ready);
    else stage.letGo();
  };
  useEffect(() => inBackground(prepare()), []);
  const trouble = stage.trouble.value;
  return (
    <Dialog title={fill(text.calls.before.title, { name })} onClose={onClose}>
      <p>{fill(text.calls.before.lead, { name })}</p>
      {trouble !== undefined && <DeviceTroubleNote trouble={trouble} retry={() => inBackground(prepare())} />}
      {media === 'video' && <Preview wanted={isReady === undefined} />}
      {isReady === undefined && trouble === undefined && <p>{text.calls.devices.asking}</p>}
      <DevicePicker kind="microphone" />
      {isReady === true && <Meter />}
      {media === 'video' && <DevicePicker kind="camera" />}
      <DialogActions>
        <Button onClick={onClose}>{text.common.cancel}</Button>
        <Button
          kind="primary"
          icon={media === 'video' ? Video : Phone}
          disabled={isReady !== true}
          onClick={onStart}
        >
          {text.calls.before.start}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** The call was not begun: no microphone, or core refuses. */
export function NotBegun({
  name,
  failure,
  onRetry,
  onClose,
}: {
  readonly name: string;
  /** Absent where the microphone is what is missing. */
  readonly failure: Failure | undefined;
  readonly onRetry: () => void;
  readonly onClose: () => void;
}): VNode {
  const trouble = useCallStage().trouble.value;
  return (
    <Dialog title={fill(text.calls.with, { name })} onClose={onClose}>
      {failure !== undefined ? (
        <FailureNote failure={failure} />
      ) : (
        trouble !== undefined && <DeviceTroubleNote trouble={trouble} retry={onRetry} />
      )}
      <DialogActions>
        <Button onClick={onClose}>{text.common.close}</Button>
        {(failure !== undefined || trouble === undefined) && (
          <Button kind="primary" onClick={onRetry}>
            {text.common.retry}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}

/** Why this browser holds no call. */
export function ObstacleDialog({
  obstacle,
  onClose,
}: {
  readonly obstacle: NonNullable<CallStage['obstacle']['value']>;
  readonly onClose: () => void;
}): VNode {
  return (
    <Dialog title={text.calls.obstacle.title} onClose={onClose}>
      <p>{text.calls.obstacle.texts[obstacle]}</p>
      <DialogActions>
        <Button onClick={onClose}>{text.common.close}</Button>
      </DialogActions>
    </Dialog>
  );
}
