/** What a person does to the own account and to this browser's part of it: passphrase, app lock, wiping, deleting. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { announce } from '../components/announcer.tsx';
import { Button, ButtonLink } from '../components/button.tsx';
import { inBackground, useDoor } from '../door-context.ts';
import { linkTo } from '../router.ts';
import { Wipe } from '../screens/locked.tsx';
import { fill, text } from '../text/text.ts';
import { AskPassphrase } from './ask-passphrase.tsx';
import { CheckPassphrase } from './check-passphrase.tsx';
import { SetLock } from './set-lock.tsx';
import { Reset } from './reset.tsx';
import { Section } from './settings-frame.tsx';

type Act = 'check' | 'set-lock' | 'clear-lock' | 'wipe' | 'delete';

export function Account(): VNode {
  const { commands } = useDoor();
  const [act, setAct] = useState<Act | undefined>(undefined);
  const close = (): void => setAct(undefined);
  return (
    <>
      <Section title={text.account.passphrase}>
        <p>{text.account.passphraseText}</p>
        <div>
          <ButtonLink {...linkTo({ kind: 'settings', page: 'passphrase' })}>{text.account.change}</ButtonLink>
        </div>
        <div>
          <Button onClick={() => setAct('check')}>{text.account.check}</Button>
        </div>
      </Section>
      <Section title={text.account.lost}>
        <Reset />
      </Section>
      <Section title={text.account.lock}>
        <Lock onAct={setAct} />
      </Section>
      <Section title={text.account.wipe}>
        <p>{text.account.wipeText}</p>
        <div>
          <Button onClick={() => setAct('wipe')}>{text.account.wipe}</Button>
        </div>
      </Section>
      <Section title={text.account.delete}>
        <p>{text.account.deleteText}</p>
        <div>
          <Button onClick={() => setAct('delete')}>{text.account.delete}</Button>
        </div>
      </Section>
      {act === 'check' && <CheckPassphrase onClose={close} />}
      {act === 'set-lock' && <SetLock onClose={close} />}
      {act === 'clear-lock' && (
        <AskPassphrase
          title={text.account.lockOffTitle}
          loses={text.account.lockOffText}
          confirm={text.account.lockOffConfirm}
          label={text.account.lockPassphrase}
          wrong={text.account.lockPassphraseWrong}
          onClose={close}
          onAsk={(passphrase) => commands.clearLock(passphrase)}
          onDone={() => announce(text.common.saved)}
        />
      )}
      {act === 'wipe' && <Wipe onClose={close} />}
      {act === 'delete' && (
        <AskPassphrase
          title={text.account.deleteTitle}
          loses={text.account.deleteLoses}
          confirm={text.account.deleteConfirm}
          onClose={close}
          onAsk={(passphrase) => commands.deleteAccount(passphrase)}
          onDone={() => undefined}
        />
      )}
    </>
  );
}

function Lock({ onAct }: { readonly onAct: (act: Act) => void }): VNode {
  const { commands, state } = useDoor();
  const lock = state.lock.value;
  if (lock === undefined) {
    return (
      <>
        <p>{text.account.lockText}</p>
        <p>{text.account.lockLimits}</p>
        <div>
          <Button onClick={() => onAct('set-lock')}>{text.account.lockSet}</Button>
        </div>
      </>
    );
  }
  const { afterMs } = lock;
  return (
    <>
      <p>
        {afterMs === undefined
          ? text.account.lockIsOn
          : fill(text.account.lockIsOnAfter, { minutes: String(Math.round(afterMs / 60_000)) })}
      </p>
      <div>
        <Button kind="primary" onClick={() => inBackground(commands.lock())}>
          {text.account.lockNow}
        </Button>
      </div>
      <div>
        <Button onClick={() => onAct('clear-lock')}>{text.account.lockOff}</Button>
      </div>
    </>
  );
}
