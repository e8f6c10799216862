/**
 * Codes that this device was showing when it stopped: at a lock, a reload, a crash, or when another tab took over. They end before
 * anything that came meanwhile is read; what the server still lets in by them is ended with the next connection.
 */
import { T } from '../db/stores.ts';
import { encodeB64u } from '@tacet/protocol/bytes';
import type { OpenInvite } from '@tacet/protocol/content/record';
import { closeInvite } from '../account/kept-invites.ts';
import type { Services } from '../services.ts';

type Needs = Pick<Services, 'db' | 'own' | 'record' | 'clock'>;

/** Ends them here: an answer lets nobody in, and asks nothing. */
export async function closeShownCodes({ db, own, record, clock }: Needs): Promise<void> {
  const shown = (own.value.encounters ?? []).filter(({ kind }) => kind === 'shown');
  if (shown.length === 0) return;
  const codes = new Set(shown.map(({ code }) => encodeB64u(code)));
  const isIt = ({ code, closedAt }: OpenInvite): boolean =>
    closedAt === undefined && codes.has(encodeB64u(code));
  await db.write([T.record, T.own], async (tx) => {
    own.change(tx, ({ encounters = [], ...held }) => {
      const kept = encounters.filter(({ kind }) => kind !== 'shown');
      return kept.length === 0 ? held : { ...held, encounters: kept };
    });
    if (!record.value.invites.some(isIt)) return;
    record.change(tx, (held) => ({
      ...held,
      invites: held.invites.map((invite) => (isIt(invite) ? closeInvite(invite, clock.now()) : invite)),
    }));
  });
}

/** Whether the server may still let somebody in by a code that is put away. */
export function hasOpenEnd({ record, clock }: Pick<Needs, 'record' | 'clock'>): boolean {
  const now = clock.now();
  return record.value.invites.some(
    ({ scan, closedAt, by, expiresAt }) =>
      scan === true && closedAt !== undefined && by === undefined && expiresAt >= now,
  );
}
