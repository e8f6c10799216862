/**
 * What `npm run hostile` was asked for, and whether it may be done: rows by parts of their files, and a server elsewhere by its address or an
 * invite to it. Nothing is written to a server before it has said that it is one of ours, and nobody becomes its administrator.
 */
import { parseInviteLink } from '@tacet/client/core/account/invites';
import { isCoreError } from '@tacet/client/core/failure';
import { Rest } from '@tacet/client/core/transport/rest';
import { isWireError } from '@tacet/protocol/errors';
import { readInvite, readServer } from '@tacet/protocol/rest/people';
import { openNodePorts } from '../support/node-ports.ts';

/** A server elsewhere. */
export interface Target {
  readonly origin: string;
  readonly invite: { readonly link: string; readonly code: string } | undefined;
}

/** `wrong`: why nothing is done, a sentence that repeats nothing of what was typed. */
export type Asked =
  | { readonly kind: 'wrong'; readonly why: string }
  | { readonly kind: 'rows'; readonly parts: readonly string[]; readonly target: Target | undefined };

/** Reads what was typed. `files`: paths of which a part may be named. */
export function readArguments(args: readonly string[], files: readonly string[]): Asked {
  const parts = args.filter((arg) => arg !== '' && files.some((file) => file.includes(arg)));
  const others = args.filter((arg) => !parts.includes(arg));
  if (others.length > 1) return { kind: 'wrong', why: 'One address is played against, and no more.' };
  const [address] = others;
  if (address === undefined) return { kind: 'rows', parts, target: undefined };
  const target = readTarget(address);
  if (target !== undefined) return { kind: 'rows', parts, target };
  const number = args.indexOf(address) + 1;
  const why = `Argument ${number} is neither part of a test file's path nor an address such as https://chat.example.org or an invite.`;
  return { kind: 'wrong', why };
}

function readTarget(address: string): Target | undefined {
  if (!/^https?:\/\//.test(address) || !URL.canParse(address)) return undefined;
  const { origin, pathname, search, hash, username, password } = new URL(address);
  if (username !== '' || password !== '' || search !== '') return undefined;
  if (pathname === '/') return hash === '' ? { origin, invite: undefined } : undefined;
  const link = `${origin}${pathname}${hash}`;
  try {
    return { origin, invite: { link, code: parseInviteLink(link, origin).code } };
  } catch (error) {
    if (!isCoreError(error, 'invite-malformed')) throw error;
    return undefined;
  }
}

/** Asks a server what it is, and whose the invite is. Gives a sentence that says why it is not played against, if it is not to be. */
export async function objectionTo({ origin, invite }: Target): Promise<string | undefined> {
  const { http, clock } = openNodePorts({ url: origin });
  const rest = new Rest(http, clock);
  try {
    const { inviteOnly } = await rest.call(readServer);
    if (inviteOnly && invite === undefined) return `Nobody comes in at ${origin} without an invite.`;
    if (invite === undefined) return undefined;
    const { inviter } = await rest.call(readInvite, { params: { code: invite.code } });
    return inviter === undefined
      ? 'This is the first invite of that server, which makes its administrator; take one that somebody there has made.'
      : undefined;
  } catch (error) {
    if (isWireError(error, 'invite-invalid')) return 'The invite is not good, or not any more.';
    if (isWireError(error) || isCoreError(error)) return `There is no Tacet at ${origin} that answers.`;
    throw error;
  }
}
