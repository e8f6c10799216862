/** An invite link, opened by somebody without an account here: who invites, and the way in. Reading it consumes nothing. */
import type { VNode } from 'preact';
import type { InviteView } from '../../core/door.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Note } from '../components/note.tsx';
import { Page, Stack } from '../components/page.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { useDoor, useLoaded } from '../door-context.ts';
import { goToStep, linkTo, step } from '../router.ts';
import { formatDate } from '../text/dates.ts';
import { failureText, fill, text } from '../text/text.ts';
import { SignUp } from './sign-up.tsx';
import { serverName } from './welcome.tsx';

export function InviteScreen({ link }: { readonly link: string }): VNode {
  const { commands } = useDoor();
  const [invite, again] = useLoaded(() => commands.readInvite(link), link);
  if (invite.kind === 'loading') {
    return (
      <Page title={text.invite.checking}>
        <Skeleton shape="text" count={2} />
      </Page>
    );
  }
  if (invite.kind === 'failed') {
    const passing = invite.failure.code === 'offline';
    return (
      <Page title={text.invite.problemTitle} lead={failureText(invite.failure)}>
        {!passing && <p>{text.invite.askAgain}</p>}
        <Stack>
          {passing && (
            <Button kind="primary" wide onClick={again}>
              {text.common.retry}
            </Button>
          )}
          <ButtonLink wide {...linkTo({ kind: 'sign-in' })}>
            {text.welcome.haveAccount}
          </ButtonLink>
        </Stack>
      </Page>
    );
  }
  if (step.value > 0) return <SignUp invite={link} inviter={invite.value.inviterUsername} />;
  return <Invitation invite={invite.value} />;
}

function Invitation({ invite }: { readonly invite: InviteView }): VNode {
  const { commands } = useDoor();
  const [server] = useLoaded(() => commands.readServer(), 'server');
  const name = server.kind === 'loaded' ? serverName(server.value) : text.welcome.unnamedServer;
  const inviter = invite.inviterUsername;
  return (
    <Page
      title={inviter === undefined ? text.welcome.firstTitle : fill(text.welcome.invited, { name: inviter })}
      lead={
        inviter === undefined
          ? fill(text.welcome.firstLead, { server: name })
          : fill(text.welcome.invitedLead, { server: name, name: inviter })
      }
    >
      <Stack>
        <Button kind="primary" wide onClick={() => goToStep(1)}>
          {text.welcome.create}
        </Button>
        <ButtonLink wide {...linkTo({ kind: 'sign-in' })}>
          {text.welcome.haveAccount}
        </ButtonLink>
      </Stack>
      {invite.expiresAt !== undefined && (
        <Note kind="info">{fill(text.welcome.expires, { date: formatDate(invite.expiresAt) })}</Note>
      )}
    </Page>
  );
}
