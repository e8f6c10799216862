/**
 * Brings the lines of an older local database to the layout of today: which of them hold words of a message that never came was not noted.
 * May be done again from the start where it was broken off.
 */
import type { Conversations } from '../conversations/conversations.ts';
import { LINE_TABLES } from '../conversations/lines.ts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { StoredLine } from '../db/stored-messages.ts';
import type { OwnKeeper } from '../own.ts';
import type { AccountId } from '@tacet/protocol/ids';
import { GONE } from './amending.ts';
import type { EarlyContents } from './early.ts';
import type { ToldQuotes } from './told-quotes.ts';

/** Lines that are read in one transaction. Nothing else works on them yet. */
const LINES_AT_A_TIME = 500;

/** What the notes are made from. */
export interface ToldNeeds {
  readonly db: SealedDb;
  readonly own: OwnKeeper;
  readonly conversations: Conversations;
  readonly early: EarlyContents;
  readonly told: ToldQuotes;
}

/** Notes every quote that was told. One whose message has been deleted since, and what is more than is kept, loses its words. */
export async function noteToldBefore(needs: ToldNeeds): Promise<void> {
  const { db, conversations } = needs;
  for (const { account } of conversations.all()) {
    for (let from = 0; ;) {
      const lines = await db.read([T.lines], (tx) =>
        conversations.lines.linesFrom(tx, account, from, LINES_AT_A_TIME),
      );
      const replies = lines.filter(({ line }) => line.kind === 'message' && line.reply?.state === 'told');
      if (replies.length > 0) {
        await db.write([...LINE_TABLES, T.early], async (tx) => {
          for (const each of replies) await note(needs, tx, account, each);
        });
      }
      const last = lines.at(-1);
      if (last === undefined || lines.length < LINES_AT_A_TIME) break;
      from = last.line.order + 1;
    }
  }
}

async function note(
  { own, conversations, early, told }: ToldNeeds,
  tx: WriteTx,
  account: AccountId,
  stored: StoredLine,
): Promise<void> {
  const { line } = stored;
  if (line.kind !== 'message' || line.reply?.state !== 'told') return;
  const { id, mine } = line.reply;
  const author = mine ? own.value.account : account;
  const isGone = await early.isDeleted(tx, account, author, id);
  if (!isGone && (await told.note(tx, account, { author, message: id }, line.order))) return;
  const reply = isGone ? { id, mine, ...GONE } : { id, mine, text: '', state: 'told' as const };
  conversations.putStored(tx, account, { ...stored, line: { ...line, reply } });
}
