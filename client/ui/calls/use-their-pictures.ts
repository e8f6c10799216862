/** What is seen of the other side. */
import type { CallView } from '../../core/door.ts';
import { useCallStage } from './stage.ts';

/** The pictures of the other side that are on: the large one, and beside a screen the face. */
export function useTheirPictures(call: CallView | undefined): {
  readonly main: MediaStream | undefined;
  readonly face: MediaStream | undefined;
  readonly isScreen: boolean;
} {
  const { camera, screen } = useCallStage().theirs.value;
  const isLive = call?.phase.kind === 'talking' || call?.phase.kind === 'reconnecting';
  const face = isLive && call.theirs.camera ? camera : undefined;
  const shared = isLive && call.theirs.screen ? screen : undefined;
  return {
    main: shared ?? face,
    face: shared === undefined ? undefined : face,
    isScreen: shared !== undefined,
  };
}
