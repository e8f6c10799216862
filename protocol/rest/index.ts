/** Every REST route, in the order of PROTOCOL.md. */
import * as accounts from './accounts.ts';
import * as devices from './devices.ts';
import * as keys from './keys.ts';
import * as people from './people.ts';
import * as receipts from './receipts.ts';
import * as resets from './resets.ts';
import * as sessions from './sessions.ts';

export const ROUTES = [
  people.readServer,
  people.readInvite,
  sessions.newChallenge,
  accounts.signUp,
  sessions.login,
  sessions.renewSession,
  sessions.signOut,
  receipts.comeBack,
  receipts.getReceipts,
  accounts.getCredentials,
  accounts.changeCredentials,
  accounts.getRecord,
  accounts.putRecord,
  accounts.putProfile,
  accounts.putDeliveryKey,
  accounts.deleteAccount,
  devices.getDirectory,
  devices.addDevice,
  devices.changeList,
  resets.getResets,
  resets.beginReset,
  resets.cancelReset,
  resets.finishReset,
  keys.getPreKeys,
  keys.putPreKeys,
  people.lookup,
  people.strangerBundles,
  people.introduce,
  people.makeInvite,
  people.listInvites,
  people.withdrawInvite,
] as const;
