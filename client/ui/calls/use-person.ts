/** Who is at the other end of a call. */
import type { ConversationId, PersonView } from '../../core/door.ts';
import { useDoor } from '../door-context.ts';

/** The person of a conversation; somebody without a name while the list does not know him. */
export function usePerson(id: ConversationId | undefined): PersonView {
  const { conversations } = useDoor().state;
  const found = conversations.value.find((one) => one.id === id);
  return (
    found?.person ?? {
      account: id ?? ('' as ConversationId),
      username: undefined,
      name: '…',
      trust: 'unverified',
    }
  );
}
