/** How a call ended, and what can be done then. An end that needs no answer goes by itself. */
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Phone } from 'lucide';
import type { CallPhase, CallView } from '../../core/door.ts';
import { Button } from '../components/button.tsx';
import { inBackground, useDoor } from '../door-context.ts';
import { text } from '../text/text.ts';
import css from './call-ended.module.css';
import { wantCall } from './call-wish.ts';
import { endOf } from './call-words.ts';

export function CallEnded({
  call,
  phase,
  name,
}: {
  readonly call: CallView;
  readonly phase: Extract<CallPhase, { readonly kind: 'over' }>;
  readonly name: string;
}): VNode {
  const { commands } = useDoor();
  const buttons = useRef<HTMLDivElement>(null);
  // The button that had the focus is gone.
  useEffect(() => buttons.current?.querySelector('button')?.focus(), []);
  const { title, hint } = endOf(call, phase, name);

  async function again(): Promise<void> {
    await commands.seeCallEnd();
    wantCall(call.conversation, call.media);
  }

  return (
    <div class={css.ended}>
      <p role="status">
        <span class={css.title}>{title}</span>
        {hint !== undefined && <span class={css.hint}>{hint}</span>}
      </p>
      <div class={css.buttons} ref={buttons}>
        <Button onClick={() => inBackground(commands.seeCallEnd())}>{text.common.close}</Button>
        {phase.why !== 'elsewhere' && (
          <Button kind="primary" icon={Phone} onClick={() => inBackground(again())}>
            {text.calls.ended.again}
          </Button>
        )}
      </div>
    </div>
  );
}
