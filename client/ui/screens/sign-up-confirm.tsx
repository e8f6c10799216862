/** Third step of signing up: a look at where the passphrase was put, before the account depends on it. */
import type { VNode } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Failure } from '../../core/door.ts';
import { Button } from '../components/button.tsx';
import { PassphraseField, TextField } from '../components/field.tsx';
import { FailureNote } from '../components/note.tsx';
import { Form, Page } from '../components/page.tsx';
import { inBackground } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import type { Chosen } from './sign-up.tsx';

type WordNumber = keyof typeof text.signUp.confirmWord;

/** One of the six, so that looking it up takes a glance at all of them. */
function pickWord(): WordNumber {
  const drawn = crypto.getRandomValues(new Uint8Array(1))[0] ?? 0;
  return ((drawn % 6) + 1) as WordNumber;
}

export function ConfirmStep({
  username,
  chosen,
  busy,
  failure,
  action = text.signUp.create,
  aside = fill(text.signUp.step, { step: '3' }),
  onBack,
  onCreate,
}: {
  readonly username: string;
  readonly chosen: Chosen;
  readonly busy: boolean;
  readonly failure: Failure | undefined;
  /** The verb of the button. */
  readonly action?: string;
  /** Which step of how many this is. */
  readonly aside?: string;
  readonly onBack: () => void;
  readonly onCreate: () => Promise<void>;
}): VNode {
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const asked = useMemo(pickWord, [chosen.passphrase]);
  const input = useRef<HTMLInputElement>(null);
  const generated = chosen.kind === 'generated';

  function isRight(): boolean {
    if (!generated) return typed === chosen.passphrase;
    const word = chosen.passphrase.split(' ')[asked - 1];
    const given = typed.trim().toLowerCase();
    // A password manager may fill in all six.
    return given === word || given === chosen.passphrase;
  }
  function submit(): void {
    if (isRight()) return inBackground(onCreate());
    setWrong(true);
    return input.current?.select();
  }
  const change = (value: string): void => {
    setTyped(value);
    setWrong(false);
  };

  return (
    <Page title={text.signUp.confirmTitle} lead={text.signUp.confirmLead} aside={aside} onBack={onBack}>
      <Form onSubmit={submit}>
        <FailureNote failure={failure} />
        {generated ? (
          <TextField
            label={text.signUp.confirmWord[asked]}
            error={wrong ? text.signUp.confirmWrongWord : undefined}
            name="word"
            autocomplete="off"
            value={typed}
            inputRef={input}
            onInput={change}
          />
        ) : (
          <>
            <input
              class="heard"
              type="text"
              name="username"
              autocomplete="username"
              value={username}
              readOnly
              tabIndex={-1}
              aria-hidden="true"
            />
            <PassphraseField
              label={text.signUp.confirmWhole}
              error={wrong ? text.signUp.confirmWrong : undefined}
              name="new-password"
              autocomplete="new-password"
              value={typed}
              inputRef={input}
              onInput={change}
            />
          </>
        )}
        <Button kind="primary" type="submit" wide busy={busy}>
          {action}
        </Button>
      </Form>
    </Page>
  );
}
