/** Brings the rows of an older local database to where they are looked for now, before anything is sent or received; step by step. */
import { LAYOUT } from './db/migrations.ts';
import { T } from './db/stores.ts';
import type { StoredPerson } from './db/stored-people.ts';
import { noteToldBefore, type ToldNeeds } from './messages/told-before.ts';
import type { Directory } from './people/directory.ts';
import { rekeySessions } from './sessions/rekey.ts';

/** What the steps need. */
export interface LayoutNeeds extends ToldNeeds {
  readonly directory: Directory;
}

/** Takes the steps that lie after `layout`; one that is broken off is taken again. */
export async function bringToLayout(needs: LayoutNeeds, layout: number): Promise<void> {
  const { db, own, directory, conversations } = needs;
  if (layout < 1) await rekeySessions(db, own.value.list);
  await noteToldBefore(needs);
  await db.write([T.layout, T.people], async (tx) => {
    for (const { account } of conversations.all()) {
      if (directory.get(account)?.stored.unreadable !== undefined) directory.edit(tx, account, withNamed);
    }
    tx.put(T.layout, 'layout', LAYOUT);
  });
}

/** Lines about what could not be read that name no envelope stay as they are: nobody can tell what they wait for. */
function withNamed({ unreadable = [], ...stored }: StoredPerson): StoredPerson {
  const named = unreadable.filter((one) => 'envelope' in one);
  return named.length === 0 ? stored : { ...stored, unreadable: named };
}
