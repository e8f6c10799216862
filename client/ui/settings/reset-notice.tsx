/** That another own device has announced a reset of the account: said wherever it can be seen. */
import type { VNode } from 'preact';
import { ButtonLink } from '../components/button.tsx';
import { Note } from '../components/note.tsx';
import { useDoor } from '../door-context.ts';
import { linkTo } from '../router.ts';
import { formatFull } from '../text/dates.ts';
import { fill, text } from '../text/text.ts';

/** Says that another device has announced a reset; nothing otherwise. */
export function ResetNotice({ link = false }: { readonly link?: boolean }): VNode | null {
  const reset = useDoor().state.reset.value;
  if (reset === undefined || reset.isThis) return null;
  const name = reset.deviceName ?? text.devices.unnamed;
  return (
    <Note kind="caution">
      <p>{fill(text.account.lostElsewhere, { name, date: formatFull(reset.dueAt) })}</p>
      {link && (
        <ButtonLink {...linkTo({ kind: 'settings', page: 'account' })}>{text.account.lostSee}</ButtonLink>
      )}
    </Note>
  );
}
