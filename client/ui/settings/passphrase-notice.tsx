/** Above the list: the question whether the passphrase is still at hand, and the word that another own device has changed it. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { KeyRound } from 'lucide';
import { Button, ButtonLink } from '../components/button.tsx';
import strip from '../components/connection-strip.module.css';
import { Icon } from '../components/icon.tsx';
import { lazily } from '../components/lazy.tsx';
import { Note } from '../components/note.tsx';
import { inBackground, useDoor } from '../door-context.ts';
import { useResets } from '../resets.ts';
import { linkTo } from '../router.ts';
import { formatFull } from '../text/dates.ts';
import { fill, text } from '../text/text.ts';

const CheckPassphrase = lazily(async () => (await import('./check-passphrase.tsx')).CheckPassphrase);

/** What is to be said stays behind the dialog: the focus comes back to it. */
export function PassphraseNotice(): VNode {
  const [checking, setChecking] = useState(false);
  return (
    <>
      <Notice onCheck={() => setChecking(true)} />
      {checking && <CheckPassphrase onClose={() => setChecking(false)} />}
    </>
  );
}

function Notice({ onCheck }: { readonly onCheck: () => void }): VNode | null {
  const { commands, state } = useDoor();
  const { asked, changed } = state.passphrase.value;
  const resets = useResets();
  if (changed !== undefined) {
    const name = changed.deviceName ?? text.devices.unnamed;
    return (
      <Note kind="caution">
        <p>{fill(text.passphrase.changed, { name, date: formatFull(changed.at) })}</p>
        <p>{text.passphrase.changedDoubt}</p>
        <div>
          <Button onClick={() => inBackground(commands.seePassphraseChange())}>{text.passphrase.seen}</Button>
          <ButtonLink {...linkTo({ kind: 'settings', page: 'account' })}>{text.account.lostSee}</ButtonLink>
        </div>
      </Note>
    );
  }
  // Whoever has announced a reset has said that it is lost.
  if (!asked || resets.length > 0) return null;
  return (
    <div class={`${strip.strip} ${strip.list}`}>
      <Icon node={KeyRound} size={16} />
      <span class={strip.words}>{text.passphrase.ask}</span>
      <button class={strip.now} type="button" onClick={onCheck}>
        {text.passphrase.check}
      </button>
      <button class={strip.now} type="button" onClick={() => inBackground(commands.postponePassphrase())}>
        {text.passphrase.later}
      </button>
    </div>
  );
}
