/** Which page of the settings stands. The rarer ones are fetched when they are opened. */
import type { VNode } from 'preact';
import { lazily } from '../components/lazy.tsx';
import type { SettingsPage } from '../router.ts';
import { text } from '../text/text.ts';
// Not fetched on demand: wiping must work without a connection.
import { Account } from './account.tsx';
import { SettingsFrame } from './settings-frame.tsx';
import { Settings } from './settings.tsx';

const Devices = lazily(async () => (await import('./devices.tsx')).Devices);

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
