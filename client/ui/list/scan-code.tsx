/** A code for somebody who is there: an invite of its own that lasts ten minutes, and no longer than it is shown or than core lives. */
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { shownNow } from '../clock.ts';
import { Button } from '../components/button.tsx';
import { DialogActions } from '../components/dialog.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { Qr } from '../components/qr.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { inBackground, useDoor, useIsHere, useLoaded } from '../door-context.ts';
import { text } from '../text/text.ts';
import css from './new-invite.module.css';

export function ScanCode({
  onUsed,
  onMissing,
}: {
  /** Somebody has scanned it. */
  readonly onUsed: () => void;
  /** There is no code to be had. */
  readonly onMissing?: () => void;
}): VNode {
  const { commands, state, takeovers } = useDoor();
  const isHere = useIsHere();
  const [made, again] = useLoaded(async () => {
    const invite = await commands.makeInvite('scan');
    // Put away before it was there.
    if (!isHere.current) inBackground(commands.withdrawInvite(invite.link));
    return invite;
  }, `code ${takeovers.value}`);
  const link = made.kind === 'loaded' ? made.value.link : undefined;
  useEffect(() => {
    if (link === undefined) return undefined;
    return () => inBackground(commands.withdrawInvite(link));
  }, [link]);
  const isUsed = link !== undefined && state.encounters.value.some(({ id }) => link.includes(`/i/${id}#`));
  useEffect(() => {
    if (isUsed) onUsed();
  }, [isUsed]);
  if (made.kind === 'loading') return <Skeleton shape="text" count={1} />;
  const isOver = made.kind === 'loaded' && shownNow.value >= made.value.expiresAt;
  if (made.kind === 'failed' || isOver) {
    return (
      <>
        {made.kind === 'failed' ? (
          <FailureNote failure={made.failure} />
        ) : (
          <Note kind="caution">{text.newInvite.codeOver}</Note>
        )}
        <DialogActions>
          <Button onClick={again}>{isOver ? text.newInvite.codeAgain : text.common.retry}</Button>
        </DialogActions>
      </>
    );
  }
  return (
    <>
      <p class={css.small}>{text.newInvite.codeHint}</p>
      <Qr
        content={made.value.link}
        label={text.newInvite.qr}
        {...(onMissing === undefined ? {} : { onMissing })}
      />
    </>
  );
}
