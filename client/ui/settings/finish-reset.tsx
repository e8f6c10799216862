/** Finishing a reset: the new passphrase as at sign-up, a look at whether it is kept, and then the new account key. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { announce } from '../components/announcer.tsx';
import { useAsking, useDoor, useIsHere } from '../door-context.ts';
import { go, goBack, goToStep, resetStep, step, type Place } from '../router.ts';
import { ConfirmStep } from '../screens/sign-up-confirm.tsx';
import { PassphraseStep } from '../screens/sign-up-passphrase.tsx';
import type { Chosen } from '../screens/sign-up.tsx';
import { fill, text } from '../text/text.ts';

const ACCOUNT: Place = { kind: 'settings', page: 'account' };

export function FinishReset(): VNode | null {
  const { commands, state } = useDoor();
  const { busy, failure, ask, forget } = useAsking();
  const isHere = useIsHere();
  const [chosen, setChosen] = useState<Chosen>({ kind: 'generated', passphrase: '' });
  const session = state.session.value;
  const at = step.value;
  useEffect(() => {
    // A reload keeps the step but not the words.
    if (at > 0 && chosen.passphrase === '') resetStep(0);
  }, [at, chosen.passphrase]);

  async function finish(): Promise<void> {
    if (!(await ask(() => commands.finishReset(chosen.passphrase)))) return;
    announce(text.account.lostDone);
    // Whoever has gone on to something else is not taken from it.
    if (isHere.current) go(ACCOUNT, { replace: true });
  }

  if (session.kind !== 'signed-in') return null;
  const { username } = session.me;
  const onBack = (): void => goBack(ACCOUNT);
  if (at <= 0 || chosen.passphrase === '') {
    return (
      <PassphraseStep
        username={username}
        chosen={chosen}
        aside={fill(text.account.lostStep, { step: '1' })}
        onChoose={setChosen}
        onBack={onBack}
        onContinue={() => {
          forget();
          goToStep(1);
        }}
      />
    );
  }
  return (
    <ConfirmStep
      username={username}
      chosen={chosen}
      busy={busy}
      failure={failure}
      action={text.account.lostFinish}
      aside={fill(text.account.lostStep, { step: '2' })}
      onBack={onBack}
      onCreate={finish}
    />
  );
}
