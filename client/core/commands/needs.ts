/** What the commands act on. The argument types stand in `view.ts`; what arguments hold is checked by what the commands call. */
import type { MessageId } from '@tacet/protocol/ids';
import type { CoreParts } from '../core-parts.ts';
import type { DeviceLife } from '../device-life.ts';
import type { ViewMirror } from '../shown/view-mirror.ts';

export interface CommandNeeds extends CoreParts {
  readonly life: DeviceLife;
  /** Resolves once it is known whether somebody is signed in here. */
  readonly started: Promise<void>;
  /** The view that gives the commands. */
  readonly mirror: ViewMirror;
  /** The id of what a command makes. */
  readonly key: () => MessageId;
}
