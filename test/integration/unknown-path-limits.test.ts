/** What is asked of paths that do not exist is counted before anything of it is read. */
import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { RATES } from '@tacet/protocol/limits';
import { openTestServer } from '../support/open-test-server.ts';

t.test(
  'a body for a path that does not exist is not waited for once its sender is over the limit',
  async (t) => {
    await using server = await openTestServer({
      settings: { TACET_RATE_FACTOR: '1' },
      overrides: { clock: { now: () => 1_795_000_000_000 } },
    });
    for (let i = 0; i < RATES.unknown.burst; i++) {
      t.equal((await fetch(`${server.url}/v1/no-such-path`)).status, 404);
    }
    const socket = connect(server.port, '127.0.0.1');
    socket.write(
      [
        'POST /v1/no-such-path HTTP/1.1',
        'host: localhost',
        'content-type: application/json',
        'content-length: 1000000',
        '\r\n',
      ].join('\r\n'),
    );
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    t.match(chunk.toString('latin1'), /^HTTP\/1\.1 429 /);
    socket.destroy();
  },
);
