/** The emoji that a person used last, newest first, sealed like everything local: even these tell something about somebody. */
import type { SealedDb } from './db/sealed.ts';
import { T } from './db/stores.ts';

const KEY = 'recent-emoji';
/** Three rows of the picker. */
const KEPT = 24;
/** UTF-16 units; the longest recommended sequence has 15. */
const LONGEST = 32;

/** Reads what was used last, newest first. */
export async function readRecentEmoji(db: SealedDb): Promise<readonly string[]> {
  return (await db.read([T.recentEmoji], (tx) => tx.get(T.recentEmoji, KEY))) ?? [];
}

/** Puts an emoji first. Anything that is none is passed over. */
export async function noteEmoji(db: SealedDb, emoji: string): Promise<void> {
  if (emoji === '' || emoji.length > LONGEST) return;
  await db.write([T.recentEmoji], async (tx) => {
    const before = (await tx.get(T.recentEmoji, KEY)) ?? [];
    tx.put(T.recentEmoji, KEY, [emoji, ...before.filter((held) => held !== emoji)].slice(0, KEPT));
  });
}
