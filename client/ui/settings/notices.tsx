/** How much a notification of this device may show. */
import type { VNode } from 'preact';
import type { NoticeLevel } from '../../core/door.ts';
import { FailureNote, Note } from '../components/note.tsx';
import { Segmented } from '../components/segmented.tsx';
import { inBackground, useChoice, useDoor } from '../door-context.ts';
import { text } from '../text/text.ts';

const LEVELS: readonly NoticeLevel[] = ['none', 'private', 'name', 'full'];

export function Notices(): VNode {
  const { commands, state } = useDoor();
  const { shown: level, failure, choose } = useChoice(state.notices.value, keep);

  async function keep(next: NoticeLevel): Promise<void> {
    // Only a click may ask the browser, and only once: what was refused is the browser's to change.
    if (next !== 'none' && 'Notification' in globalThis && Notification.permission === 'default') {
      await Notification.requestPermission();
    }
    await commands.setNotices(next);
  }

  if (!('Notification' in globalThis)) return <p>{text.noticeLevels.missing}</p>;
  return (
    <>
      <Segmented
        label={text.noticeLevels.title}
        options={LEVELS.map((value) => ({ value, label: text.noticeLevels.levels[value] }))}
        value={level}
        onChange={(next) => inBackground(choose(next))}
      />
      <p>{text.noticeLevels.means[level]}</p>
      {level !== 'none' && Notification.permission === 'denied' && (
        <Note kind="caution">{text.noticeLevels.denied}</Note>
      )}
      <FailureNote failure={failure} />
    </>
  );
}
