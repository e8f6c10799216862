/** The first screen without an invite: what this is, and what a person can do here, which depends on the server. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { ServerView } from '../../core/door.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { TextField } from '../components/field.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { Form, Page, Stack } from '../components/page.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { useDoor, useLoaded } from '../door-context.ts';
import { goToInvite, linkTo } from '../router.ts';
import { fill, text } from '../text/text.ts';

export function Welcome({ justSignedOut }: { readonly justSignedOut: boolean }): VNode {
  const { commands } = useDoor();
  const [server, again] = useLoaded(() => commands.readServer(), 'server');
  return (
    <Page title={text.welcome.title} lead={text.welcome.lead}>
      {justSignedOut && <Note kind="info">{text.welcome.signedOut}</Note>}
      {server.kind === 'loading' && (
        <>
          <SignInLink />
          <Skeleton shape="text" count={2} />
        </>
      )}
      {server.kind === 'failed' && (
        <Stack>
          <FailureNote failure={server.failure} />
          <Button wide onClick={again}>
            {text.common.retry}
          </Button>
        </Stack>
      )}
      {server.kind === 'loaded' && <Choices server={server.value} />}
    </Page>
  );
}

/** What a server is called in a sentence. */
export function serverName(server: ServerView): string {
  return server.name === '' ? text.welcome.unnamedServer : server.name;
}

function Choices({ server }: { readonly server: ServerView }): VNode {
  const name = serverName(server);
  if (server.fresh && server.inviteOnly) {
    return (
      <>
        <Note kind="info">{fill(text.welcome.fresh, { server: name })}</Note>
        <InviteField />
      </>
    );
  }
  if (server.inviteOnly) {
    return (
      <>
        <SignInLink />
        <Note kind="info">{fill(text.welcome.inviteOnly, { server: name })}</Note>
        <InviteField />
      </>
    );
  }
  return (
    <Stack>
      <ButtonLink kind="primary" wide {...linkTo({ kind: 'sign-up' })}>
        {text.welcome.create}
      </ButtonLink>
      <ButtonLink wide {...linkTo({ kind: 'sign-in' })}>
        {text.welcome.signIn}
      </ButtonLink>
    </Stack>
  );
}

/** Needs to know nothing of the server, so it is there at once. */
function SignInLink(): VNode {
  return (
    <ButtonLink kind="primary" wide {...linkTo({ kind: 'sign-in' })}>
      {text.welcome.signIn}
    </ButtonLink>
  );
}

/** For people whose link arrived somewhere else than in this browser. */
function InviteField(): VNode {
  const [link, setLink] = useState('');
  const [wrong, setWrong] = useState(false);
  return (
    <Form
      onSubmit={() => {
        setWrong(!goToInvite(link));
      }}
    >
      <TextField
        label={text.welcome.pasteLabel}
        hint={text.welcome.pasteHint}
        error={wrong ? text.failures['invite-malformed'] : undefined}
        name="invite"
        autocomplete="off"
        inputMode="url"
        value={link}
        onInput={(value) => {
          setLink(value);
          setWrong(false);
        }}
      />
      <Button type="submit" wide disabled={link.trim() === ''}>
        {text.welcome.open}
      </Button>
    </Form>
  );
}
