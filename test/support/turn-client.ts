/** As much of a TURN client (RFC 8656) as asks a server for an address, with long-term credentials (RFC 8489 section 9.2). */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const COOKIE = 0x2112a442;
const ALLOCATE = 0x0003;
const USERNAME = 0x0006;
const MESSAGE_INTEGRITY = 0x0008;
const ERROR_CODE = 0x0009;
const REALM = 0x0014;
const NONCE = 0x0015;
const REQUESTED_TRANSPORT = 0x0019;
const UDP = Buffer.from([17, 0, 0, 0]);
const HEAD_BYTES = 20;
const INTEGRITY_BYTES = 24;
/** The first answer to what was lost or came too early. */
const AGAIN_MS = 500;

type Attributes = readonly (readonly [type: number, value: Buffer])[];

function encode(attributes: Attributes, key?: Buffer): Buffer {
  const body = Buffer.concat(
    attributes.map(([type, value]) => {
      const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
      padded.writeUInt16BE(type, 0);
      padded.writeUInt16BE(value.length, 2);
      value.copy(padded, 4);
      return padded;
    }),
  );
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(ALLOCATE, 0);
  head.writeUInt16BE(body.length + (key === undefined ? 0 : INTEGRITY_BYTES), 2);
  head.writeUInt32BE(COOKIE, 4);
  randomBytes(12).copy(head, 8);
  const message = Buffer.concat([head, body]);
  if (key === undefined) return message;
  const integrity = createHmac('sha1', key).update(message).digest();
  return Buffer.concat([message, Buffer.from([0, MESSAGE_INTEGRITY, 0, integrity.length]), integrity]);
}

function attribute(message: Buffer, wanted: number): Buffer | undefined {
  for (let at = HEAD_BYTES; at + 4 <= message.length;) {
    const length = message.readUInt16BE(at + 2);
    if (message.readUInt16BE(at) === wanted) return message.subarray(at + 4, at + 4 + length);
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return undefined;
}

/** What the server said: an address was given, or the error code that it refused with. */
export type Allocation = 'allocated' | number;

/** Asks a TURN server on this machine for an address. Waits for as long as it is silent. */
export async function allocate(port: number, username: string, credential: string): Promise<Allocation> {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  // What is not listened at yet refuses datagrams.
  socket.on('error', () => undefined);
  const ask = async (message: Buffer): Promise<Buffer> => {
    const answered = new Promise<Buffer>((resolve) => {
      socket.once('message', resolve);
    });
    const timer = setInterval(() => socket.send(message), AGAIN_MS);
    socket.send(message);
    const answer = await answered;
    clearInterval(timer);
    return answer;
  };
  try {
    const transport = [REQUESTED_TRANSPORT, UDP] as const;
    const challenge = await ask(encode([transport]));
    const [realm, nonce] = [attribute(challenge, REALM), attribute(challenge, NONCE)];
    if (realm === undefined || nonce === undefined) throw new Error('it asks for no credentials');
    const key = createHash('md5').update(`${username}:${realm.toString()}:${credential}`).digest();
    const answer = await ask(
      encode([transport, [USERNAME, Buffer.from(username)], [REALM, realm], [NONCE, nonce]], key),
    );
    const code = attribute(answer, ERROR_CODE);
    return code === undefined ? 'allocated' : (code[2] ?? 0) * 100 + (code[3] ?? 0);
  } finally {
    socket.close();
  }
}
