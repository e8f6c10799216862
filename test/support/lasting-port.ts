/** Ports for servers that are ended and started again at the same address. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Systems give out the ports above these by themselves, to whoever asks for any: such a one may be gone when its server comes back. */
const [FIRST, END] = [20_000, 30_000];

/** A port for `TACET_PORT` that is free, and that no program beside these tests takes while its server is away. */
export async function findLastingPort(): Promise<string> {
  for (;;) {
    const port = randomInt(FIRST, END);
    if (await isFree(port)) return String(port);
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
