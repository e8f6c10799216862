/**
 * A WebSocket to the own origin. The browser offers no way to leave cookies out of the handshake; the anonymous path is outside the
 * cookie's path, so none reaches it.
 */
import type { OpenSocket, SocketEvents } from '../core/ports.ts';

/** Close code for a socket that never opened or broke off (RFC 6455 section 7.1.5). */
const ABNORMAL = 1006;

function socketUrl(path: string): string {
  const url = new URL(path, location.origin);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** Opens a socket; `closed` is called exactly once, also when opening failed. */
export const openBrowserSocket: OpenSocket = (path: string, events: SocketEvents) => {
  const socket = new WebSocket(socketUrl(path));
  socket.binaryType = 'arraybuffer';
  let over = false;
  const end = (code: number): void => {
    if (over) return;
    over = true;
    events.closed(code);
  };
  socket.addEventListener('open', () => {
    if (!over) events.opened();
  });
  socket.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (over) return;
    if (event.data instanceof ArrayBuffer) events.message(new Uint8Array(event.data));
    else socket.close(4000, '');
  });
  // A failed connection closes with 1006 after this; one that a policy forbids does not close at all.
  socket.addEventListener('error', () => end(ABNORMAL));
  socket.addEventListener('close', (event) => end(event.code === 0 ? ABNORMAL : event.code));
  return {
    send(bytes) {
      if (socket.readyState === WebSocket.OPEN) socket.send(new Uint8Array(bytes));
    },
    bufferedBytes: () => socket.bufferedAmount,
    close(code) {
      // A browser lets a page close with 1000 or a private code only.
      if (code === undefined || (code !== 1000 && (code < 3000 || code > 4999))) socket.close();
      else socket.close(code);
      // A dead network delays the close event by minutes; whoever closed does not wait for it.
      queueMicrotask(() => end(code ?? ABNORMAL));
    },
  };
};
