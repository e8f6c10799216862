/** Screens on which nothing goes on until the person decides: another version, ended, too old, broken. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { Failure, SessionState, Unstored } from '../../core/door.ts';
import { Button } from '../components/button.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { FailureNote } from '../components/note.tsx';
import { Page, Stack } from '../components/page.tsx';
import { reload, takeUpdate } from '../app-update.ts';
import { lazily } from '../components/lazy.tsx';
import { unkept } from '../conversation/given-back.ts';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { failureText, text } from '../text/text.ts';
import css from './standstill.module.css';

const StartAfresh = lazily(async () => (await import('./start-afresh.tsx')).StartAfresh);

/** A fresh start of the page, without what this one knew. */
function startAgain(path: '/' | '/sign-in'): void {
  location.assign(path);
}

/** Another tab has the account, with another version of the app. */
export function OtherVersion(): VNode {
  const door = useDoor();
  return (
    <Page title={text.otherVersion.title} lead={text.otherVersion.text}>
      <AllUnkept underWay={door.unstored.value} />
      <Stack>
        <Button kind="primary" wide onClick={reload}>
          {text.common.reload}
        </Button>
        <Button wide onClick={() => door.takeOver()}>
          {text.otherVersion.use}
        </Button>
      </Stack>
    </Page>
  );
}

/** The account of this device is over. */
export function Ended({
  why,
}: {
  readonly why: Exclude<Extract<SessionState, { readonly kind: 'ended' }>['why'], 'signed-out'>;
}): VNode {
  return why === 'removed' ? (
    <Removed />
  ) : (
    <Page title={text.ended.deletedTitle} lead={text.ended.deletedText}>
      <Button kind="primary" wide onClick={() => startAgain('/')}>
        {text.ended.start}
      </Button>
    </Page>
  );
}

/** Another own device removed this one, or so the server says: what is kept here is deleted by its person, not by the server's word. */
function Removed(): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  async function wipe(): Promise<void> {
    if (await ask(() => commands.wipe())) startAgain('/sign-in');
  }
  return (
    <Page title={text.ended.removedTitle} lead={text.ended.removedText}>
      <p>{text.ended.removedKept}</p>
      <FailureNote failure={failure} />
      <Stack>
        <Button kind="danger" wide busy={busy} onClick={() => inBackground(wipe())}>
          {text.ended.wipe}
        </Button>
      </Stack>
    </Page>
  );
}

/** The server speaks another version. */
export function TooOld(): VNode {
  return (
    <Page title={text.tooOld.title} lead={text.tooOld.text}>
      <AllUnkept />
      <Button kind="primary" wide onClick={reload}>
        {text.common.reload}
      </Button>
      <p>{text.tooOld.still}</p>
    </Page>
  );
}

/** A connection mends these, and there may be no core to delete anything; or another tab has what is stored, and works with it. */
const PASSING: readonly Failure['code'][] = ['part-missing', 'offline', 'cancelled'];

/** Core could not start, or stopped for good; its program may not have come at all. */
export function Broken({ failure }: { readonly failure: Failure }): VNode {
  const [leaving, setLeaving] = useState(false);
  const isOutdated = failure.code === 'app-outdated';
  return (
    <Page title={isOutdated ? text.broken.outdatedTitle : text.broken.title} lead={failureText(failure)}>
      <p>{text.broken.kept}</p>
      <AllUnkept />
      <Button kind="primary" wide onClick={reload}>
        {takeUpdate.value === undefined ? text.common.reload : text.update.take}
      </Button>
      {isOutdated && <p>{text.broken.outdatedStill}</p>}
      {!PASSING.includes(failure.code) && (
        <>
          <p>{text.broken.afreshText}</p>
          <Button wide onClick={() => setLeaving(true)}>
            {text.broken.afreshButton}
          </Button>
        </>
      )}
      {leaving && <StartAfresh onClose={() => setLeaving(false)} />}
    </Page>
  );
}

/** All that was written last and is nowhere but here. `underWay`: texts that core was given and has not answered. */
function AllUnkept({ underWay = [] }: { readonly underWay?: readonly Unstored[] }): VNode {
  const texts = underWay.map((one) => ({ of: one.to, words: one.text }));
  return (
    <>
      {[...unkept.value, ...texts].map(({ of, words }) => (
        <Unkept key={`${of} ${words}`} words={words} />
      ))}
    </>
  );
}

/** One of them. */
function Unkept({ words }: { readonly words: string }): VNode {
  return (
    <div class={css.unkept} role="group" aria-label={text.broken.unkept}>
      <p>{text.broken.unkept}</p>
      <blockquote class={css.words} dir="auto" tabIndex={0}>
        {words}
      </blockquote>
      <CopyButton value={words} />
    </div>
  );
}
