/** The rules of names, as the forms explain them while a person types. A test holds them against the wire's schema. */
import { fill, text } from './text/text.ts';

/** Username length, as `limits.ts` of the protocol has it. */
export const USERNAME_MIN = 3;
export const USERNAME_MAX = 32;
/** Longest shown name, as the account record has it. */
export const NAME_MAX = 64;

const USERNAME = /^[a-z](?:[._-]?[a-z0-9])*$/;

/** What is wrong with a username, in words; `undefined` if nothing is. */
export function usernameProblem(username: string): string | undefined {
  if (username.length < USERNAME_MIN) return fill(text.signUp.usernameShort, { min: String(USERNAME_MIN) });
  if (username.length > USERNAME_MAX) return fill(text.signUp.usernameLong, { max: String(USERNAME_MAX) });
  if (!/^[a-z]/.test(username)) return text.signUp.usernameStart;
  if (!USERNAME.test(username)) return text.signUp.usernameCharacters;
  return undefined;
}

/** What is wrong with a shown name. */
export function nameProblem(name: string): string | undefined {
  const trimmed = name.trim();
  if (trimmed === '') return text.signUp.nameMissing;
  if (trimmed.length > NAME_MAX) return fill(text.signUp.nameLong, { max: String(NAME_MAX) });
  return undefined;
}

/** A username that a name suggests: plain letters and digits of its first word. Empty if it suggests none. */
export function suggestUsername(name: string): string {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const first = plain.trim().split(/\s+/)[0] ?? '';
  const letters = first.replaceAll(/[^a-z0-9]/g, '').replace(/^[0-9]+/, '');
  return letters.length < USERNAME_MIN ? '' : letters.slice(0, USERNAME_MAX);
}
