/**
 * The anchor: the least possible ws and SQLite mailbox with group commit (bench/peers/messaging/anchor-server.mjs). Not a peer: it marks
 * what the stack can reach on this machine in this run. Its frames: 0x01 u32 request, u8 length, name, body; 0x81 u32 request
 * (accepted); 0x02 u32 message, body (delivery); 0x82 u32 message (taken).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { openWebSocket } from './socket.ts';
import type { Receiver, Sender, Target } from './target.ts';

const SERVER = fileURLToPath(new URL('../peers/messaging/anchor-server.mjs', import.meta.url));

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const listening = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  socket.destroy();
  return listening;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** Starts the anchor on a free port, its data in `folder`. */
export async function startAnchor(folder: string): Promise<Target> {
  const port = await freePort();
  const child = spawn(process.execPath, [SERVER], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] ?? '', MODE: 'group', PORT: String(port), DIR: folder },
  });
  const ended = once(child, 'exit');
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error('the anchor did not start');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const url = (user: number): string => `ws://127.0.0.1:${String(port)}/?u=u${String(user)}`;

  async function openSender(user: number): Promise<Sender> {
    const waiting = new Map<number, () => void>();
    let next = 0;
    const socket = await openWebSocket(`${url(user)}s`, (data) => {
      if (data[0] !== 0x81) return;
      const request = data.readUInt32LE(1);
      waiting.get(request)?.();
      waiting.delete(request);
    });
    return {
      send: (to, body) =>
        new Promise((resolve) => {
          const name = `u${String(to)}`;
          const frame = Buffer.allocUnsafe(6 + name.length + body.length);
          next += 1;
          frame[0] = 1;
          frame.writeUInt32LE(next, 1);
          frame[5] = name.length;
          frame.write(name, 6, 'latin1');
          body.copy(frame, 6 + name.length);
          waiting.set(next, resolve);
          socket.send(frame);
        }),
      close: () => socket.close(),
    };
  }

  async function openReceiver(user: number, onBody: (body: Buffer) => void): Promise<Receiver> {
    const socket = await openWebSocket(url(user), (data, from) => {
      if (data[0] !== 2) return;
      const taken = Buffer.allocUnsafe(5);
      taken[0] = 0x82;
      data.copy(taken, 1, 1, 5);
      from.send(taken);
      onBody(data.subarray(5));
    });
    return { close: () => socket.close() };
  }

  return {
    pid: child.pid ?? 0,
    openSender,
    openReceiver,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
