/** The whole interface: which screen stands, by the state of the session first and the address second. */
import { useEffect, useRef } from 'preact/hooks';
import type { VNode } from 'preact';
import { CallLayer } from './calls/call-layer.tsx';
import { Announcer } from './components/announcer.tsx';
import { inBackground, useDoor } from './door-context.ts';
import type { Me } from '../core/door.ts';
import { place } from './router.ts';
import { Broken, Ended, OtherVersion, TooOld } from './screens/standstill.tsx';
import { Home } from './screens/home.tsx';
import { Starting } from './screens/starting.tsx';
import { useActivity } from './screens/use-activity.ts';
import { Welcome } from './screens/welcome.tsx';
import { lazily } from './components/lazy.tsx';
import { forgetPictures } from './components/pictures.ts';
import { forgetComposing, setAside, takeUp } from './conversation/composing.ts';
import { giveUnkeptBack, noteStranded, takeUnkept } from './conversation/given-back.ts';
import { NO_WISH, wish } from './list/search-state.ts';
import { useTitle } from './title.ts';

const fetchLocked = () => import('./screens/locked.tsx');
const Locked = lazily(async () => (await fetchLocked()).Locked);

const SettingUp = lazily(async () => (await import('./screens/setting-up.tsx')).SettingUp);

const InviteScreen = lazily(async () => (await import('./screens/invite.tsx')).InviteScreen);

const SignIn = lazily(async () => (await import('./screens/sign-in.tsx')).SignIn);
const SignUp = lazily(async () => (await import('./screens/sign-up.tsx')).SignUp);
const FinishReset = lazily(async () => (await import('./settings/finish-reset.tsx')).FinishReset);
const ChangePassphrase = lazily(
  async () => (await import('./settings/change-passphrase.tsx')).ChangePassphrase,
);

/** `expectsAccount`: this browser had an account when it was last used, so that a blank start is not taken for a newcomer's. */
export function App({ expectsAccount }: { readonly expectsAccount: boolean }): VNode {
  useTitle();
  return (
    <>
      <Screen expectsAccount={expectsAccount} />
      <Announcer />
    </>
  );
}

function Screen({ expectsAccount }: { readonly expectsAccount: boolean }): VNode {
  const door = useDoor();
  const session = door.state.session.value;
  const account = session.kind === 'signed-in' ? session.me.account : undefined;
  const before = useRef(account);
  useEffect(() => {
    if (account !== undefined) {
      // Another tab may have signed somebody else in while this one slept.
      if (before.current !== undefined && before.current !== account) takeUnkept();
      before.current = account;
      takeUp(account);
      giveUnkeptBack(door);
    } else if (session.kind === 'signed-out' || session.kind === 'ended') {
      before.current = undefined;
      takeUnkept();
      forgetComposing();
    }
  }, [session.kind, account]);
  switch (session.kind) {
    case 'starting':
      return expectsAccount ? <Starting /> : <SignedOut justSignedOut={false} />;
    case 'signed-out':
      return <SignedOut justSignedOut={false} />;
    case 'ended':
      return session.why === 'signed-out' ? <SignedOut justSignedOut /> : <Ended why={session.why} />;
    case 'other-version':
      return <OtherVersion />;
    case 'too-old':
      return <TooOld />;
    case 'broken':
      return <Broken failure={session.failure} />;
    case 'locked':
      return <Locked />;
    case 'signed-in':
      return <SignedIn key={session.me.account} account={session.me.account} />;
  }
}

function SignedOut({ justSignedOut }: { readonly justSignedOut: boolean }): VNode {
  const { progress } = useDoor().state;
  const here = place.value;
  // The form stays mounted behind its progress, so that a refusal finds it as it was filled in.
  const form =
    here.kind === 'sign-in' ? (
      <SignIn />
    ) : here.kind === 'sign-up' ? (
      <SignUp invite={undefined} />
    ) : here.kind === 'invite' ? (
      <InviteScreen key={here.link} link={here.link} />
    ) : (
      <Welcome justSignedOut={justSignedOut} />
    );
  return (
    <>
      <div hidden={progress.value !== undefined}>{form}</div>
      {progress.value !== undefined && <SettingUp progress={progress.value} />}
    </>
  );
}

function SignedIn({ account }: { readonly account: Me['account'] }): VNode {
  const here = place.value;
  useEffect(() => {
    // Somebody who is signed in has no use for the forms; the address follows.
    if (here.kind === 'sign-in' || here.kind === 'sign-up') history.replaceState(null, '', '/');
  }, [here.kind]);
  useActivity();
  const door = useDoor();
  const { state } = door;
  const hasLock = state.lock.value !== undefined;
  useEffect(() => {
    // What opens the lock must be here before it is needed, whatever the connection does.
    if (hasLock) inBackground(fetchLocked());
  }, [hasLock]);
  useEffect(
    () => () => {
      // Locked, signed out or ended: nothing of the account stays in this page, but for words that nothing else holds.
      wish.value = NO_WISH;
      forgetPictures();
      if (state.session.peek().kind === 'locked') return setAside(account);
      noteStranded(door, forgetComposing());
    },
    [],
  );
  return (
    <>
      <Place />
      <CallLayer />
    </>
  );
}

function Place(): VNode {
  const here = place.value;
  if (here.kind === 'settings' && here.page === 'passphrase') return <ChangePassphrase />;
  if (here.kind === 'settings' && here.page === 'reset') return <FinishReset />;
  return <Home />;
}
