/** Acts on the own account that are rare and need much: one part of the program, fetched when the first of them is wanted. */
export { changePassphrase, checkPassphrase, requestDeletion } from './passphrase.ts';
export { removeDevice, settleRemovals } from './removal.ts';
export { announceReset, completeReset, endReset, settleReset } from './reset.ts';
