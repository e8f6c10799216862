/** What this browser keeps: how much, and whether it promised to. */
import type { VNode } from 'preact';
import { Note } from '../components/note.tsx';
import { useDoor, useLoaded } from '../door-context.ts';
import { fill, formatBytes, plural, text } from '../text/text.ts';

async function readUsage(): Promise<number | undefined> {
  const { usage } = await navigator.storage.estimate();
  return usage;
}

export function Storage(): VNode {
  const { commands, state } = useDoor();
  const persistent = state.persistent.value;
  const [usage] = useLoaded(readUsage, 'usage');
  const [faults] = useLoaded(() => commands.readFaults(), 'faults');
  const failed = faults.kind === 'loaded' ? faults.value.unopened + faults.value.unproven : 0;
  return (
    <>
      {usage.kind === 'loaded' && usage.value !== undefined && (
        <p>{fill(text.settings.storageUsed, { size: formatBytes(usage.value) })}</p>
      )}
      {persistent === false ? (
        <Note kind="caution">{text.settings.notPersistent}</Note>
      ) : (
        <p>{persistent === true ? text.settings.persistent : text.settings.persistenceUnknown}</p>
      )}
      <p>{text.settings.storageNote}</p>
      {failed > 0 && <p>{plural(text.settings.faults, failed)}</p>}
    </>
  );
}
