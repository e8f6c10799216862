/** Commands about calls. */
import type { CallMedia } from '@tacet/protocol/content/call';
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
      // A ring is not to wait for the back-off.
      home.connection.connectNow();
      return (await home.late.calls()).start(id, mediaFrom(media), key());
    },
    takeCall: async (call, media) => (await life.home().late.calls()).take(call, mediaFrom(media)),
    hangUp: async (call) => (await life.home().late.calls()).hangUp(call),
    seeCallEnd: async () => (await life.home().late.calls()).seeEnd(),
  } satisfies Partial<Commands>;
}
