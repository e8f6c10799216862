/** Debian's coturn as a program of its own on this machine, which lets in whoever has credentials that the server made with the shared secret. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildTurnServer } from '../../server/calls/turn.ts';
import { allocate } from './turn-client.ts';

const SECRET = 'a-secret-shared-with-coturn';

export interface Coturn extends AsyncDisposable {
  readonly port: number;
  readonly secret: string;
  /** Everything that it has printed: who asked for an address by which name, and what became of it. */
  output(): string;
}

/** Starts it and waits until it gives addresses. It listens by UDP and TCP, and carries between its own addresses. Rejects where it ends. */
export async function openCoturn(): Promise<Coturn> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'tacet-turn-'));
  const turnserver = spawn(
    'turnserver',
    (
      '--no-cli --no-tls --no-dtls --log-file stdout --simple-log --verbose --use-auth-secret --realm tacet.example ' +
      `--listening-ip 127.0.0.1 --relay-ip 127.0.0.1 --listening-port ${port} --static-auth-secret ${SECRET} ` +
      `--allow-loopback-peers --pidfile ${join(folder, 'pid')} --userdb ${join(folder, 'db')} -c ${join(folder, 'none')}`
    ).split(' '),
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let output = '';
  turnserver.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = once(turnserver, 'exit').then(
    () => 'ended',
    () => 'not there',
  );
  const { username, credential } = buildTurnServer([], SECRET, Date.now());
  const first = await Promise.race([allocate(port, username, credential), ended]);
  const close = async (): Promise<void> => {
    turnserver.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true });
  };
  if (first !== 'allocated') {
    await close();
    throw new Error(`coturn: ${first}\n${output}`);
  }
  return { port, secret: SECRET, output: () => output, [Symbol.asyncDispose]: close };
}

/** A free port of this machine that some program may be given. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
