/** What tests ask of an account besides making it: a message to it, its deletion. With nothing of the client core. */
import { randomBytes } from 'node:crypto';
import { idBytes } from '@tacet/protocol/ids';
import { deleteAccount } from '@tacet/protocol/rest/accounts';
import { signedDeleteAccount, type DeleteAccount } from '@tacet/protocol/signed/requests';
import { freshChallenge, sha256, signRequest, type At, type WireAccount } from './make-account.ts';
import { callRoute, type RestAnswer } from './rest-client.ts';

/** A frame that sends one envelope to every device of an account, stored unless `online`. Without an id each gets its own. */
export function sendTo(
  to: Pick<WireAccount, 'id' | 'deliveryKey' | 'list' | 'devices'>,
  message: { readonly re?: number; readonly id?: Uint8Array; readonly body?: Uint8Array } = {},
) {
  const { re = 1, body = randomBytes(1_000) } = message;
  return {
    kind: 'send',
    re,
    account: idBytes(to.id),
    deliveryKey: to.deliveryKey,
    listHash: sha256(to.list.bytes),
    online: false,
    to: to.devices.map(({ id }) => ({
      device: idBytes(id),
      envelope: { id: message.id ?? randomBytes(16), body },
    })),
  } as const;
}

/** Asks for the deletion of an account, as its first device. */
export async function tryDelete(
  at: At,
  account: WireAccount,
  options: { readonly change?: Partial<DeleteAccount>; readonly key?: WireAccount['loginKey'] } = {},
): Promise<RestAnswer<typeof deleteAccount>> {
  const request: DeleteAccount = {
    origin: at.url,
    challenge: await freshChallenge(at),
    account: idBytes(account.id),
    username: account.username,
    ...options.change,
  };
  const body = signRequest(signedDeleteAccount, request, options.key ?? account.loginKey);
  return callRoute(at.url, deleteAccount, { token: account.devices[0]?.token, body });
}
