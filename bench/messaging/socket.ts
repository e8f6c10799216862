/** Opens a WebSocket as every target does: no compression, binary messages. */
import WebSocket from 'ws';

/** An open WebSocket. */
export async function openWebSocket(
  url: string,
  onMessage: (data: Buffer, socket: WebSocket) => void,
): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('message', (data: Buffer) => onMessage(data, socket));
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return socket;
}
