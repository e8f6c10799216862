/** Where the server relays no calls: why, what turns it on, and what that means for calls from here. */
import type { VNode } from 'preact';
import { Note } from '../components/note.tsx';
import { useDoor, useLoaded } from '../door-context.ts';
import { text } from '../text/text.ts';

/** Nothing where calls are relayed, or where the server does not answer. `isWanted`: this account calls no other way. */
export function RelayNote({ isWanted }: { readonly isWanted: boolean }): VNode | null {
  const { commands } = useDoor();
  const [server] = useLoaded(() => commands.readServer(), 'server');
  if (server.kind !== 'loaded' || server.value.relay === 'ready') return null;
  const words = text.privacy.relay;
  return (
    <Note kind={isWanted ? 'caution' : 'info'}>
      <p>{words.off[server.value.relay]}</p>
      <p>{isWanted ? words.none : words.direct}</p>
    </Note>
  );
}
