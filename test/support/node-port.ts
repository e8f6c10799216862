/** A message port of Node's in the form that core and its door speak: listeners get events with `data`. */
import type { MessagePort } from 'node:worker_threads';
import type { PortLike } from '@tacet/client/core/door';

type Listener = Parameters<PortLike['addEventListener']>[1];

/** Wraps one end of a channel. What was sent before anybody listens is delivered once `start` is called. */
export function nodePort(port: MessagePort): PortLike {
  const listening = new Map<Listener, (data: unknown) => void>();
  return {
    postMessage: (message) => port.postMessage(message),
    addEventListener(_type, listener) {
      if (listening.has(listener)) return;
      const run = (data: unknown): void => listener({ data });
      listening.set(listener, run);
      port.on('message', run);
    },
    removeEventListener(_type, listener) {
      const run = listening.get(listener);
      if (run === undefined) return;
      listening.delete(listener);
      port.off('message', run);
    },
    start: () => port.start(),
  };
}
