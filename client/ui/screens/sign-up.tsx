/**
 * Creating an account in three steps at one address: who you are, the passphrase, and whether it is kept. The steps are entries of the
 * history, so the browser's back button goes through them. What was typed lives in this component only.
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useAsking, useDoor } from '../door-context.ts';
import { goBack, goToStep, resetStep, step } from '../router.ts';
import { arrive, useUpInvite } from './arrival.ts';
import { ConfirmStep } from './sign-up-confirm.tsx';
import { NameStep } from './sign-up-name.tsx';
import { PassphraseStep } from './sign-up-passphrase.tsx';

/** The passphrase as chosen so far. */
export interface Chosen {
  readonly kind: 'generated' | 'own';
  readonly passphrase: string;
}

/** First step in the history: behind an invite the invitation itself is step 0. */
function firstStep(invite: string | undefined): number {
  return invite === undefined ? 0 : 1;
}

export function SignUp({ invite }: { readonly invite: string | undefined }): VNode {
  const { commands, state } = useDoor();
  const { busy, failure, ask, forget } = useAsking();
  const [name, setName] = useState('');
  const [username, setUsername] = useState('');
  const [chosen, setChosen] = useState<Chosen>({ kind: 'generated', passphrase: '' });
  const first = firstStep(invite);
  const at = step.value - first;

  useEffect(() => {
    // A reload keeps the address and the step but not what was typed: begin again.
    if (at > 0 && username === '') resetStep(first);
  }, [at, username, first]);

  const usernameRefused = failure?.code === 'username-taken' || failure?.code === 'username-invalid';

  async function create(): Promise<void> {
    const request = { username, name: name.trim(), passphrase: chosen.passphrase, invite };
    useUpInvite(invite);
    const created = await ask(() => commands.signUp(request));
    if (created) arrive(state.conversations);
    else useUpInvite(undefined);
  }

  if (at <= 0 || username === '' || usernameRefused) {
    return (
      <NameStep
        name={name}
        username={username}
        refused={usernameRefused ? failure : undefined}
        onBack={() => goBack({ kind: 'home' })}
        onContinue={(given) => {
          setName(given.name);
          setUsername(given.username);
          forget();
          if (at <= 0) goToStep(first + 1);
          else resetStep(first + 1);
        }}
      />
    );
  }
  if (at === 1) {
    return (
      <PassphraseStep
        username={username}
        chosen={chosen}
        onChoose={setChosen}
        onBack={() => goBack({ kind: 'home' })}
        onContinue={() => {
          forget();
          goToStep(first + 2);
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
      onBack={() => goBack({ kind: 'home' })}
      onCreate={create}
    />
  );
}
