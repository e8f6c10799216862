/**
 * Asks once before something that only the passphrase may do: names what is lost, takes the passphrase in an ordinary field so that
 * password managers fill it, and says in place what was wrong.
 */
import type { ComponentChildren, VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Failure } from '../../core/door.ts';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { PassphraseField } from '../components/field.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { Form } from '../components/page.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { formatTime } from '../text/dates.ts';
import { failureText, fill, text } from '../text/text.ts';

export function AskPassphrase({
  title,
  loses,
  confirm,
  label = text.devices.passphrase,
  wrong = text.devices.passphraseWrong,
  children,
  onClose,
  onAsk,
  onDone,
}: {
  readonly title: string;
  /** What is lost, in a sentence or two. */
  readonly loses: string;
  /** The verb of the button. */
  readonly confirm: string;
  /** Which passphrase is meant, and what is said of another. */
  readonly label?: string;
  readonly wrong?: string;
  readonly children?: ComponentChildren;
  readonly onClose: () => void;
  readonly onAsk: (passphrase: string) => Promise<void>;
  readonly onDone: () => void;
}): VNode {
  const { busy, failure, ask, forget } = useAsking();
  const [passphrase, setPassphrase] = useState('');
  const [tried, setTried] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  async function submit(): Promise<void> {
    setTried(true);
    if (passphrase === '') return input.current?.focus();
    if (!(await ask(() => onAsk(passphrase)))) return input.current?.select();
    onDone();
    onClose();
    return undefined;
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <p>{loses}</p>
      {children}
      <Form onSubmit={() => inBackground(submit())}>
        <PassphraseFailure failure={failure} wrong={wrong} />
        <Username />
        <PassphraseField
          label={label}
          name="password"
          autocomplete="current-password"
          value={passphrase}
          required
          error={tried && passphrase === '' ? text.devices.passphraseMissing : undefined}
          inputRef={input}
          onInput={(value) => {
            setPassphrase(value);
            setTried(false);
            forget();
          }}
        />
        <DialogActions>
          <Button onClick={onClose}>{text.common.cancel}</Button>
          <Button kind="danger" type="submit" busy={busy}>
            {confirm}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

/** Under this name password managers have filed the passphrase. */
export function Username(): VNode {
  const session = useDoor().state.session.value;
  return (
    <input
      class="heard"
      type="text"
      name="username"
      autocomplete="username"
      value={session.kind === 'signed-in' ? session.me.username : ''}
      readOnly
      tabIndex={-1}
      aria-hidden="true"
    />
  );
}

/** What went wrong, where a passphrase was asked for; with the moment from which trying again makes sense. */
export function PassphraseFailure({
  failure,
  wrong = text.devices.passphraseWrong,
}: {
  readonly failure: Failure | undefined;
  readonly wrong?: string;
}): VNode | null {
  if (failure === undefined || failure.code === 'part-missing') return <FailureNote failure={failure} />;
  const isWrong = failure.code === 'passphrase-wrong' || failure.code === 'login-refused';
  const retry =
    failure.retryAt === undefined
      ? ''
      : ` ${fill(text.devices.retryAt, { time: formatTime(failure.retryAt) })}`;
  return (
    <Note kind="danger">
      {isWrong ? wrong : failureText(failure)}
      {retry}
    </Note>
  );
}
