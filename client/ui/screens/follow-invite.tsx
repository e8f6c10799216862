/** An invite link opened by somebody who is signed in: asks before the invite is used up. */
import type { VNode } from 'preact';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { inBackground, useAsking, useDoor, useIsHere, useLoaded } from '../door-context.ts';
import { go } from '../router.ts';
import { takeUp } from '../safety/aside.ts';
import { fill, text } from '../text/text.ts';
import { inviteProblem, isSpent } from './invite-problem.ts';

function leave(): void {
  go({ kind: 'home' }, { replace: true });
}

export function FollowInvite({ link }: { readonly link: string }): VNode {
  const { commands, state } = useDoor();
  const [invite, again] = useLoaded(() => commands.readInvite(link), link);
  const { busy, failure, ask } = useAsking();
  const isHere = useIsHere();
  const session = state.session.value;
  const me = session.kind === 'signed-in' ? session.me.username : '';

  async function follow(): Promise<void> {
    await ask(async () => {
      const id = await commands.followInvite(link);
      takeUp();
      if (isHere.current) go({ kind: 'conversation', id }, { replace: true });
    });
  }

  if (invite.kind === 'loading') {
    return (
      <Dialog title={text.invite.checking} onClose={leave}>
        <Skeleton shape="text" count={1} />
      </Dialog>
    );
  }
  if (invite.kind === 'failed') {
    return (
      <Dialog title={inviteProblem(invite.failure)} onClose={leave}>
        <FailureNote failure={invite.failure} />
        <DialogActions>
          <Button onClick={leave}>{text.common.close}</Button>
          {!isSpent(invite.failure) && (
            <Button kind="primary" onClick={again}>
              {text.common.retry}
            </Button>
          )}
        </DialogActions>
      </Dialog>
    );
  }
  const name = invite.value.inviterUsername;
  if (name === undefined) {
    return (
      <Dialog title={text.invite.firstTaken} onClose={leave}>
        <p>{text.invite.firstTakenLead}</p>
        <DialogActions>
          <Button kind="primary" onClick={leave}>
            {text.invite.home}
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title={fill(text.invite.followTitle, { name })} onClose={leave}>
      <p>{fill(text.invite.followLead, { me, name })}</p>
      {failure?.code === 'key-changed' ? (
        <Note kind="danger">{fill(text.invite.keyChanged, { name })}</Note>
      ) : (
        <FailureNote failure={failure} />
      )}
      <DialogActions>
        <Button onClick={leave}>{text.common.cancel}</Button>
        <Button kind="primary" busy={busy} onClick={() => inBackground(follow())}>
          {text.invite.follow}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
