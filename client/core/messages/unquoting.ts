/**
 * Takes the quoted words out of a reply that waits to be sent, when the quoted message is deleted: the reply still says which message it
 * answers, and no more. Pure but for the own numbering, which names the frame as it leaves.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { CONTENT_VERSION, ContentFrame, type Link } from '@tacet/protocol/content/frame';
import { encodeBody, parseContent } from '@tacet/protocol/content/index';
import { copyBytes, type OwnBytes } from '../bytes.ts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { OutboxEntry } from '../db/stored-sending.ts';
import { hashLink } from './chain.ts';

/** The body of a text, or of its copy for the own devices, without quoted words; nothing where it has none. */
function unquoteBody(kind: string, body: Uint8Array): Uint8Array | undefined {
  if (kind !== 'text' && kind !== 'sync') return undefined;
  const content = parseContent({ v: CONTENT_VERSION, kind, critical: false, body });
  if (content.kind === 'text') {
    const { reply } = content.body;
    if (reply === undefined || reply.text === '') return undefined;
    return encodeBody({ kind: 'text', body: { ...content.body, reply: { ...reply, text: '' } } });
  }
  if (content.kind !== 'sync' || content.body.what !== 'sent') return undefined;
  const inner = unquoteBody(content.body.kind, content.body.body);
  return inner === undefined
    ? undefined
    : encodeBody({ kind: 'sync', body: { ...content.body, body: inner } });
}

/** The same frame without quoted words; nothing where it has none. */
function unquoteFrame(
  bytes: Uint8Array,
): { readonly frame: OwnBytes; readonly link: Link | undefined } | undefined {
  const frame = parseCbor(ContentFrame, bytes);
  const body = unquoteBody(frame.kind, frame.body);
  return body === undefined
    ? undefined
    : { frame: copyBytes(encodeCbor({ ...frame, body })), link: frame.link };
}

/**
 * An entry of the outbox without quoted words, in a transaction that holds `T.outChains`. What was made ready to leave and is not held
 * leaves as it is, because nothing is encrypted twice, and no copy of it is kept. A frame that waits keeps its number: where the frame
 * before it came after all it is known by that number, and a later one that names it by the new hash shows there as a fork. What comes as a
 * repair makes none (`Numbering.take`).
 */
export async function unquoteEntry(tx: WriteTx, db: SealedDb, entry: OutboxEntry): Promise<OutboxEntry> {
  if (entry.envelopes !== undefined && entry.held !== true) return { ...entry, erased: true };
  const bare = { ...entry, body: unquoteBody(entry.kind, entry.body) ?? entry.body };
  const framed = entry.frame === undefined ? undefined : unquoteFrame(entry.frame);
  if (framed === undefined) return bare;
  const { frame, link } = framed;
  const key = K.outChain(db, entry.to);
  const chain = await tx.get(T.outChains, key);
  const isNewest = chain !== undefined && link !== undefined && chain.number === link.number;
  // A repair is for one device; the others have the frame as it was.
  if (entry.only === undefined && isNewest && equalBytes(chain.epoch, link.epoch)) {
    tx.put(T.outChains, key, { ...chain, previous: hashLink(link.salt, frame) });
  }
  return { ...bare, frame };
}
