/** Whatever there is of calls, above the page. Its parts are fetched with the first call that is wanted or comes. */
import type { VNode } from 'preact';
import { useContext } from 'preact/hooks';
import { lazily } from '../components/lazy.tsx';
import { useDoor } from '../door-context.ts';
import css from './call-layer.module.css';
import { wantedCall } from './call-wish.ts';
import { CallStageContext } from './stage.ts';

const Calls = lazily(async () => (await import('./calls.tsx')).Calls);

export function CallLayer(): VNode | null {
  const { call } = useDoor().state;
  const stage = useContext(CallStageContext);
  if (stage === undefined || (call.value === undefined && wantedCall.value === undefined)) return null;
  return (
    <div class={css.layer}>
      <Calls />
    </div>
  );
}
