/** Asks once before signing out, and names what is lost. */
import type { VNode } from 'preact';
import { Note } from '../components/note.tsx';
import { Question } from '../components/question.tsx';
import { useDoor } from '../door-context.ts';
import { go } from '../router.ts';
import { plural, text } from '../text/text.ts';

export function SignOut({ onClose }: { readonly onClose: () => void }): VNode {
  const { commands, state } = useDoor();
  // The list knows the last line of each conversation; what waits behind it is not counted twice.
  const unsent = state.conversations.value.filter(
    ({ last }) => last?.mine === true && ['sending', 'held', 'failed'].includes(last.delivery.kind),
  ).length;
  return (
    <Question
      title={text.settings.signOutTitle}
      confirm={text.settings.signOutConfirm}
      act={() => commands.signOut()}
      onDone={() => go({ kind: 'home' }, { replace: true })}
      onClose={onClose}
    >
      <p>{text.settings.signOutLoses}</p>
      {unsent > 0 && <Note kind="caution">{plural(text.settings.signOutUnsent, unsent)}</Note>}
    </Question>
  );
}
