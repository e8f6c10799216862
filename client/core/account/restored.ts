/** What a device does for a server that was restored from a backup: one part of the program, fetched when it is wanted. */
export { resendUnconfirmed } from '../messages/resending.ts';
export { comeBack } from './returning.ts';
