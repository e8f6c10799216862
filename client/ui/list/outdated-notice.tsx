/** Above the list: another own device runs a newer build, and the two do not agree until this one is as new. */
import type { VNode } from 'preact';
import { reload } from '../app-update.ts';
import { Button } from '../components/button.tsx';
import { Note } from '../components/note.tsx';
import { text } from '../text/text.ts';

export function OutdatedNotice(): VNode {
  return (
    <Note kind="caution">
      <p>{text.list.outdated}</p>
      <p>{text.list.outdatedStill}</p>
      <Button onClick={reload}>{text.update.take}</Button>
    </Note>
  );
}
