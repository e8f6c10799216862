/**
 * People whose name or username fits what is typed, the best fit first. Case and accents make no difference. A username that somebody
 * only claims is not looked at: he would be found in the place of the one whose it is. Pure, so that it is tested.
 */
import type { PersonView } from '../../core/door.ts';

/** A word as it is compared. */
function plain(words: string): string {
  return words.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase();
}

/** Names as they are compared: all of them are looked at with every letter that is typed. */
const names = new WeakMap<PersonView, string>();

function plainName(person: PersonView): string {
  const known = names.get(person);
  if (known !== undefined) return known;
  const made = plain(person.name);
  names.set(person, made);
  return made;
}

/** How well somebody fits, from 0; `undefined`: not at all. */
function fit(person: PersonView, wanted: string): number | undefined {
  const { username = '' } = person;
  const isHandle = wanted.startsWith('@');
  const handle = isHandle ? wanted.slice(1) : wanted;
  const shown = plainName(person);
  if (username !== '' && username === handle) return 0;
  if (isHandle) return username !== '' && username.startsWith(handle) ? 1 : undefined;
  if (shown.startsWith(wanted)) return 1;
  const words = [...shown.split(/[\s\p{P}]+/u), username];
  if (wanted.split(/\s+/).every((part) => words.some((word) => word.startsWith(part)))) return 2;
  return shown.includes(wanted) || username.includes(wanted) ? 3 : undefined;
}

/** Whether this is the known username of one of them; else it may be somebody else's, whoever claims it. */
export function isKnownUsername(
  among: readonly { readonly person: PersonView }[],
  username: string,
): boolean {
  return among.some(({ person }) => person.username === username);
}

/** Those of `among` whose person fits; of two who fit equally the order stays. `typed` may begin with `@` for usernames alone. */
export function findPeople<Entry extends { readonly person: PersonView }>(
  among: readonly Entry[],
  typed: string,
): readonly Entry[] {
  const wanted = plain(typed.trim());
  return among
    .map((entry) => ({ entry, rank: fit(entry.person, wanted) }))
    .filter(({ rank }) => rank !== undefined)
    .toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
    .map(({ entry }) => entry);
}
