/** What a client breaks below the frames, on the level of RFC 6455 or of the connection, is no fault of the server. */
import { once } from 'node:events';
import t from 'tap';
import { ANONYMOUS_PATH } from '@tacet/protocol/frames/client';
import { openTestServer } from '../support/open-test-server.ts';
import { recordLog } from '../support/recorded-log.ts';
import { openSocket } from '../support/socket-client.ts';

/** What stands under a client's WebSocket. */
interface Underneath {
  readonly _socket: { write(bytes: Uint8Array): void; resetAndDestroy(): void };
}

t.test(
  'a client that breaks the WebSocket protocol, or hangs up hard, leaves no line in the log',
  async (t) => {
    const { lines, logger } = recordLog('info');
    await using server = await openTestServer({
      settings: { TACET_LOG_LEVEL: 'info' },
      overrides: { logger },
    });
    const origin = `ws://127.0.0.1:${String(server.port)}`;
    const broken = [
      ['a reserved opcode', [0x83, 0x80, 0, 0, 0, 0]],
      ['no mask', [0x82, 0x01, 0x41]],
      ['reserved bits', [0xf2, 0x80, 0, 0, 0, 0]],
      ['more than a message may have', [0x82, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4]],
    ] as const;
    for (const [title, bytes] of broken) {
      const client = await openSocket(origin, ANONYMOUS_PATH);
      (client.socket as unknown as Underneath)._socket.write(Uint8Array.from(bytes));
      await client.ended;
      t.strictSame(lines, [], title);
    }
    const client = await openSocket(origin, ANONYMOUS_PATH);
    (client.socket as unknown as Underneath)._socket.resetAndDestroy();
    await once(client.socket, 'close');
    await (await openSocket(origin, ANONYMOUS_PATH)).close();
    t.strictSame(lines, [], 'a reset');
  },
);
