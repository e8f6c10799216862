/** Calls from the header of a conversation: two buttons, or one with both where there is no room. */
import type { VNode } from 'preact';
import { useContext } from 'preact/hooks';
import { Phone, Video } from 'lucide';
import type { OpenConversation } from '../../core/door.ts';
import { IconButton } from '../components/button.tsx';
import { Menu } from '../components/menu.tsx';
import { useDoor } from '../door-context.ts';
import { text } from '../text/text.ts';
import css from './call-buttons.module.css';
import { isRunning, wantCall } from './call-wish.ts';
import { CallStageContext } from './stage.ts';

export function CallButtons({
  conversation: { id, state },
}: {
  readonly conversation: OpenConversation;
}): VNode | null {
  const { call, session } = useDoor().state;
  const stage = useContext(CallStageContext);
  const isOwn = session.value.kind === 'signed-in' && session.value.me.account === id;
  if (stage === undefined || state !== 'accepted' || isOwn) return null;
  // One call at a time: while one goes on there is nothing to press.
  const busy = isRunning(call.value);
  const voice = (): void => wantCall(id, 'audio');
  const video = (): void => wantCall(id, 'video');
  return (
    <>
      <div class={css.both}>
        <IconButton icon={Phone} label={text.calls.voice} disabled={busy} onClick={voice} />
        <IconButton icon={Video} label={text.calls.video} disabled={busy} onClick={video} />
      </div>
      {!busy && (
        <div class={css.one}>
          <Menu
            icon={Phone}
            label={text.calls.call}
            items={[
              { icon: Phone, label: text.calls.voice, run: voice },
              { icon: Video, label: text.calls.video, run: video },
            ]}
          />
        </div>
      )}
    </>
  );
}
