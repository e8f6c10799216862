/** Details of a message: its times, and which of the other person's devices have told that they have it. */
import type { AccountId } from '@tacet/protocol/ids';
import { CoreError } from './failure.ts';
import type { Home } from './home.ts';
import type { MessageDetails } from './view.ts';

/** Reads them. Devices that were added after the message was sent and never told of it are left out: it did not go to them. */
export async function readDetails(home: Home, account: AccountId, order: number): Promise<MessageDetails> {
  const stored = await home.conversations.lines.stored(account, order);
  if (stored?.line.kind !== 'message') throw new CoreError('message-unknown', 'no message of this order');
  const { mine, sentAt, receivedAt } = stored.line;
  const said = {
    sentAt,
    receivedAt,
    reduced: stored.marks?.reduced === true,
    delayed: stored.marks?.delayed === true,
  };
  if (!mine) return { ...said, devices: [] };
  const heard = stored.heard ?? [];
  const person = home.directory.get(account);
  const current = (person?.list.devices ?? []).filter(
    ({ device }) => person?.stored.departed.includes(device) !== true,
  );
  const listed = current.map(({ device, addedAt }) => ({
    device,
    addedAt,
    told: heard.find((one) => one.device === device),
  }));
  const gone = heard
    .filter(({ device }) => listed.every((one) => one.device !== device))
    .map((told) => ({ device: told.device, addedAt: undefined, told }));
  const devices = [...listed, ...gone]
    .filter(({ addedAt, told }) => told !== undefined || addedAt === undefined || addedAt <= sentAt)
    .map(({ device, addedAt, told }) => ({
      device,
      addedAt,
      deliveredAt: told?.deliveredAt ?? told?.readAt,
      readAt: told?.readAt,
    }));
  return { ...said, devices };
}
