/**
 * What accepted people say about calls. Strangers cannot ring. A ring is kept while it may ring, so that whichever tab has the account can
 * take the call; everything else is for the part of core that holds calls, which may still have to be fetched.
 */
import type { Call } from '@tacet/protocol/content/call';
import { idOf, type CallId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { T } from '../../db/stores.ts';
import { isWithinDay } from '../../people/within-day.ts';
import type { Handling } from './handling.ts';

/** Handles a word about a call. */
export async function handleCall(handling: Handling, body: Call): Promise<void> {
  const { tx, account, device, identityKey, standing, receivedAt, twoClocks } = handling;
  if (standing !== 'accepted') return;
  const isLate = twoClocks.ageOf(receivedAt) > LIMITS.callRingMs;
  if (body.what === 'ring') {
    if (!isWithinDay(handling, tx, account, 'rings')) return;
    if (!isLate) await keepRing(handling, body);
  } else if (isLate) {
    return;
  }
  tx.after(() => handling.saidInCall({ account, device, identityKey, body, isLate }));
}

/** Keeps a ring, unless another one still rings. */
async function keepRing(
  { tx, account, device, identityKey, clock }: Handling,
  ring: Extract<Call, { readonly what: 'ring' }>,
): Promise<void> {
  const now = clock.now();
  const held = await tx.get(T.ring, 'ring');
  const isTaken = held !== undefined && held.device !== device && Math.abs(now - held.at) < LIMITS.callRingMs;
  if (isTaken) return;
  tx.put(T.ring, 'ring', { call: idOf<CallId>(ring.call), account, device, identityKey, at: now, ring });
}
