/** Makes an invite: a link to be copied or shared, or a code for somebody who is there. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { Link, QrCode, Share2 } from 'lucide';
import { Button, ButtonLink } from '../components/button.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote } from '../components/note.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { inBackground, useDoor, useLoaded } from '../door-context.ts';
import { linkTo } from '../router.ts';
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
      {shows ? <ScanCode onUsed={onClose} /> : <InviteLink onClose={onClose} />}
    </Dialog>
  );
}

function InviteLink({ onClose }: { readonly onClose: () => void }): VNode {
  const { commands } = useDoor();
  const [invite, again] = useLoaded(() => commands.offerInvite(), 'invite');
  const [shown, setShown] = useState(false);
  const [missing, setMissing] = useState(false);
  const toOwn = linkTo({ kind: 'settings', page: 'invites' });
  const own = {
    ...toOwn,
    onClick(event: MouseEvent): void {
      toOwn.onClick(event);
      if (event.defaultPrevented) onClose();
    },
  };
  /** Somebody has this link now: the next one who is invited gets another. */
  const given = (link: string): void => inBackground(commands.noteGivenInvite(link));
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
            onCopy={() => given(invite.value.link)}
          />
          <p class={css.small}>
            {fill(text.newInvite.expires, { date: formatDate(invite.value.expiresAt) })}{' '}
            {text.newInvite.warning}
          </p>
          {shown && <ScanCode onUsed={onClose} onMissing={() => setMissing(true)} />}
          <DialogActions>
            {!missing && (
              <Button kind="quiet" icon={QrCode} onClick={() => setShown(!shown)}>
                {shown ? text.newInvite.hideQr : text.newInvite.showQr}
              </Button>
            )}
            {'share' in navigator && (
              <Button
                icon={Share2}
                onClick={() => inBackground(share(invite.value.link).then(() => given(invite.value.link)))}
              >
                {text.newInvite.share}
              </Button>
            )}
            <CopyButton
              kind="primary"
              value={invite.value.link}
              label={text.newInvite.copy}
              onCopied={() => given(invite.value.link)}
            />
          </DialogActions>
        </>
      )}
      <p>
        <ButtonLink kind="quiet" icon={Link} {...own}>
          {text.newInvite.own}
        </ButtonLink>
      </p>
    </>
  );
}

async function share(link: string): Promise<void> {
  await navigator.share({ text: text.newInvite.shareText, url: link });
}
