/** A busy server is asked again when it says so, a few times and not for long; everything else is told at once. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { Rest } from '@tacet/client/core/transport/rest';
import { isWireError } from '@tacet/protocol/errors';
import { readServer } from '@tacet/protocol/rest/people';
import { openNodePorts } from '../../support/node-ports.ts';

const SERVER = {
  name: 'Tacet',
  inviteOnly: true,
  fresh: false,
  relay: 'off',
  transport: 1,
  oldestTransport: 1,
};

interface Asked {
  readonly rest: Rest;
  /** How long the client waited between its tries, ms. */
  readonly waits: readonly number[];
  readonly tries: () => number;
}

/** A client of a server that answers as told; its waits are over at once and written down. */
async function ask(t: Test, answer: (response: ServerResponse, attempt: number) => void): Promise<Asked> {
  let attempts = 0;
  const server = createServer((request, response) => {
    request.resume();
    attempts += 1;
    answer(response, attempts);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const waits: number[] = [];
  const { http, clock } = openNodePorts({ url: `http://127.0.0.1:${port}` });
  const after = (delayMs: number, run: () => void): (() => void) => {
    waits.push(delayMs);
    run();
    return () => undefined;
  };
  return { rest: new Rest(http, { now: () => clock.now(), after }), waits, tries: () => attempts };
}

function busy(response: ServerResponse, retryAfterMs: number): void {
  response.writeHead(503, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ code: 'overloaded', retryAfterMs }));
}

t.test('a request that a busy server put off is made again when it said', async (t) => {
  const { rest, waits, tries } = await ask(t, (response, attempt) => {
    if (attempt < 3) return busy(response, 700 + attempt);
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(SERVER));
    return undefined;
  });
  const { name } = await rest.call(readServer);
  t.equal(name, SERVER.name);
  t.equal(tries(), 3);
  t.strictSame(waits, [701, 702]);
});

t.test('a server that stays busy is told of after four tries', async (t) => {
  const { rest, tries } = await ask(t, (response) => busy(response, 1));
  await t.rejects(rest.call(readServer), { code: 'overloaded' });
  t.equal(tries(), 4);
});

t.test('nobody is kept waiting for long by a server that says so', async (t) => {
  const { rest, waits, tries } = await ask(t, (response) => busy(response, 86_400_000));
  const error = await rest.call(readServer).catch((thrown: unknown) => thrown);
  t.ok(isWireError(error, 'overloaded'));
  t.equal(tries(), 1);
  t.strictSame(waits, []);
});
