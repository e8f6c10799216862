/** Where the actions of messages appear. Their code comes once the conversation stands, so that it is there when the network is gone. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OpenConversation } from '../../core/door.ts';
import { Dialog } from '../components/dialog.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useLoaded } from '../door-context.ts';
import { text } from '../text/text.ts';
import { openMenu } from './composing.ts';
import type { MessageActions } from './message-menu.tsx';

/** After this the conversation stands and is read. */
const FETCH_AFTER_MS = 2_000;

interface Props {
  readonly conversation: OpenConversation;
}

export function MessageLayer({ conversation }: Props): VNode | null {
  const { id } = conversation;
  const [wanted, setWanted] = useState(false);
  const isOpen = openMenu.value !== undefined;
  useEffect(() => {
    if (isOpen) setWanted(true);
  }, [isOpen]);
  useEffect(() => {
    const timer = setTimeout(() => {
      setWanted(true);
      inBackground(import('./timer-dialog.tsx'));
    }, FETCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  useEffect(
    () => () => {
      openMenu.value = undefined;
    },
    [id],
  );
  return wanted ? <Loaded conversation={conversation} /> : null;
}

const load = (): Promise<{ readonly MessageActions: typeof MessageActions }> => import('./message-menu.tsx');

function Loaded({ conversation }: Props): VNode | null {
  const [loaded, again] = useLoaded(load, 'actions');
  if (loaded.kind === 'loading') return null;
  if (loaded.kind === 'loaded') return <loaded.value.MessageActions conversation={conversation} />;
  if (openMenu.value === undefined) return null;
  return (
    <Dialog
      title={text.message.actions}
      onClose={() => {
        openMenu.value = undefined;
        again();
      }}
    >
      <FailureNote failure={{ code: 'part-missing' }} />
    </Dialog>
  );
}
