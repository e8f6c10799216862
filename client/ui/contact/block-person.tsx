/** Asks once before somebody is blocked, and says what that does and does not do. */
import type { VNode } from 'preact';
import type { ConversationId } from '../../core/door.ts';
import { announce } from '../components/announcer.tsx';
import { Question } from '../components/question.tsx';
import { useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';

export function BlockPerson({
  id,
  name,
  onClose,
}: {
  readonly id: ConversationId;
  readonly name: string;
  readonly onClose: () => void;
}): VNode {
  const { commands } = useDoor();
  return (
    <Question
      title={fill(text.contact.blockTitle, { name })}
      confirm={text.contact.block}
      act={() => commands.block(id)}
      onDone={() => {
        announce(fill(text.contact.blocked, { name }));
        onClose();
      }}
      onClose={onClose}
    >
      <p>{fill(text.contact.blockText, { name })}</p>
    </Question>
  );
}
