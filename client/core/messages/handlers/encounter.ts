/** What somebody says about a scanned code: of accepted people alone, and only about a code that this device showed or scanned. */
import type { Encounter } from '@tacet/protocol/content/encounter';
import { hearEncounter } from '../../safety/encounters.ts';
import type { Handling } from './handling.ts';

/** Handles a word about an encounter. */
export async function handleEncounter(handling: Handling, body: Encounter): Promise<void> {
  if (handling.standing === 'accepted') hearEncounter(handling, handling.tx, handling.account, body);
}
