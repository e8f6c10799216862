/**
 * Another passphrase, in three steps at one address: the one in force, the new one as at sign-up (six words, print sheet, or an own
 * choice), and whether it is kept. Nothing is changed before the last step; a wrong passphrase leads back to the first.
 */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Failure } from '../../core/door.ts';
import { announce } from '../components/announcer.tsx';
import { Button } from '../components/button.tsx';
import { PassphraseField } from '../components/field.tsx';
import { Form, Page } from '../components/page.tsx';
import { useAsking, useDoor, useIsHere } from '../door-context.ts';
import { go, goBack, goToStep, resetStep, step, type Place } from '../router.ts';
import { ConfirmStep } from '../screens/sign-up-confirm.tsx';
import { PassphraseStep } from '../screens/sign-up-passphrase.tsx';
import type { Chosen } from '../screens/sign-up.tsx';
import { fill, text } from '../text/text.ts';
import { PassphraseFailure, Username } from './ask-passphrase.tsx';

const ACCOUNT: Place = { kind: 'settings', page: 'account' };

export function ChangePassphrase(): VNode | null {
  const { commands, state } = useDoor();
  const { busy, failure, ask, forget } = useAsking();
  const isHere = useIsHere();
  const [current, setCurrent] = useState('');
  const [chosen, setChosen] = useState<Chosen>({ kind: 'generated', passphrase: '' });
  const session = state.session.value;
  const at = step.value;
  const isWrong = failure?.code === 'passphrase-wrong';

  useEffect(() => {
    // A reload keeps the step but not what was typed; a refused passphrase is asked for again.
    if (at > 0 && (current === '' || isWrong)) resetStep(0);
  }, [at, current, isWrong]);

  async function change(): Promise<void> {
    if (!(await ask(() => commands.changePassphrase({ current, next: chosen.passphrase })))) return;
    announce(text.account.changed);
    // Whoever has gone on to something else is not taken from it.
    if (isHere.current) go(ACCOUNT, { replace: true });
  }

  if (session.kind !== 'signed-in') return null;
  if (at <= 0 || current === '' || isWrong) {
    return (
      <CurrentStep
        passphrase={current}
        failure={failure}
        onChange={(value) => {
          setCurrent(value);
          forget();
        }}
        onContinue={() => {
          forget();
          if (at <= 0) goToStep(1);
          else resetStep(1);
        }}
      />
    );
  }
  const { username } = session.me;
  if (at === 1) {
    return (
      <PassphraseStep
        username={username}
        chosen={chosen}
        onChoose={setChosen}
        onBack={() => goBack(ACCOUNT)}
        onContinue={() => {
          forget();
          goToStep(2);
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
      action={text.account.change}
      onBack={() => goBack(ACCOUNT)}
      onCreate={change}
    />
  );
}

function CurrentStep({
  passphrase,
  failure,
  onChange,
  onContinue,
}: {
  readonly passphrase: string;
  readonly failure: Failure | undefined;
  readonly onChange: (passphrase: string) => void;
  readonly onContinue: () => void;
}): VNode {
  const [tried, setTried] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <Page
      title={text.account.changeTitle}
      lead={text.account.changeLead}
      aside={fill(text.account.changeStep, { step: '1' })}
      onBack={() => goBack(ACCOUNT)}
    >
      <Form
        onSubmit={() => {
          setTried(true);
          if (passphrase === '') input.current?.focus();
          else onContinue();
        }}
      >
        <PassphraseFailure failure={failure} />
        <Username />
        <PassphraseField
          label={text.devices.passphrase}
          name="password"
          autocomplete="current-password"
          value={passphrase}
          required
          error={tried && passphrase === '' ? text.devices.passphraseMissing : undefined}
          inputRef={input}
          onInput={(value) => {
            setTried(false);
            onChange(value);
          }}
        />
        <Button kind="primary" type="submit" wide>
          {text.common.continue}
        </Button>
      </Form>
    </Page>
  );
}
