/** Asks once before the history of a conversation goes from this device. */
import type { VNode } from 'preact';
import type { ConversationId } from '../../core/door.ts';
import { Question } from '../components/question.tsx';
import { useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';

export function ClearDialog({
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
      title={text.clear.title}
      confirm={text.clear.confirm}
      act={() => commands.clearHistory(id)}
      onDone={onClose}
      onClose={onClose}
    >
      <p>{fill(text.clear.text, { name })}</p>
    </Question>
  );
}
