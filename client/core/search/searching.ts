/** A search as a person asks for it: the newest finds of all conversations or of one, with their surroundings, by conversation. */
import type { AccountId } from '@tacet/protocol/ids';
import type { Home } from '../home.ts';
import { personOf } from '../shown/people.ts';
import type { ConversationFinds, SearchResults } from '../view.ts';
import { excerptOf, termsOf } from './words.ts';

/** Finds that are shown at a time: a few screens of them. */
const FINDS_MOST = 40;
/** Longest query that is looked at, UTF-16 units. */
const QUERY_MOST = 200;

/** Searches for the newest finds, `most` of them at most. Reads the index into memory first if need be. */
export async function searchMessages(
  home: Home,
  query: string,
  within: AccountId | undefined,
  most = FINDS_MOST,
): Promise<SearchResults> {
  const limit = Math.max(1, Math.min(FINDS_MOST, most));
  const { conversations, record } = home;
  const { index } = conversations;
  await index.load();
  const terms = termsOf(query.slice(0, QUERY_MOST));
  const isWanted = (account: AccountId): boolean =>
    within === undefined ? record.contact(account)?.state !== 'blocked' : account === within;
  const finds = index.find(terms, limit + 1, isWanted);
  const shown = finds.slice(0, limit);
  const lines = await conversations.lines.linesAt(shown);
  const groups = new Map<
    AccountId,
    ConversationFinds & { readonly finds: ConversationFinds['finds'][number][] }
  >();
  shown.forEach(({ account, order, at }, i) => {
    const line = lines[i];
    if (line?.kind !== 'message') return;
    let group = groups.get(account);
    if (group === undefined) {
      group = { id: account, person: personOf(home, account), finds: [] };
      groups.set(account, group);
    }
    group.finds.push({ order, at, mine: line.mine, excerpt: excerptOf(line.text, terms) });
  });
  return { groups: [...groups.values()], more: finds.length > limit, complete: index.isComplete };
}
