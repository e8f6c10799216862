/** Above the list: the invite that the account came by was not answered, because somebody may be in between. */
import type { VNode } from 'preact';
import { Button } from '../components/button.tsx';
import { Note } from '../components/note.tsx';
import { inBackground, useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';

export function RefusedInvite(): VNode | null {
  const { commands, state } = useDoor();
  const refused = state.refusedInvite.value;
  if (refused === undefined) return null;
  return (
    <Note kind="danger">
      <p>{fill(text.list.refusedInvite, { name: refused.username })}</p>
      <p>{text.list.refusedInviteAdvice}</p>
      <Button onClick={() => inBackground(commands.seeRefusedInvite())}>{text.list.refusedInviteSeen}</Button>
    </Note>
  );
}
