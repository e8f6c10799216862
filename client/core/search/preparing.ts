/** Makes the search index ready for a search that is about to begin. What it lacks is added beside it. */
import type { Signal } from '@preact/signals-core';
import type { Background } from '../background.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { ViewState } from '../view.ts';

/** Reads the index; `indexing` tells how far the adding is. */
export async function prepareSearch(
  conversations: Conversations,
  indexing: Signal<ViewState['indexing']>,
  background: Background,
): Promise<void> {
  const { index } = conversations;
  await index.load();
  if (index.isComplete || indexing.value !== undefined) return;
  const built = index.build(conversations.all(), (done, total) => {
    indexing.value = { done, total };
  });
  indexing.value = { done: 0, total: 0 };
  background.run(
    built
      .then(() => undefined)
      .finally(() => {
        indexing.value = undefined;
      }),
    'add messages to the search index',
  );
}
