/**
 * Second step of signing up: six generated words, shown to be read and held in an ordinary new-password field so that password managers
 * keep them; or a passphrase of the person's own with an estimate of its strength.
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Printer, RefreshCw } from 'lucide';
import { Button } from '../components/button.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { PassphraseField } from '../components/field.tsx';
import { FailureNote } from '../components/note.tsx';
import { Form, Page } from '../components/page.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import { PrintSheet } from './passphrase-sheet.tsx';
import type { Chosen } from './sign-up.tsx';
import css from './sign-up-passphrase.module.css';

/** Estimates wait until the person pauses: the estimator is a large chunk and works for some milliseconds. */
const PAUSE_MS = 250;

export function PassphraseStep({
  username,
  chosen,
  aside = fill(text.signUp.step, { step: '2' }),
  onChoose,
  onBack,
  onContinue,
}: {
  readonly username: string;
  readonly chosen: Chosen;
  /** Which step of how many this is. */
  readonly aside?: string;
  readonly onChoose: (chosen: Chosen) => void;
  readonly onBack: () => void;
  readonly onContinue: () => void;
}): VNode {
  const { commands } = useDoor();
  const { failure, ask } = useAsking();
  const strength = useStrength(chosen);
  const [tried, setTried] = useState(false);
  const generated = chosen.kind === 'generated';

  async function generate(): Promise<void> {
    await ask(async () => {
      onChoose({ kind: 'generated', passphrase: await commands.suggestPassphrase() });
    });
  }
  useEffect(() => {
    if (generated && chosen.passphrase === '') inBackground(generate());
  }, [generated]);

  const strong = generated ? chosen.passphrase !== '' : strength?.enough === true;
  return (
    <>
      <Page
        title={generated ? text.signUp.passphraseTitle : text.signUp.ownTitle}
        lead={text.signUp.passphraseLead}
        aside={aside}
        onBack={onBack}
      >
        <Form
          onSubmit={() => {
            setTried(true);
            if (strong) onContinue();
          }}
        >
          <FailureNote failure={failure} />
          {generated && <Words passphrase={chosen.passphrase} />}
          {generated && (
            <div class={css.actions}>
              <CopyButton value={chosen.passphrase} />
              <Button icon={Printer} onClick={() => print()}>
                {text.signUp.print}
              </Button>
              <Button kind="quiet" icon={RefreshCw} onClick={() => inBackground(generate())}>
                {text.signUp.another}
              </Button>
            </div>
          )}
          {/* Password managers file the passphrase under this name. */}
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
            label={text.signUp.passphrase}
            hint={
              generated ? (
                text.signUp.passphraseHint
              ) : (
                <Strength strength={strength} typed={chosen.passphrase !== ''} />
              )
            }
            error={
              tried && !strong && !generated && strength !== undefined
                ? strengthText(strength, true)
                : undefined
            }
            name="new-password"
            autocomplete="new-password"
            value={chosen.passphrase}
            onInput={(passphrase) => {
              setTried(false);
              onChoose({ kind: 'own', passphrase });
            }}
          />
          <Button kind="primary" type="submit" wide>
            {text.common.continue}
          </Button>
        </Form>
        <Button
          kind="quiet"
          wide
          onClick={() => onChoose({ kind: generated ? 'own' : 'generated', passphrase: '' })}
        >
          {generated ? text.signUp.own : text.signUp.generated}
        </Button>
      </Page>
      <PrintSheet username={username} passphrase={chosen.passphrase} />
    </>
  );
}

/** The six words, numbered, in a form that can be selected and copied by hand. */
function Words({ passphrase }: { readonly passphrase: string }): VNode {
  const words = passphrase.split(' ');
  return (
    <ol class={css.words} aria-label={text.signUp.words}>
      {Array.from({ length: 6 }, (_, i) => (
        <li key={i} class={css.word} translate={false}>
          {words[i] ?? ''}
        </li>
      ))}
    </ol>
  );
}

interface Estimate {
  readonly bits: number;
  readonly enough: boolean;
}

/** The estimate of a person's own choice, once he pauses. */
function useStrength(chosen: Chosen): Estimate | undefined {
  const { commands } = useDoor();
  const [strength, setStrength] = useState<Estimate | undefined>(undefined);
  useEffect(() => {
    if (chosen.kind === 'generated' || chosen.passphrase === '') {
      setStrength(undefined);
      return undefined;
    }
    let wanted = true;
    const timer = setTimeout(() => {
      inBackground(
        commands.estimatePassphrase(chosen.passphrase).then((estimate) => {
          if (wanted) setStrength(estimate);
        }),
      );
    }, PAUSE_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [chosen.kind, chosen.passphrase]);
  return strength;
}

/** Bits that count as nearly enough; enough is core's word. */
const FAIR_BITS = 50;

function strengthText(strength: Estimate | undefined, typed: boolean): string {
  if (strength === undefined || !typed) return text.signUp.strengthNone;
  if (strength.enough) return text.signUp.strengthEnough;
  return strength.bits >= FAIR_BITS ? text.signUp.strengthFair : text.signUp.strengthWeak;
}

function Strength({
  strength,
  typed,
}: {
  readonly strength: Estimate | undefined;
  readonly typed: boolean;
}): VNode {
  const bits = typed ? (strength?.bits ?? 0) : 0;
  return (
    <span class={css.strength} data-enough={strength?.enough === true && typed ? '' : undefined}>
      <meter
        class={css.meter}
        min={0}
        max={80}
        value={Math.min(80, bits)}
        aria-label={text.signUp.strength}
      />
      <span>{strengthText(strength, typed)}</span>
    </span>
  );
}
