/** Makes an invite: a link to be copied or shared, or a code for somebody who is there. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { QrCode, Share2 } from 'lucide';
import { Button } from '../components/button.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote } from '../components/note.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { inBackground, useDoor, useLoaded } from '../door-context.ts';
import { formatDate } from '../text/dates.ts';
import { fill, text } from '../text/text.ts';
import css from './new-invite.module.css';
import { ScanCode } from './scan-code.tsx';

export function NewInvite({
  shows,
  onClose,
}: {
  /** The code alone, at once. */
  readonly shows: boolean;
  readonly onClose: () => void;
}): VNode {
  return (
    <Dialog title={shows ? text.newInvite.codeTitle : text.newInvite.title} onClose={onClose}>
      {shows ? <ScanCode /> : <InviteLink />}
    </Dialog>
  );
}

function InviteLink(): VNode {
  const { commands } = useDoor();
  const [invite, again] = useLoaded(() => commands.makeInvite(), 'invite');
  const [shown, setShown] = useState(false);
  const [missing, setMissing] = useState(false);
  return (
    <>
      <p class={css.lead}>{text.newInvite.lead}</p>
      {invite.kind === 'loading' && <Skeleton shape="text" count={1} />}
      {invite.kind === 'failed' && (
        <>
          <FailureNote failure={invite.failure} />
          <DialogActions>
            <Button onClick={again}>{text.common.retry}</Button>
          </DialogActions>
        </>
      )}
      {invite.kind === 'loaded' && (
        <>
          <input
            class={css.link}
            readOnly
            value={invite.value.link}
            aria-label={text.newInvite.link}
            onFocus={(event) => event.currentTarget.select()}
          />
          <p class={css.small}>
            {fill(text.newInvite.expires, { date: formatDate(invite.value.expiresAt) })}{' '}
            {text.newInvite.warning}
          </p>
          {shown && <ScanCode onMissing={() => setMissing(true)} />}
          <DialogActions>
            {!missing && (
              <Button kind="quiet" icon={QrCode} onClick={() => setShown(!shown)}>
                {shown ? text.newInvite.hideQr : text.newInvite.showQr}
              </Button>
            )}
            {'share' in navigator && (
              <Button icon={Share2} onClick={() => inBackground(share(invite.value.link))}>
                {text.newInvite.share}
              </Button>
            )}
            <CopyButton kind="primary" value={invite.value.link} label={text.newInvite.copy} />
          </DialogActions>
        </>
      )}
    </>
  );
}

async function share(link: string): Promise<void> {
  await navigator.share({ text: text.newInvite.shareText, url: link });
}
