/**
 * Web addresses in a text. Only http and https, only whole ones with a host; everything else stays text. The pieces are rendered as text
 * nodes and links, never as markup.
 */

/** A stretch of text, or an address with what it is shown as. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

/** Candidates: scheme, then anything that is not space, bracket or quote. */
const CANDIDATE = /\bhttps?:\/\/[^\s<>"'`“”«»]+/gi;

/** Marks, embeddings, overrides and isolates of direction. */
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** What ends a sentence rather than an address. */
function trimEnd(candidate: string): string {
  let end = candidate.length;
  for (; end > 0; end -= 1) {
    const last = candidate[end - 1] ?? '';
    if (/[.,:;!?…*_~]/.test(last)) continue;
    const open = last === ')' ? '(' : last === ']' ? '[' : last === '}' ? '{' : undefined;
    if (open === undefined) break;
    const kept = candidate.slice(0, end);
    if (kept.split(open).length >= kept.split(last).length) break;
  }
  return candidate.slice(0, end);
}

/** Splits a text at its addresses. The pieces put together are the text. */
export function splitLinks(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const shown = trimEnd(match[0]);
    const url = URL.parse(shown);
    // Signs that turn the direction make an address look like another one.
    if (TURNS.test(shown)) continue;
    // An address with a user name in it looks like another host than it leads to.
    if (url === null || url.hostname === '' || url.username !== '' || url.password !== '') continue;
    if (url.protocol !== 'https:' && url.protocol !== 'http:') continue;
    if (match.index > at) pieces.push({ kind: 'text', text: text.slice(at, match.index) });
    pieces.push({ kind: 'link', text: shown, href: url.href });
    at = match.index + shown.length;
  }
  if (at < text.length) pieces.push({ kind: 'text', text: text.slice(at) });
  return pieces;
}

/** Every emoji has one of these in it: a picture, a letter of a flag, the box of a keycap. */
const EMOJI_PART = /[\p{Extended_Pictographic}\p{RI}\u20e3]/u;

/** One to three emoji and nothing else: shown large. */
export function isOnlyEmoji(text: string): boolean {
  // The list of all emoji costs as much as drawing a conversation when it is first looked at; few texts need it.
  return EMOJI_PART.test(text) && /^(?:\p{RGI_Emoji}\s*){1,3}$/v.test(text.trim());
}
