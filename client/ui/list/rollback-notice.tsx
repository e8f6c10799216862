/** Above the list: the server has shown an older state of the account than this device knows. */
import type { VNode } from 'preact';
import { Button } from '../components/button.tsx';
import { Note } from '../components/note.tsx';
import { inBackground, useDoor } from '../door-context.ts';
import { text } from '../text/text.ts';

export function RollbackNotice(): VNode {
  const { commands } = useDoor();
  return (
    <Note kind="danger">
      <p>{text.list.rollback}</p>
      <p>{text.list.rollbackAdvice}</p>
      <Button onClick={() => inBackground(commands.seeRollback())}>{text.list.rollbackSeen}</Button>
    </Note>
  );
}
