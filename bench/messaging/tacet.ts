/**
 * This project's server as a process of its own, with accounts made by real sign-ups. Frames are encoded once per recipient and then only
 * filled in, so that the measuring process does not become the limit; what is sent is what a client sends.
 */
import { randomFillSync } from 'node:crypto';
import { ANONYMOUS_PATH, SOCKET_PATH } from '../../protocol/frames/client.ts';
import { encodeFrame, parseFrame } from '../../protocol/frames/frame.ts';
import { ServerFrame } from '../../protocol/frames/server.ts';
import { idBytes } from '../../protocol/ids.ts';
import { TRANSPORT_VERSION } from '../../protocol/version.ts';
import { makeAccount, sha256, type WireAccount } from '../../test/support/make-account.ts';
import { startServer, type ServerProcess } from '../../test/support/server-process.ts';
import { openWebSocket } from './socket.ts';
import type { Receiver, Sender, Target } from './target.ts';

/** Sign-ups under way at a time. */
const SIGN_UPS_TOGETHER = 16;
/** Requests are numbered from here, so that every number takes the same five bytes. */
const FIRST_REQUEST = 0x0100_0000;
/** Random envelope ids are taken from a pool that is filled anew when it is used up. */
const ID_POOL = Buffer.alloc(16 * 4096);

/** Starts a server with `users` accounts. */
export async function startTacet(
  dataDir: string,
  users: number,
  nodeArguments: readonly string[] = [],
): Promise<Target & { readonly server: ServerProcess }> {
  const server = await startServer({ dataDir, settings: { TACET_RATE_FACTOR: '1000' }, nodeArguments });
  const accounts: WireAccount[] = [];
  while (accounts.length < users) {
    const several = Array.from({ length: Math.min(SIGN_UPS_TOGETHER, users - accounts.length) }, () =>
      makeAccount({ url: server.origin }, { oneTimeKeys: 0 }),
    );
    accounts.push(...(await Promise.all(several)));
  }
  const account = (user: number): WireAccount => {
    const found = accounts[user];
    if (found === undefined) throw new RangeError('no such user');
    return found;
  };
  return {
    server,
    pid: server.pid,
    openSender: () => openSender(server, account),
    openReceiver: (user, onBody) => openReceiver(server, account(user), onBody),
    async stop() {
      await server.stop();
    },
  };
}

/** A frame whose places are known, to be filled in. */
interface Template {
  readonly frame: Buffer;
  readonly request: number;
  readonly id: number;
  readonly body: number;
}

async function openSender(server: ServerProcess, account: (user: number) => WireAccount): Promise<Sender> {
  const waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  const templates = new Map<string, Template>();
  let next = FIRST_REQUEST;
  let idAt = ID_POOL.length;
  let greeted: (() => void) | undefined;
  const welcome = new Promise<void>((resolve) => (greeted = resolve));
  const sentPlace = encodeFrame({ kind: 'sent', re: FIRST_REQUEST }).indexOf(0x1a) + 1;
  const socket = await openWebSocket(`${server.socketOrigin}${ANONYMOUS_PATH}`, (data) => {
    const request = data.readUInt32BE(sentPlace);
    const waiter = waiting.get(request);
    if (waiter !== undefined && data.includes('sent', 0, 'latin1')) {
      waiting.delete(request);
      waiter.resolve();
      return;
    }
    const frame = parseFrame(ServerFrame, data);
    if (frame.kind === 'welcome-anonymous') greeted?.();
    else for (const { reject } of waiting.values()) reject(new Error(JSON.stringify(frame)));
  });
  socket.send(encodeFrame({ kind: 'hello', version: TRANSPORT_VERSION }));
  await welcome;
  return {
    send: (to, body) =>
      new Promise((resolve, reject) => {
        const key = `${String(to)} ${String(body.length)}`;
        const template = templates.get(key) ?? makeTemplate(account(to), body.length);
        templates.set(key, template);
        if (idAt === ID_POOL.length) {
          randomFillSync(ID_POOL);
          idAt = 0;
        }
        const frame = Buffer.from(template.frame);
        next += 1;
        frame.writeUInt32BE(next, template.request);
        ID_POOL.copy(frame, template.id, idAt, (idAt += 16));
        body.copy(frame, template.body);
        waiting.set(next, { resolve, reject });
        socket.send(frame);
      }),
    close: () => socket.close(),
  };
}

function makeTemplate(to: WireAccount, size: number): Template {
  const [device] = to.devices;
  if (device === undefined) throw new RangeError('no device');
  const id = Buffer.alloc(16, 0xe1);
  const body = Buffer.alloc(size, 0xe2);
  const frame = Buffer.from(
    encodeFrame({
      kind: 'send',
      re: FIRST_REQUEST,
      account: idBytes(to.id),
      deliveryKey: to.deliveryKey,
      listHash: sha256(to.list.bytes),
      online: false,
      to: [{ device: idBytes(device.id), envelope: { id, body } }],
    }),
  );
  const request = Buffer.alloc(5, 0x1a);
  request.writeUInt32BE(FIRST_REQUEST, 1);
  return { frame, request: frame.indexOf(request) + 1, id: frame.indexOf(id), body: frame.indexOf(body) };
}

async function openReceiver(
  server: ServerProcess,
  account: WireAccount,
  onBody: (body: Buffer) => void,
): Promise<Receiver> {
  let drained: (() => void) | undefined;
  const ready = new Promise<void>((resolve) => (drained = resolve));
  const mark = Buffer.alloc(16, 0xe1);
  const acknowledge = Buffer.from(encodeFrame({ kind: 'acknowledge', envelopes: [mark] }));
  const ackPlace = acknowledge.indexOf(mark);
  const sample = Buffer.from(
    encodeFrame({ kind: 'deliver', id: mark, receivedAt: 2 ** 40, body: Buffer.alloc(1024, 0xe2) }),
  );
  const idPlace = sample.indexOf(mark);
  const bodyPlace = sample.indexOf(Buffer.alloc(1024, 0xe2));
  const socket = await openWebSocket(`${server.socketOrigin}${SOCKET_PATH}`, (data, from) => {
    if (data.length < sample.length) {
      const frame = parseFrame(ServerFrame, data);
      if (frame.kind === 'drained') drained?.();
      else if (frame.kind === 'refused' && frame.code !== 'shutting-down') throw new Error(frame.code);
      return;
    }
    const answer = Buffer.from(acknowledge);
    data.copy(answer, ackPlace, idPlace, idPlace + 16);
    from.send(answer);
    onBody(data.subarray(bodyPlace, bodyPlace + 1024));
  });
  const [device] = account.devices;
  socket.send(
    encodeFrame({ kind: 'hello', version: TRANSPORT_VERSION, token: device?.token ?? '', counter: 1 }),
  );
  await ready;
  return { close: () => socket.close() };
}
