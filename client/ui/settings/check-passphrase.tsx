/** Asks for the passphrase to see whether it is at hand. A wrong one loses nothing: it leads to where it may be kept and what else helps. */
import type { VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { announce } from '../components/announcer.tsx';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { PassphraseField } from '../components/field.tsx';
import { Form } from '../components/page.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { linkTo, type Place } from '../router.ts';
import { text } from '../text/text.ts';
import { PassphraseFailure, Username } from './ask-passphrase.tsx';

const ACCOUNT: Place = { kind: 'settings', page: 'account' };

export function CheckPassphrase({ onClose }: { readonly onClose: () => void }): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask, forget } = useAsking();
  const [typed, setTyped] = useState('');
  const [tried, setTried] = useState(false);
  const [isRight, setRight] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const toAccount = linkTo(ACCOUNT);

  async function check(): Promise<void> {
    setTried(true);
    if (typed === '') return input.current?.focus();
    if (!(await ask(() => commands.checkPassphrase(typed)))) return input.current?.select();
    setTyped('');
    setRight(true);
    announce(text.passphrase.right);
    return undefined;
  }

  return (
    <Dialog title={text.passphrase.title} onClose={onClose}>
      {isRight ? (
        <Right onClose={onClose} />
      ) : (
        <Form onSubmit={() => inBackground(check())}>
          <p>{text.passphrase.lead}</p>
          <PassphraseFailure failure={failure} wrong={text.passphrase.wrong} />
          {failure?.code === 'passphrase-wrong' && (
            <p>
              {text.passphrase.help}{' '}
              <a
                href={toAccount.href}
                onClick={(event) => {
                  toAccount.onClick(event);
                  onClose();
                }}
              >
                {text.account.lost}
              </a>
            </p>
          )}
          <Username />
          <PassphraseField
            label={text.devices.passphrase}
            name="password"
            autocomplete="current-password"
            value={typed}
            required
            error={tried && typed === '' ? text.devices.passphraseMissing : undefined}
            inputRef={input}
            onInput={(value) => {
              setTyped(value);
              setTried(false);
              forget();
            }}
          />
          <DialogActions>
            <Button onClick={onClose}>{text.passphrase.later}</Button>
            <Button kind="primary" type="submit" busy={busy}>
              {text.passphrase.check}
            </Button>
          </DialogActions>
        </Form>
      )}
    </Dialog>
  );
}

/** The field is gone, and with it the focus: it goes to the one thing that is left to do, before anybody can see it and press Enter. */
function Right({ onClose }: { readonly onClose: () => void }): VNode {
  const actions = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => actions.current?.querySelector('button')?.focus(), []);
  return (
    <>
      <p>{text.passphrase.right}</p>
      <div ref={actions}>
        <DialogActions>
          <Button kind="primary" onClick={onClose}>
            {text.common.close}
          </Button>
        </DialogActions>
      </div>
    </>
  );
}
