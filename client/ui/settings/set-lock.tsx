/** Setting the app lock: a passphrase of its own, typed twice, and after how long without anybody it locks by itself. */
import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { announce } from '../components/announcer.tsx';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { PassphraseField } from '../components/field.tsx';
import { FailureNote } from '../components/note.tsx';
import { Form } from '../components/page.tsx';
import { Segmented } from '../components/segmented.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { text } from '../text/text.ts';

type After = keyof typeof text.account.lockAfters;

const AFTERS: readonly { readonly value: After; readonly afterMs: number | undefined }[] = [
  { value: 'one', afterMs: 60_000 },
  { value: 'five', afterMs: 5 * 60_000 },
  { value: 'thirty', afterMs: 30 * 60_000 },
  { value: 'never', afterMs: undefined },
];

export function SetLock({ onClose }: { readonly onClose: () => void }): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask, forget } = useAsking();
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const [after, setAfter] = useState<After>('five');
  const [differs, setDiffers] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const second = useRef<HTMLInputElement>(null);
  const isWeak = failure?.code === 'passphrase-weak';

  async function submit(): Promise<void> {
    if (passphrase === '') return first.current?.focus();
    if (again !== passphrase) {
      setDiffers(true);
      return second.current?.select();
    }
    const afterMs = AFTERS.find(({ value }) => value === after)?.afterMs;
    if (!(await ask(() => commands.setLock({ passphrase, afterMs })))) return first.current?.select();
    announce(text.account.lockIsOn);
    onClose();
    return undefined;
  }

  return (
    <Dialog title={text.account.lockTitle} onClose={onClose}>
      <Form onSubmit={() => inBackground(submit())}>
        {!isWeak && <FailureNote failure={failure} />}
        <PassphraseField
          label={text.account.lockPassphrase}
          hint={text.account.lockHint}
          error={isWeak ? text.account.lockWeak : undefined}
          name="lock"
          autocomplete="new-password"
          value={passphrase}
          required
          inputRef={first}
          onInput={(value) => {
            setPassphrase(value);
            forget();
          }}
        />
        <PassphraseField
          label={text.account.lockAgain}
          error={differs ? text.account.lockDiffers : undefined}
          name="lock-again"
          autocomplete="new-password"
          value={again}
          required
          inputRef={second}
          onInput={(value) => {
            setAgain(value);
            setDiffers(false);
          }}
        />
        <p aria-hidden="true">{text.account.lockAfter}</p>
        <Segmented
          label={text.account.lockAfter}
          options={AFTERS.map(({ value }) => ({ value, label: text.account.lockAfters[value] }))}
          value={after}
          onChange={setAfter}
        />
        <DialogActions>
          <Button onClick={onClose}>{text.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {text.account.lockConfirm}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
