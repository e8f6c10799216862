/**
 * The union of contents. `parseContent` reads the body of a frame by its kind; a kind of a newer version is a value, not an error.
 * Content from other people is as hostile as the network: nothing of it is used before it stands here.
 */
import type { Static } from 'typebox';
import { encodeCbor, parseCbor } from '../cbor.ts';
import { Call } from './call.ts';
import { Delete } from './delete.ts';
import { Edit } from './edit.ts';
import { Encounter } from './encounter.ts';
import { CONTENT_VERSION, type ContentFrame } from './frame.ts';
import { Profile } from './profile.ts';
import { Reaction } from './reaction.ts';
import { Delivered, Read } from './receipt.ts';
import { Retry } from './retry.ts';
import { Sync } from './sync.ts';
import { Text } from './text.ts';
import { Timer } from './timer.ts';
import { Typing } from './typing.ts';

/** What each kind is: its schema, whether it is numbered and queued, whether an older reader may pass over it. */
export const CONTENTS = {
  text: { schema: Text, durable: true, critical: true },
  reaction: { schema: Reaction, durable: true, critical: false },
  edit: { schema: Edit, durable: true, critical: true },
  delete: { schema: Delete, durable: true, critical: true },
  timer: { schema: Timer, durable: true, critical: true },
  profile: { schema: Profile, durable: true, critical: false },
  encounter: { schema: Encounter, durable: true, critical: false },
  delivered: { schema: Delivered, durable: false, critical: false },
  read: { schema: Read, durable: false, critical: false },
  typing: { schema: Typing, durable: false, critical: false },
  sync: { schema: Sync, durable: true, critical: false },
  retry: { schema: Retry, durable: false, critical: false },
  call: { schema: Call, durable: false, critical: false },
} as const;

/** The kinds that this version knows. */
export type ContentKind = keyof typeof CONTENTS;

/** A body with its kind. */
export type Content = {
  [Kind in ContentKind]: { readonly kind: Kind; readonly body: Static<(typeof CONTENTS)[Kind]['schema']> };
}[ContentKind];

/** A content that this version cannot read. */
export interface UnknownContent {
  readonly kind: 'unknown';
  readonly named: string;
  readonly critical: boolean;
}

/** The CBOR of a body. */
export function encodeBody(content: Content): Uint8Array {
  return encodeCbor(content.body);
}

/** Reads a frame's body. Throws `WireError` `malformed-frame` for a known kind with a wrong body. */
export function parseContent(
  frame: Pick<ContentFrame, 'v' | 'kind' | 'critical' | 'body'>,
): Content | UnknownContent {
  if (frame.v > CONTENT_VERSION || !Object.hasOwn(CONTENTS, frame.kind)) {
    return { kind: 'unknown', named: frame.kind, critical: frame.critical };
  }
  const kind = frame.kind as ContentKind;
  return { kind, body: parseCbor(CONTENTS[kind].schema, frame.body) } as Content;
}
