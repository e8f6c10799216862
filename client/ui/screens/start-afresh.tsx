/** Asks once more before everything that a broken device keeps is deleted, names what is lost, and leads to the sign-in. */
import type { VNode } from 'preact';
import { Question } from '../components/question.tsx';
import { useDoor } from '../door-context.ts';
import { go } from '../router.ts';
import { text } from '../text/text.ts';

export function StartAfresh({ onClose }: { readonly onClose: () => void }): VNode {
  const { commands } = useDoor();
  return (
    <Question
      title={text.broken.afreshTitle}
      confirm={text.broken.afreshConfirm}
      act={() => commands.wipe()}
      onDone={() => go({ kind: 'sign-in' }, { replace: true })}
      onClose={onClose}
    >
      <p>{text.broken.afreshLoses}</p>
    </Question>
  );
}
