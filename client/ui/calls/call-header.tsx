/** Who is in the call, how that is known, that it is encrypted, how long it lasts and how good it is. The line with the lock stays when the rest goes. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { Lock, Minimize2, ShieldCheck, SignalHigh, SignalLow, SignalMedium } from 'lucide';
import type { CallView, PersonView } from '../../core/door.ts';
import { IconButton } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';
import { Trust } from '../conversation/trust.tsx';
import { formatClock } from '../text/durations.ts';
import { text } from '../text/text.ts';
import { CodeDialog, StatsDialog } from './call-details.tsx';
import css from './call-header.module.css';
import { useSeconds } from './use-seconds.ts';

const SIGNALS = { good: SignalHigh, fair: SignalMedium, poor: SignalLow } as const;

export function CallHeader({
  person,
  call,
  onShrink,
}: {
  readonly person: PersonView;
  readonly call: CallView | undefined;
  /** Absent where there is nothing to shrink. */
  readonly onShrink: (() => void) | undefined;
}): VNode {
  const [dialog, setDialog] = useState<'stats' | 'code' | undefined>(undefined);
  const close = (): void => setDialog(undefined);
  const isOver = call?.phase.kind === 'over';
  const quality = call?.phase.kind === 'talking' ? call.quality : undefined;
  return (
    <div class={css.header}>
      <div class={css.hides}>
        {onShrink !== undefined && (
          <IconButton icon={Minimize2} label={text.calls.shrink} mirrored onClick={onShrink} />
        )}
      </div>
      <div class={css.words}>
        <h2 class={css.name} tabIndex={-1} autofocus>
          <bdi>{person.name}</bdi>
        </h2>
        {!isOver && (
          <p class={css.line}>
            <span class={css.lock}>
              <Icon node={Lock} size={12} />
              {text.calls.encrypted}
            </span>
            <CallClock call={call} />
          </p>
        )}
        <p class={css.trust}>
          <Trust person={person} />
        </p>
      </div>
      <div class={css.hides}>
        {call?.code !== undefined && !isOver && (
          <span class={css.code}>
            <IconButton icon={ShieldCheck} label={text.calls.code.open} onClick={() => setDialog('code')} />
          </span>
        )}
        {quality !== undefined && (
          <span data-level={quality.level} class={css.quality}>
            <IconButton
              icon={SIGNALS[quality.level]}
              label={text.calls.quality[quality.level]}
              onClick={() => setDialog('stats')}
            />
          </span>
        )}
      </div>
      {dialog === 'stats' && call !== undefined && <StatsDialog call={call} onClose={close} />}
      {dialog === 'code' && <CodeDialog code={call?.code} name={person.name} onClose={close} />}
    </div>
  );
}

/** How long people have talked. */
export function CallClock({ call }: { readonly call: CallView | undefined }): VNode | null {
  const phase = call?.phase;
  const since = phase?.kind === 'talking' || phase?.kind === 'reconnecting' ? phase.since : undefined;
  const talked = useSeconds(since);
  if (since === undefined) return null;
  return (
    <span role="timer" class={css.clock}>
      {formatClock(talked)}
    </span>
  );
}
