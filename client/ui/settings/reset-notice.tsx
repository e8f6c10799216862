/** That a device has announced a reset of the account: said wherever it can be seen, on the device itself too. */
import type { VNode } from 'preact';
import type { ResetView } from '../../core/door.ts';
import { ButtonLink } from '../components/button.tsx';
import { Note } from '../components/note.tsx';
import { useResets } from '../resets.ts';
import { linkTo } from '../router.ts';
import { formatFull } from '../text/dates.ts';
import { fill, text } from '../text/text.ts';

/** Says which other devices have announced a reset, and with `link` what this one has; nothing if none has. */
export function ResetNotice({ link = false }: { readonly link?: boolean }): VNode | null {
  const told = useResets().filter(({ isThis }) => link || !isThis);
  if (told.length === 0) return null;
  return (
    <Note kind="caution">
      {told.map((reset, at) => (
        <p key={at}>{wordsOf(reset)}</p>
      ))}
      {link && (
        <ButtonLink {...linkTo({ kind: 'settings', page: 'account' })}>{text.account.lostSee}</ButtonLink>
      )}
    </Note>
  );
}

function wordsOf({ isThis, deviceName, dueAt }: ResetView): string {
  const date = formatFull(dueAt);
  if (isThis) return fill(text.account.lostHere, { date });
  return fill(text.account.lostElsewhere, { name: deviceName ?? text.devices.unnamed, date });
}
