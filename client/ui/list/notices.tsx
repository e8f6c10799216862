/** What stands above the list now and then: about the account, its devices, the passphrase, an invite, the server. */
import type { VNode } from 'preact';
import { useDoor } from '../door-context.ts';
import { PassphraseNotice } from '../settings/passphrase-notice.tsx';
import { ResetNotice } from '../settings/reset-notice.tsx';
import { AlertNotes } from './alert-notes.tsx';
import { OpenEncounters } from './open-encounters.tsx';
import { RefusedInvite } from './refused-invite.tsx';
import { OutdatedNotice } from './outdated-notice.tsx';

export function Notices(): VNode {
  const { outdated } = useDoor().state;
  return (
    <>
      <AlertNotes />
      <ResetNotice link />
      <PassphraseNotice />
      <OpenEncounters />
      <RefusedInvite />
      {outdated.value && <OutdatedNotice />}
    </>
  );
}
