/** Begins a conversation: by username, with an invite link pasted into the same field, or with one that the camera reads off a screen. */
import type { VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Camera, QrCode } from 'lucide';
import { usernameProblem } from '../account-rules.ts';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { TextField } from '../components/field.tsx';
import { lazily } from '../components/lazy.tsx';
import { FailureNote } from '../components/note.tsx';
import { Form } from '../components/page.tsx';
import { inBackground, useAsking, useDoor, useIsHere } from '../door-context.ts';
import { go, goToInvite } from '../router.ts';
import { text } from '../text/text.ts';
import css from './new-invite.module.css';

const Scanner = lazily(async () => (await import('../safety/scanner.tsx')).Scanner);

/** What a code holds, where it is text. */
function textOf(code: Uint8Array): string {
  return new TextDecoder().decode(code);
}

export function NewChat({
  wanted: first,
  onClose,
  onInvite,
}: {
  /** What the field begins with. */
  readonly wanted: string;
  readonly onClose: () => void;
  /** The person wants to invite somebody instead. */
  readonly onInvite: () => void;
}): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask, forget } = useAsking();
  const isHere = useIsHere();
  const [typed, setTyped] = useState(first);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [scanning, setScanning] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  // At once: what is typed as soon as the dialog is seen is for the field.
  useLayoutEffect(() => input.current?.focus(), [scanning]);

  async function start(): Promise<void> {
    const wanted = typed.trim();
    if (wanted.includes('/')) {
      if (!goToInvite(wanted)) return setProblem(text.newChat.linkForeign);
      return onClose();
    }
    const username = wanted.replace(/^@/, '').toLocaleLowerCase('en');
    const wrong = wanted === '' ? text.newChat.missing : usernameProblem(username);
    if (wrong !== undefined) return setProblem(wrong);
    await ask(async () => {
      const id = await commands.startConversation(username);
      // Whoever has gone on to something else is not taken from it, and no keystroke goes to somebody else.
      if (!isHere.current) return;
      onClose();
      go({ kind: 'conversation', id });
    });
    return undefined;
  }

  function scanned(code: Uint8Array): void {
    setScanning(false);
    if (goToInvite(textOf(code))) onClose();
    else setProblem(text.newChat.codeForeign);
  }

  if (scanning) {
    return (
      <Dialog title={text.newChat.scan} onClose={onClose}>
        <Scanner without={text.newChat.noCamera} onFound={scanned} onStop={() => setScanning(false)} />
      </Dialog>
    );
  }
  return (
    <Dialog title={text.newChat.title} onClose={onClose}>
      <p class={css.lead}>{text.newChat.lead}</p>
      <Form onSubmit={() => inBackground(start())}>
        <FailureNote failure={failure} />
        <TextField
          label={text.newChat.label}
          hint={text.newChat.hint}
          error={problem}
          name="person"
          autocomplete="off"
          value={typed}
          inputRef={input}
          onInput={(value) => {
            setTyped(value);
            setProblem(undefined);
            forget();
          }}
        />
        <DialogActions>
          <Button kind="primary" type="submit" busy={busy}>
            {text.newChat.start}
          </Button>
        </DialogActions>
      </Form>
      <section class={css.near} aria-label={text.newChat.near}>
        <p class={css.small}>{text.newChat.nearHint}</p>
        {'mediaDevices' in navigator && (
          <Button
            icon={Camera}
            onClick={() => {
              setProblem(undefined);
              setScanning(true);
            }}
          >
            {text.newChat.scan}
          </Button>
        )}
        <Button icon={QrCode} onClick={onInvite}>
          {text.newChat.invite}
        </Button>
      </section>
    </Dialog>
  );
}
