/** Commands about calls. */
import type { CallMedia } from '@tacet/protocol/content/call';
import { idBytes, idOf, type CallId } from '@tacet/protocol/ids';
import { CoreError } from '../failure.ts';
import type { Commands } from '../view.ts';
import type { CommandNeeds } from './needs.ts';

function mediaFrom(media: CallMedia): CallMedia {
  if (media !== 'audio' && media !== 'video') throw new CoreError('unexpected', 'no such call');
  return media;
}

export function callCommands({ life, key }: CommandNeeds) {
  return {
    startCall: async (conversation, media) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.calls()).start(id, mediaFrom(media), idOf<CallId>(idBytes(key())));
    },
    takeCall: async (media) => (await life.home().late.calls()).take(mediaFrom(media)),
    hangUp: async () => (await life.home().late.calls()).hangUp(),
    seeCallEnd: async () => (await life.home().late.calls()).seeEnd(),
  } satisfies Partial<Commands>;
}
