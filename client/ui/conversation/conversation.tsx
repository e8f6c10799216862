/** One conversation: header, timeline, and the composer or what stands in its place. */
import type { VNode } from 'preact';
import type { ConversationId, OpenConversation } from '../../core/door.ts';
import { CallButtons } from '../calls/call-buttons.tsx';
import { ConnectionStrip } from '../components/connection-strip.tsx';
import { PaneHeader } from '../components/pane-header.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { useDelayed, useDoor } from '../door-context.ts';
import { Nothing } from '../screens/nothing.tsx';
import { text } from '../text/text.ts';
import { Composer } from './composer.tsx';
import { ConversationMenu } from './conversation-menu.tsx';
import { ConversationHeader } from './conversation-header.tsx';
import { MessageLayer } from './message-layer.tsx';
import { selection } from './selection.ts';
import { Timeline } from './timeline.tsx';
import { TimerButton } from './timer-button.tsx';
import { lazily } from '../components/lazy.tsx';

const BlockedByKey = lazily(async () => (await import('./key-bar.tsx')).BlockedByKey);
const HeldBar = lazily(async () => (await import('./key-bar.tsx')).HeldBar);
const RequestBar = lazily(async () => (await import('./request-bar.tsx')).RequestBar);
const BlockedBar = lazily(async () => (await import('./request-bar.tsx')).BlockedBar);
const SelectionBar = lazily(async () => (await import('./selection-bar.tsx')).SelectionBar);

/** Core answers within milliseconds; a conversation that it does not know never comes. */
const UNKNOWN_AFTER_MS = 4_000;

export function Conversation({ id }: { readonly id: ConversationId }): VNode {
  const { open, conversations } = useDoor().state;
  const conversation = open.value?.id === id ? open.value : undefined;
  // Only until it is open: the list changes with every other conversation.
  const summary = conversation === undefined ? conversations.value.find((one) => one.id === id) : undefined;
  const unknown = useDelayed(conversation === undefined && summary === undefined, UNKNOWN_AFTER_MS);
  if (conversation !== undefined) return <Opened conversation={conversation} />;
  return (
    <>
      <PaneHeader back>{summary !== undefined && <ConversationHeader person={summary.person} />}</PaneHeader>
      {unknown ? (
        <Nothing title={text.conversation.unknownTitle} lead={text.conversation.unknownText} home />
      ) : (
        <Skeleton shape="message" count={6} />
      )}
    </>
  );
}

function Opened({ conversation }: { readonly conversation: OpenConversation }): VNode {
  const session = useDoor().state.session.value;
  const me = session.kind === 'signed-in' ? session.me.name : text.conversation.you;
  return (
    <>
      <PaneHeader back>
        <ConversationHeader person={conversation.person} />
        <CallButtons id={conversation.id} relation={conversation.state} />
        <TimerButton conversation={conversation} />
        <ConversationMenu conversation={conversation} />
      </PaneHeader>
      <ConnectionStrip in="pane" />
      <Timeline conversation={conversation} />
      <MessageLayer conversation={conversation} />
      {selection.value !== undefined ? (
        <SelectionBar conversation={conversation} me={me} />
      ) : (
        <Foot conversation={conversation} />
      )}
    </>
  );
}

function Foot({ conversation }: { readonly conversation: OpenConversation }): VNode {
  const { id, person, state } = conversation;
  switch (state) {
    case 'request':
      return <RequestBar id={id} name={person.name} />;
    case 'blocked':
      return <BlockedBar id={id} name={person.name} />;
    case 'accepted':
    case 'new':
      if (conversation.blocked) return <BlockedByKey conversation={conversation} />;
      return (
        <>
          {conversation.waiting + conversation.waitingChanges > 0 && <HeldBar conversation={conversation} />}
          <Composer key={id} conversation={conversation} />
        </>
      );
  }
}
