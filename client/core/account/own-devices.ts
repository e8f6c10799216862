/** The own devices as a person sees them: from the signed list, the names in the record, and what was heard here. */
import { idOf, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { Home } from '../home.ts';
import type { DeviceView, PassphraseView, ResetView } from '../view.ts';

/** The same while there are none, so that no view is told of a change. */
const NO_RESETS: readonly ResetView[] = [];

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

/** The resets that were announced, less those of devices that have left since; this device's own first. */
export function resetsOf(
  home: Pick<Home, 'directory' | 'record' | 'own' | 'ownAccount'>,
): readonly ResetView[] {
  const { resets } = home.ownAccount;
  if (resets.length === 0) return NO_RESETS;
  const devices = devicesOf(home);
  return resets
    .map(({ device, dueAt }) => ({ dueAt, announcer: devices.find((each) => each.device === device) }))
    .filter(({ announcer }) => announcer?.hasLeft !== true)
    .map(({ dueAt, announcer }) => ({
      isThis: announcer?.isThis === true,
      deviceName: announcer?.name,
      dueAt,
      lapsesAt: dueAt + LIMITS.resetLapseMs,
    }))
    .toSorted((a, b) => Number(b.isThis) - Number(a.isThis) || a.dueAt - b.dueAt);
}

/** What is to be said of the passphrase. */
export function passphraseOf(home: Pick<Home, 'directory' | 'record' | 'own' | 'care'>): PassphraseView {
  const { isDue, changed } = home.care;
  if (changed === undefined) return { asked: isDue };
  const name = devicesOf(home).find(({ device }) => device === changed.device)?.name;
  return { asked: isDue, changed: { deviceName: name, at: changed.at } };
}
