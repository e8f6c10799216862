/**
 * Names as they may be shown. A name is one line of words: what would break the line, hide letters or turn the direction of the words
 * around it is taken out of it before it is kept, whoever it comes from.
 */
import { NAME_MAX } from '@tacet/protocol/content/record';

/** Ends of lines and other controls: a space stands for them. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** Marks, embeddings, overrides and isolates of direction, and signs without width that only hide. */
const UNSEEN = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** A name as it may be shown; `other` where nothing is left of it. */
export function shownName(name: string, other: string): string {
  const plain = name
    .replaceAll(CONTROLS, ' ')
    .replaceAll(UNSEEN, '')
    .replaceAll(/\s+/gu, ' ')
    .normalize('NFC')
    .trim()
    .slice(0, NAME_MAX)
    .replace(/[\ud800-\udbff]$/, '')
    .trim();
  return plain === '' ? other : plain;
}
