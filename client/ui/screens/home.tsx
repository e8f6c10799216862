/** The app of somebody who is signed in: the list, and beside it a conversation, the settings, or what an invite link asks. */
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useConnectionAnnouncements } from '../components/connection-strip.tsx';
import { lazily } from '../components/lazy.tsx';
import { Conversation } from '../conversation/conversation.tsx';
import { takeWanted, wasAskedFirst } from '../conversation/jump-target.ts';
import { inBackground, useDoor } from '../door-context.ts';
import { ConversationList } from '../list/conversation-list.tsx';
import { place, type Place } from '../router.ts';
import { SettingsPane } from '../settings/settings-pane.tsx';
import { text } from '../text/text.ts';
import { isUsedUp } from './arrival.ts';
import { Nothing } from './nothing.tsx';
import { Shell } from './shell.tsx';
import { Shortcuts } from './shortcuts.tsx';

const Noticed = lazily(async () => (await import('./noticed.tsx')).Noticed);

const FollowInvite = lazily(async () => (await import('./follow-invite.tsx')).FollowInvite);

const Contact = lazily(async () => (await import('../contact/contact.tsx')).Contact);

const Safety = lazily(async () => (await import('../safety/safety.tsx')).Safety);

const Encounters = lazily(async () => (await import('../safety/encounter.tsx')).Encounters);

export function Home(): VNode {
  const { commands, state } = useDoor();
  const here = place.value;
  const opened = here.kind === 'conversation' ? here.id : undefined;
  const wasMet = useRef(false);
  wasMet.current ||= state.encounters.value.length > 0;
  useConnectionAnnouncements();
  // Before the first picture of this place, so that core reads while the browser paints.
  useLayoutEffect(() => {
    if (!wasAskedFirst(opened)) inBackground(commands.openConversation(opened, takeWanted(opened)));
  }, [opened]);
  return (
    <>
      <Shell
        list={<ConversationList />}
        listLabel={text.list.label}
        main={<Pane here={here} />}
        aside={<Aside here={here} />}
        hasAside={here.kind === 'conversation' && here.page !== undefined}
        pane={here.kind === 'home' || here.kind === 'invite' ? 'list' : 'main'}
      />
      <Shortcuts />
      {wasMet.current && <Encounters />}
      {here.kind === 'invite' && !isUsedUp(here.link) && <FollowInvite key={here.link} link={here.link} />}
    </>
  );
}

function Pane({ here }: { readonly here: Place }): VNode {
  switch (here.kind) {
    case 'conversation':
      return <Conversation key={here.id} id={here.id} />;
    case 'settings':
      return <SettingsPane page={here.page} />;
    case 'noticed':
      return <Noticed key={here.token} token={here.token} />;
    case 'not-found':
      return <Nothing title={text.notFound.title} home />;
    case 'home':
    case 'invite':
    case 'sign-in':
    case 'sign-up':
      return <Nothing title={text.conversation.noneTitle} lead={text.conversation.noneText} />;
  }
}

/** What stands beside a conversation, or in its place where there is no room. */
function Aside({ here }: { readonly here: Place }): VNode | null {
  if (here.kind !== 'conversation' || here.page === undefined) return null;
  switch (here.page) {
    case 'contact':
      return <Contact id={here.id} />;
    case 'safety':
      return <Safety id={here.id} />;
  }
}
