/** Signing in on this device: username and passphrase, in fields that password managers fill. */
import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Button } from '../components/button.tsx';
import { PassphraseField, TextField } from '../components/field.tsx';
import { FailureNote } from '../components/note.tsx';
import { Form, Page } from '../components/page.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { goBack } from '../router.ts';
import { text } from '../text/text.ts';
import css from './sign-in.module.css';

export function SignIn(): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask, forget } = useAsking();
  const [username, setUsername] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [tried, setTried] = useState(false);
  const usernameInput = useRef<HTMLInputElement>(null);
  const passphraseInput = useRef<HTMLInputElement>(null);

  async function submit(): Promise<void> {
    setTried(true);
    if (username.trim() === '') return usernameInput.current?.focus();
    if (passphrase === '') return passphraseInput.current?.focus();
    const request = { username: username.trim().toLowerCase(), passphrase };
    if (!(await ask(() => commands.signIn(request)))) passphraseInput.current?.select();
    return undefined;
  }

  return (
    <Page title={text.signIn.title} lead={text.signIn.lead} onBack={() => goBack({ kind: 'home' })}>
      <Form onSubmit={() => inBackground(submit())}>
        <FailureNote failure={failure} />
        <TextField
          label={text.signIn.username}
          name="username"
          autocomplete="username"
          value={username}
          required
          error={tried && username.trim() === '' ? text.signIn.usernameMissing : undefined}
          onInput={(value) => {
            setUsername(value);
            forget();
          }}
          inputRef={usernameInput}
        />
        <PassphraseField
          label={text.signIn.passphrase}
          name="password"
          autocomplete="current-password"
          value={passphrase}
          required
          error={tried && passphrase === '' ? text.signIn.passphraseMissing : undefined}
          onInput={(value) => {
            setPassphrase(value);
            forget();
          }}
          inputRef={passphraseInput}
        />
        <Button kind="primary" type="submit" wide busy={busy}>
          {text.signIn.submit}
        </Button>
      </Form>
      <details class={css.more}>
        <summary>{text.signIn.forgotten}</summary>
        <p>{text.signIn.forgottenText}</p>
      </details>
    </Page>
  );
}
