/**
 * The app lock: nothing of the account is on the screen or in memory until the passphrase of the lock is given. Who has forgotten it can
 * only delete what is here.
 */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../components/button.tsx';
import { PassphraseField } from '../components/field.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { Form, Page } from '../components/page.tsx';
import { Question } from '../components/question.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { go } from '../router.ts';
import { text } from '../text/text.ts';
import css from './sign-in.module.css';

export function Locked(): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask, forget } = useAsking();
  const [passphrase, setPassphrase] = useState('');
  const [tried, setTried] = useState(false);
  const [wiping, setWiping] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);

  async function submit(): Promise<void> {
    setTried(true);
    if (passphrase === '') return input.current?.focus();
    if (!(await ask(() => commands.unlock(passphrase)))) input.current?.select();
    return undefined;
  }

  return (
    <Page title={text.locked.title}>
      <Form onSubmit={() => inBackground(submit())}>
        {failure?.code === 'passphrase-wrong' ? (
          <Note kind="danger">{text.locked.wrong}</Note>
        ) : (
          <FailureNote failure={failure} />
        )}
        <PassphraseField
          label={text.locked.passphrase}
          name="lock"
          autocomplete="current-password"
          value={passphrase}
          required
          error={tried && passphrase === '' ? text.locked.missing : undefined}
          inputRef={input}
          onInput={(value) => {
            setPassphrase(value);
            setTried(false);
            forget();
          }}
        />
        <Button kind="primary" type="submit" wide busy={busy}>
          {text.locked.unlock}
        </Button>
      </Form>
      <details class={css.more}>
        <summary>{text.locked.forgotten}</summary>
        <p>{text.locked.forgottenText}</p>
        <Button onClick={() => setWiping(true)}>{text.locked.wipe}</Button>
      </details>
      {wiping && <Wipe onClose={() => setWiping(false)} />}
    </Page>
  );
}

/** Asks once before everything here is deleted, and names what is lost. */
export function Wipe({ onClose }: { readonly onClose: () => void }): VNode {
  const { commands, state } = useDoor();
  return (
    <Question
      title={text.account.wipeTitle}
      confirm={text.account.wipeConfirm}
      act={() => commands.wipe()}
      onDone={() => go({ kind: 'home' }, { replace: true })}
      onClose={onClose}
    >
      <p>{text.account.wipeLoses}</p>
      {state.devices.value.length === 1 && <Note kind="caution">{text.account.wipeLast}</Note>}
    </Question>
  );
}
