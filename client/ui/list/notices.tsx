/** What stands above the list now and then: about the account, the passphrase, an invite, the server. */
import type { VNode } from 'preact';
import { useDoor } from '../door-context.ts';
import { PassphraseNotice } from '../settings/passphrase-notice.tsx';
import { ResetNotice } from '../settings/reset-notice.tsx';
import { RefusedInvite } from './refused-invite.tsx';
import { OutdatedNotice } from './outdated-notice.tsx';
import { RollbackNotice } from './rollback-notice.tsx';

export function Notices(): VNode {
  const { rollback, outdated } = useDoor().state;
  return (
    <>
      <ResetNotice link />
      <PassphraseNotice />
      <RefusedInvite />
      {rollback.value !== undefined && <RollbackNotice />}
      {outdated.value && <OutdatedNotice />}
    </>
  );
}
