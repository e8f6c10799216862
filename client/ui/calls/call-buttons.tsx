/** Calling somebody: from the header of the conversation by two buttons, or one with both where there is no room, and from the person's page. */
import type { VNode } from 'preact';
import { useContext } from 'preact/hooks';
import { Phone, Video } from 'lucide';
import type { ConversationId, Relation } from '../../core/door.ts';
import { Button, IconButton } from '../components/button.tsx';
import { Menu } from '../components/menu.tsx';
import { useDoor } from '../door-context.ts';
import { text } from '../text/text.ts';
import css from './call-buttons.module.css';
import { isRunning, wantCall } from './call-wish.ts';
import { CallStageContext } from './stage.ts';

interface Calling {
  /** One call at a time: while one goes on there is nothing to press. */
  readonly busy: boolean;
  readonly voice: () => void;
  readonly video: () => void;
}

/** How to call somebody; nothing where he is not to be called. */
function useCalling(id: ConversationId, relation: Relation): Calling | undefined {
  const { call, session } = useDoor().state;
  const stage = useContext(CallStageContext);
  const isOwn = session.value.kind === 'signed-in' && session.value.me.account === id;
  if (stage === undefined || relation !== 'accepted' || isOwn) return undefined;
  return {
    busy: isRunning(call.value),
    voice: () => wantCall(id, 'audio'),
    video: () => wantCall(id, 'video'),
  };
}

interface Props {
  readonly id: ConversationId;
  readonly relation: Relation;
}

/** For a header. */
export function CallButtons({ id, relation }: Props): VNode | null {
  const calling = useCalling(id, relation);
  if (calling === undefined) return null;
  const { busy, voice, video } = calling;
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

/** For the person's page, in words. */
export function CallPerson({ id, relation }: Props): VNode | null {
  const calling = useCalling(id, relation);
  if (calling === undefined) return null;
  const { busy, voice, video } = calling;
  return (
    <div class={css.person}>
      <Button icon={Phone} disabled={busy} onClick={voice}>
        {text.calls.voice}
      </Button>
      <Button icon={Video} disabled={busy} onClick={video}>
        {text.calls.video}
      </Button>
    </div>
  );
}
