/**
 * An invite link, opened by somebody without an account here: who invites, and the way in. Reading it consumes nothing, and nobody has to
 * wait for its reading: the way in is there at once, the name follows.
 */
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
import css from './invite.module.css';
import { inviteProblem, isSpent } from './invite-problem.ts';
import { serverName } from './welcome.tsx';
import { lazily } from '../components/lazy.tsx';

const SignUp = lazily(async () => (await import('./sign-up.tsx')).SignUp);

export function InviteScreen({ link }: { readonly link: string }): VNode {
  const { commands } = useDoor();
  const [invite, again] = useLoaded(() => commands.readInvite(link), link);
  if (invite.kind === 'failed') {
    const spent = isSpent(invite.failure);
    return (
      <Page title={inviteProblem(invite.failure)} lead={failureText(invite.failure)}>
        {spent && <p>{text.invite.askAgain}</p>}
        <Stack>
          {!spent && (
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
  const read = invite.kind === 'loaded' ? invite.value : undefined;
  if (step.value > 0) return <SignUp invite={link} />;
  return <Invitation invite={read} />;
}

/** What names are taken to be at most, for the room that is kept for them: few are longer, and then the text grows. */
const ROOM_NAME = 'n'.repeat(16);
const ROOM_SERVER = 'n'.repeat(20);

/** Nothing moves under a finger when the name comes: title, lead and date have their room from the start. */
function Invitation({ invite }: { readonly invite: InviteView | undefined }): VNode {
  const { commands } = useDoor();
  const [read] = useLoaded(() => commands.readServer(), 'server');
  const server = read.kind === 'loaded' ? serverName(read.value) : text.welcome.unnamedServer;
  const expiresAt = invite?.expiresAt;
  return (
    <Page
      title={titleOf(invite)}
      roomy
      lead={
        <div class={css.room}>
          <p class={css.ghost} aria-hidden="true">
            {fill(text.welcome.invitedLead, { server: ROOM_SERVER, name: ROOM_NAME })}
          </p>
          {invite === undefined ? <Skeleton shape="text" count={1} /> : <p>{leadOf(invite, server)}</p>}
        </div>
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
      <div class={expiresAt === undefined ? css.ghost : undefined}>
        <Note kind="info">{fill(text.welcome.expires, { date: formatDate(expiresAt ?? 0) })}</Note>
      </div>
    </Page>
  );
}

function titleOf(invite: InviteView | undefined): string {
  if (invite === undefined) return text.welcome.invitedTitle;
  const inviter = invite.inviterUsername;
  return inviter === undefined ? text.welcome.firstTitle : fill(text.welcome.invited, { name: inviter });
}

function leadOf({ inviterUsername: name }: InviteView, server: string): string {
  return name === undefined
    ? fill(text.welcome.firstLead, { server })
    : fill(text.welcome.invitedLead, { server, name });
}
