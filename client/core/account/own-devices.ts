/** The own devices as a person sees them: from the signed list, the names in the record, and what was heard here. */
import { idOf, type DeviceId } from '@tacet/protocol/ids';
import type { Home } from '../home.ts';
import type { DeviceView, PassphraseView, ResetView } from '../view.ts';

/** This one first, then in the order in which they were added. */
export function devicesOf({
  directory,
  record,
  own,
}: Pick<Home, 'directory' | 'record' | 'own'>): readonly DeviceView[] {
  const { account, device: here } = own.value;
  const stored = directory.get(account)?.stored;
  const names = new Map(
    (record.value.devices ?? []).map(({ device, name }) => [idOf<DeviceId>(device), name]),
  );
  const views = directory.ownList.devices.map(({ device, addedAt }): DeviceView => {
    const signs = stored?.signs.find((each) => each.device === device);
    const heardAt = Math.max(signs?.heardAt ?? 0, signs?.statedAt ?? 0);
    return {
      device,
      name: names.get(device),
      isThis: device === here,
      addedAt,
      heardAt: device === here || heardAt === 0 ? undefined : heardAt,
      hasLeft: stored?.departed.includes(device) === true,
    };
  });
  return views.toSorted((a, b) => Number(b.isThis) - Number(a.isThis) || a.addedAt - b.addedAt);
}

/** The reset that was announced. */
export function resetOf(
  home: Pick<Home, 'directory' | 'record' | 'own' | 'ownAccount'>,
): ResetView | undefined {
  const { reset } = home.ownAccount;
  if (reset === undefined) return undefined;
  const announcer = devicesOf(home).find(({ device }) => device === reset.device);
  return { isThis: announcer?.isThis === true, deviceName: announcer?.name, dueAt: reset.dueAt };
}

/** What is to be said of the passphrase. */
export function passphraseOf(home: Pick<Home, 'directory' | 'record' | 'own' | 'care'>): PassphraseView {
  const { isDue, changed } = home.care;
  if (changed === undefined) return { asked: isDue };
  const name = devicesOf(home).find(({ device }) => device === changed.device)?.name;
  return { asked: isDue, changed: { deviceName: name, at: changed.at } };
}
