/** How people are shown: name, picture, trust and the key that is in force, and how they stand to this account. */
import type { AccountId } from '@tacet/protocol/ids';
import type { StoredConversation } from '../db/stored-people.ts';
import type { Home } from '../home.ts';
import { nameOfKey } from '../key-name.ts';
import { countToday } from '../people/within-day.ts';
import type { Me, PersonView, Relation } from '../view.ts';

/** Characters of an id that stand for somebody without a name. */
const SHORT_ID = 8;

/** How a person is shown. */
export function personOf(home: Home, account: AccountId): PersonView {
  const contact = home.record.contact(account);
  const username = contact?.username;
  const claims = username === undefined ? home.directory.get(account)?.stored.username : undefined;
  const renewals = countToday(home.directory.get(account)?.stored.renewals, home.clock.now());
  return {
    account,
    username,
    ...(claims === undefined ? {} : { claims }),
    name: contact?.name ?? username ?? account.slice(0, SHORT_ID),
    picture: home.profiles.pictureName(account),
    key: keyName(home, account),
    trust: contact?.trust ?? 'unverified',
    ...(home.directory.isBlocked(account) ? { changed: true } : {}),
    ...(renewals === 0 ? {} : { renewals }),
  };
}

/** The account key that is shown for somebody. */
function keyName(home: Home, account: AccountId): string | undefined {
  const changed = home.conversations.get(account)?.changedKey;
  const key = changed?.accountKey ?? home.record.contact(account)?.accountKey;
  return key === undefined ? undefined : nameOfKey(key);
}

/** Who this device belongs to. */
export function meOf(home: Home): Me {
  const { account, device, username } = home.own.value;
  const { settings } = home.record.value;
  return {
    account,
    device,
    username,
    name: home.record.value.name,
    defaultTimer: settings.timer ?? 0,
    readReceipts: settings.readReceipts,
    typing: settings.typing,
    relayCalls: settings.relayCalls ?? false,
    picture: home.profiles.pictureName(account),
  };
}

/** How somebody stands to this account. */
export function relationOf(home: Home, stored: StoredConversation): Relation {
  const contact = home.record.contact(stored.account);
  if (contact?.state === 'blocked') return 'blocked';
  if (contact?.state === 'accepted') return 'accepted';
  return stored.last === undefined ? 'new' : 'request';
}
