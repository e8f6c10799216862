/** Taking a call that rings, and letting it be. */
import { useRef, useState } from 'preact/hooks';
import { failureOf, type CallMedia, type CallView, type Failure } from '../../core/door.ts';
import { inBackground, useDoor } from '../door-context.ts';
import { callSize } from './call-wish.ts';
import { useCallStage } from './stage.ts';

export interface Taking {
  /** What is being taken with. */
  readonly busy: CallMedia | undefined;
  readonly failure: Failure | undefined;
  readonly take: (media: CallMedia) => void;
  readonly decline: () => void;
}

/** Of the call with this id, which is the one that is shown: never of another one that has begun to ring meanwhile. */
export function useTaking(id: CallView['id']): Taking {
  const door = useDoor();
  const stage = useCallStage();
  const [busy, setBusy] = useState<CallMedia | undefined>(undefined);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const isTaking = useRef(false);

  async function accept(media: CallMedia): Promise<void> {
    isTaking.current = true;
    setBusy(media);
    setFailure(undefined);
    stage.seeTrouble();
    try {
      if (!(await stage.prepare(media))) return;
      // While the browser asked, it may have ended.
      if (door.state.call.value?.id !== id) {
        stage.letGo();
        return;
      }
      callSize.value = 'full';
      await door.commands.takeCall(id, media);
    } catch (error) {
      stage.letGo();
      setFailure(failureOf(error));
    } finally {
      isTaking.current = false;
      setBusy(undefined);
    }
  }

  return {
    busy,
    failure,
    take(media) {
      if (!isTaking.current) inBackground(accept(media));
    },
    decline() {
      stage.letGo();
      inBackground(door.commands.hangUp(id));
    },
  };
}
