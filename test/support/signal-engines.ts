/** This project's Signal engine and the native library, the oracle, as one kind of thing; and every pairing of the two. */
import * as native from '@signalapp/libsignal-client';
import * as ours from '@tacet/crypto';
import { Party } from './signal-party.ts';
import type { Library } from './signal-party.ts';

export type EngineName = 'ours' | 'native';

/** Both engines seen through this project's types; their names, calls and orders are the same. */
export const libraries: Readonly<Record<EngineName, Library>> = {
  ours,
  native: native as unknown as Library,
};

/** Every pairing of first writer and answerer in which this project's engine takes part. */
export const pairings: readonly (readonly [EngineName, EngineName])[] = [
  ['ours', 'ours'],
  ['ours', 'native'],
  ['native', 'ours'],
];

export function makeParty(engine: EngineName): Party {
  return new Party(libraries[engine]);
}

/** Two parties with a session: the first has written, the second has answered. */
export async function makeConversation(
  first: EngineName,
  second: EngineName,
  withOneTimePreKey = true,
): Promise<{ readonly alice: Party; readonly bob: Party }> {
  const alice = makeParty(first);
  const bob = makeParty(second);
  await alice.processBundle(bob, bob.makeBundle(withOneTimePreKey));
  await bob.decrypt(alice, await alice.encrypt(bob, Buffer.from('hello')));
  await alice.decrypt(bob, await bob.encrypt(alice, Buffer.from('good day')));
  return { alice, bob };
}
