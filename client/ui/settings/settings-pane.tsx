/** Which page of the settings stands. The rarer ones are fetched when they are opened. */
import type { VNode } from 'preact';
import { lazily } from '../components/lazy.tsx';
import type { SettingsPage } from '../router.ts';
import { text } from '../text/text.ts';
import { SettingsFrame } from './settings-frame.tsx';

// The service worker keeps it, so that a device can be wiped without a connection.
const Account = lazily(async () => (await import('./account.tsx')).Account);
const Settings = lazily(async () => (await import('./settings.tsx')).Settings);

const Devices = lazily(async () => (await import('./devices.tsx')).Devices);
const OwnInvites = lazily(async () => (await import('./own-invites.tsx')).OwnInvites);

export function SettingsPane({ page }: { readonly page: SettingsPage | undefined }): VNode {
  switch (page) {
    case undefined:
      return <Settings />;
    case 'devices':
      return (
        <SettingsFrame key={page} title={text.devices.title}>
          <Devices />
        </SettingsFrame>
      );
    case 'invites':
      return (
        <SettingsFrame key={page} title={text.ownInvites.title}>
          <OwnInvites />
        </SettingsFrame>
      );
    case 'account':
    case 'passphrase':
    case 'reset':
      return (
        <SettingsFrame key={page} title={text.account.title}>
          <Account />
        </SettingsFrame>
      );
  }
}
