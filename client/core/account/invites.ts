/**
 * Invite links: `<origin>/i/<code>#<base64url of secret 32 | account key hash 32 | delivery key 32>`; in one that is shown to be
 * scanned face to face `.scan.<base64url of a commitment 32>` follows. The fragment never leaves the browsers; a server's first invite
 * has none. Reading consumes nothing.
 */
import { decodeB64u, encodeB64u } from '@tacet/protocol/bytes';
import { parseInviteCode, type InviteCode } from '@tacet/protocol/ids';
import { joinBytes, type OwnBytes } from '../bytes.ts';
import { CoreError } from '../failure.ts';

const PART_BYTES = 32;
const LINK =
  /^(https?:\/\/[^/?#@\s]+)?\/i\/([A-Za-z0-9_-]{22})\/?(?:#([A-Za-z0-9_-]{128})(?:\.scan\.([A-Za-z0-9_-]{43}))?)?$/;

/** What the fragment holds. */
export interface InviteSecrets {
  readonly secret: OwnBytes;
  readonly accountKeyHash: OwnBytes;
  readonly deliveryKey: OwnBytes;
  /** Made to be scanned by somebody who is there: the commitment to the nonce of whoever shows it. */
  readonly scan?: OwnBytes;
}
/** A link that has been read. `secrets` absent: the first invite of a server. */
export interface InviteLink {
  readonly code: InviteCode;
  readonly secrets: InviteSecrets | undefined;
}

/** Reads a whole link for this server. Throws `CoreError` `invite-malformed`. */
export function parseInviteLink(link: string, origin: string): InviteLink {
  const [, at, codeText = '', fragment, mark] = LINK.exec(link.trim()) ?? [];
  const code = parseInviteCode(codeText);
  if (code === undefined || (at !== undefined && at !== origin)) {
    throw new CoreError('invite-malformed', 'not an invite link of this server');
  }
  if (fragment === undefined) {
    if (link.includes('#')) throw new CoreError('invite-malformed', 'a damaged fragment');
    return { code, secrets: undefined };
  }
  const bytes = decodeB64u(fragment);
  const scan = mark === undefined ? undefined : decodeB64u(mark);
  if (bytes?.length !== 3 * PART_BYTES || (mark !== undefined && scan?.length !== PART_BYTES)) {
    throw new CoreError('invite-malformed', 'a damaged fragment');
  }
  return {
    code,
    secrets: {
      secret: bytes.slice(0, PART_BYTES),
      accountKeyHash: bytes.slice(PART_BYTES, 2 * PART_BYTES),
      deliveryKey: bytes.slice(2 * PART_BYTES),
      ...(scan === undefined ? {} : { scan }),
    },
  };
}

/** Writes a link. */
export function formatInviteLink(origin: string, code: InviteCode, secrets: InviteSecrets): string {
  const fragment = joinBytes(secrets.secret, secrets.accountKeyHash, secrets.deliveryKey);
  const mark = secrets.scan === undefined ? '' : `.scan.${encodeB64u(secrets.scan)}`;
  return `${origin}/i/${code}#${encodeB64u(fragment)}${mark}`;
}
