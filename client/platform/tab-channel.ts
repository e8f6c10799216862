/** Channels between the tabs of this origin: broadcast channels, which every supported browser has in windows and workers. */
import type { TabPorts } from '../core/ports.ts';

/** Opens the channel of a name. Messages of this tab itself do not come back. */
export const openTabChannel: TabPorts['openChannel'] = (name, receive) => {
  const channel = new BroadcastChannel(name);
  channel.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.origin === location.origin) receive(event.data);
  });
  return {
    post: (message) => channel.postMessage(message),
    close: () => channel.close(),
  };
};
