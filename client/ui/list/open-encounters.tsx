/** Above the list: somebody with whom a code was scanned and whose question was put aside. */
import type { VNode } from 'preact';
import { Button } from '../components/button.tsx';
import { Note } from '../components/note.tsx';
import { useDoor } from '../door-context.ts';
import { isPutAside, nameOf, takeUp } from '../safety/aside.ts';
import { fill, text } from '../text/text.ts';

export function OpenEncounters(): VNode | null {
  const { state } = useDoor();
  const found = state.encounters.value.find(isPutAside);
  if (found === undefined) return null;
  return (
    <Note kind="info">
      <p>{fill(text.list.encounter, { name: nameOf(found) })}</p>
      <Button onClick={takeUp}>{text.list.encounterOpen}</Button>
    </Note>
  );
}
