/** Where a notification leads: looks up the conversation that it was about and goes there. */
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { inBackground, useDoor } from '../door-context.ts';
import { go } from '../router.ts';
import { text } from '../text/text.ts';
import { Nothing } from './nothing.tsx';

export function Noticed({ token }: { readonly token: string }): VNode {
  const { commands } = useDoor();
  useEffect(() => {
    const find = async (): Promise<void> => {
      const id = await commands.findNoticed(token);
      go(id === undefined ? { kind: 'home' } : { kind: 'conversation', id }, { replace: true });
    };
    inBackground(find());
  }, [token]);
  return <Nothing title={text.conversation.noneTitle} lead={text.conversation.noneText} />;
}
