/** First step of signing up: shown name and username, checked while typing. */
import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Failure } from '../../core/door.ts';
import { NAME_MAX, nameProblem, suggestUsername, usernameProblem, USERNAME_MAX } from '../account-rules.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { TextField } from '../components/field.tsx';
import { Form, Page } from '../components/page.tsx';
import { linkTo } from '../router.ts';
import { failureText, fill, text } from '../text/text.ts';

export function NameStep({
  refused,
  onBack,
  onContinue,
  ...given
}: {
  readonly name: string;
  readonly username: string;
  /** Why the server did not take the username. */
  readonly refused: Failure | undefined;
  readonly onBack: () => void;
  readonly onContinue: (given: { readonly name: string; readonly username: string }) => void;
}): VNode {
  const [name, setName] = useState(given.name);
  const [username, setUsername] = useState(given.username);
  const [suggesting, setSuggesting] = useState(given.username === '');
  const [left, setLeft] = useState<{ readonly name: boolean; readonly username: boolean }>({
    name: false,
    username: given.username !== '',
  });
  const nameInput = useRef<HTMLInputElement>(null);
  const usernameInput = useRef<HTMLInputElement>(null);

  const wrongName = nameProblem(name);
  const wrongUsername =
    refused !== undefined && username === given.username ? failureText(refused) : usernameProblem(username);
  // Problems of length show once the field is left; a wrong character shows at once.
  const isShort = username.length < 3;

  function submit(): void {
    setLeft({ name: true, username: true });
    if (wrongName !== undefined) return nameInput.current?.focus();
    if (wrongUsername !== undefined) return usernameInput.current?.focus();
    return onContinue({ name, username });
  }

  return (
    <Page
      title={text.signUp.nameTitle}
      lead={text.signUp.nameLead}
      aside={fill(text.signUp.step, { step: '1' })}
      onBack={onBack}
    >
      <Form onSubmit={submit}>
        <TextField
          label={text.signUp.name}
          hint={text.signUp.nameHint}
          error={left.name ? wrongName : undefined}
          name="name"
          autocomplete="name"
          maxLength={NAME_MAX}
          required
          value={name}
          inputRef={nameInput}
          onInput={(value) => {
            setName(value);
            if (suggesting) setUsername(suggestUsername(value));
          }}
          onBlur={() => setLeft((before) => ({ ...before, name: name !== '' }))}
        />
        <TextField
          label={text.signUp.username}
          hint={text.signUp.usernameHint}
          error={username !== '' && (left.username || !isShort) ? wrongUsername : undefined}
          name="username"
          autocomplete="username"
          maxLength={USERNAME_MAX}
          required
          value={username}
          inputRef={usernameInput}
          onInput={(value) => {
            setSuggesting(value === '');
            setUsername(value.toLowerCase());
          }}
          onBlur={() => setLeft((before) => ({ ...before, username: true }))}
        />
        <Button kind="primary" type="submit" wide>
          {text.common.continue}
        </Button>
      </Form>
      <ButtonLink kind="quiet" wide {...linkTo({ kind: 'sign-in' })}>
        {text.signUp.haveAccount}
      </ButtonLink>
    </Page>
  );
}
