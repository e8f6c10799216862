/** The list of conversations as views see it: a summary of each, the newest first. */
import type { StoredConversation } from '../db/stored-people.ts';
import type { Home } from '../home.ts';
import { areSame, keep } from './same-content.ts';
import { personOf, relationOf } from './people.ts';
import type { ConversationId, ConversationSummary } from '../view.ts';

/** A line of the list; `undefined` for one that is not listed. */
export function summaryOf(home: Home, stored: StoredConversation): ConversationSummary | undefined {
  const state = relationOf(home, stored);
  if (state === undefined) return undefined;
  const { last } = stored;
  return {
    id: stored.account,
    person: personOf(home, stored.account),
    state,
    last:
      last === undefined
        ? undefined
        : {
            text: last.text,
            at: last.at,
            mine: last.mine,
            delivery: last.delivery,
            ...(last.deleted === true ? { deleted: true } : {}),
          },
    unread: stored.unread,
    typing: home.conversations.typing.is(stored.account),
    draft: stored.draft,
  };
}

function activityOf(home: Home, id: ConversationId): number {
  return home.conversations.get(id)?.activityAt ?? 0;
}

/** Newest first; the list given is in order. */
export function insert(
  ordered: readonly ConversationSummary[],
  summary: ConversationSummary,
  home: Home,
): readonly ConversationSummary[] {
  const at = activityOf(home, summary.id);
  const index = ordered.findIndex(({ id }) => activityOf(home, id) <= at);
  return index < 0 ? [...ordered, summary] : [...ordered.slice(0, index), summary, ...ordered.slice(index)];
}

/** All in order, in the very objects of `before` where nothing of them has changed: views are told of new objects only. */
export function summaries(
  home: Home,
  before: readonly ConversationSummary[],
): readonly ConversationSummary[] {
  const known = new Map(before.map((summary) => [summary.id, summary]));
  const after = home.conversations
    .all()
    .toSorted((a, b) => b.activityAt - a.activityAt)
    .map((stored) => keep(known.get(stored.account), summaryOf(home, stored)))
    .filter((summary) => summary !== undefined);
  return areSame(before, after) ? before : after;
}
