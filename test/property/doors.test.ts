/**
 * Every door of a server that runs as `npm start` runs it, with whatever a client may think of: all routes of the protocol, what an operator
 * asks, both sockets, and bytes that are not even HTTP. It never crashes, hangs or fails; each answer is of the schema or a refusal that the
 * route names; nothing that was refused is kept; and honest people are served as before.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { Check } from 'typebox/schema';
import WebSocket from 'ws';
import { ERRORS, isErrorCode, type ErrorCode } from '@tacet/protocol/errors';
import { encodeFrame, parseFrame } from '@tacet/protocol/frames/frame';
import { ServerFrame } from '@tacet/protocol/frames/server';
import { LIMITS } from '@tacet/protocol/limits';
import { ROUTES } from '@tacet/protocol/rest/index';
import { makeInvite, readServer } from '@tacet/protocol/rest/people';
import type { Route } from '@tacet/protocol/route';
import { errorsOf } from '../../server/routes/bind.ts';
import { sendTo } from '../support/account-requests.ts';
import {
  bytesOf,
  linkDevice,
  makeAccount,
  makeDevice,
  tryLogin,
  type WireAccount,
} from '../support/make-account.ts';
import { openRaw } from '../support/raw-http.ts';
import { mustCall } from '../support/rest-client.ts';
import { soak } from '../support/schedule.ts';
import { seedProperties } from '../support/seed-properties.ts';
import { openAnonymous, openSignedIn, type SocketClient } from '../support/socket-client.ts';
import { startWatchedServer } from '../support/watched-server.ts';
import { wildBytes } from '../support/wild-bytes.ts';
import { signedShapeOf, SIGNED, wildCalls, type Caller } from '../support/wild-calls.ts';
import { ask, type WildAnswer, type WildCall } from '../support/wild-http.ts';
import { helloOf, SOCKETS, wildScripts, type Script, type SocketPath } from '../support/wild-frames.ts';

t.setTimeout(580_000 * soak);
seedProperties(t);

/** No answer and no end of a connection is waited for longer, on the busiest machine. */
const WITHIN_MS = 120_000;
/** A caller is replaced after as many calls, and whenever one of them changed something. */
const CALLS_PER_CALLER = 40;
/** What is remembered for a while of each who was let in: the access tokens of three devices for a quarter of an hour, and what they asked for. */
const CALLER_BYTES = 3 * 1024;
/** What an operator and his tools ask for, beside the protocol. */
const OPERATIONS = ['/health/live', '/health/ready', '/metrics', '/openapi.json'];

const server = await startWatchedServer(t.testdir());
const agent = new Agent({ keepAlive: true, maxSockets: 4 });
t.teardown(() => server.kill());

async function within<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  const stop = new AbortController();
  const late = setTimeout(WITHIN_MS, undefined, stop).then(() =>
    Promise.reject(new Error(`${what}: no end`)),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}

/** What the server answers with when it is its own fault. */
const FAILURES: readonly string[] = ['internal', 'storage-failed'] satisfies readonly ErrorCode[];

let caller: Caller | undefined;
let calls = 0;
let callers = 0;

/** Somebody who has an account with two devices, and a third that waits. */
async function makeCaller(): Promise<Caller> {
  callers += 1;
  const account = await makeAccount(server);
  await linkDevice(server, account);
  const pending = makeDevice();
  const { code } = await tryLogin(server, account, pending);
  if (code !== undefined) throw new Error(`sign-in was refused: ${code}`);
  const { code: invite } = await mustCall(server.url, makeInvite, {
    token: account.devices[0]?.token,
    body: { uses: 1, ageMs: 3_600_000 },
  });
  return { account, pending, invite };
}

async function someCaller(): Promise<Caller> {
  calls += 1;
  if (calls % CALLS_PER_CALLER === 0) caller = undefined;
  return (caller ??= await makeCaller());
}

/** A refusal is one of the catalogue, with its status, says nothing besides, and is none of a failure. */
function checkRefusal({ status, body }: WildAnswer, allowed: readonly string[]): void {
  const reply = JSON.parse(body) as { readonly code: string; readonly retryAfterMs?: number };
  const { code, retryAfterMs, ...rest } = reply;
  if (!isErrorCode(code) || !allowed.includes(code)) throw new Error(`${status}: ${body}`);
  if (FAILURES.includes(code)) throw new Error(`the server failed: ${code}`);
  if (ERRORS[code].status !== status) throw new Error(`${code} with ${String(status)}`);
  if (Object.keys(rest).length > 0 || !['undefined', 'number'].includes(typeof retryAfterMs))
    throw new Error('a refusal says more than it may');
}

function checkAnswer(tried: Route, { method }: WildCall, answer: WildAnswer): void {
  if (method === 'HEAD') return;
  const route = ROUTES.find((other) => other.path === tried.path && other.method === method) ?? tried;
  if (answer.status >= 300) {
    checkRefusal(answer, [...errorsOf(route), 'method-not-allowed', 'not-found']);
  } else if (method !== route.method) {
    throw new Error(`${method} was taken for ${route.method}`);
  } else if (!isReply(route, answer.body)) {
    throw new Error(`not the reply of ${route.name}: ${answer.body.slice(0, 200)}`);
  }
}

function isReply({ path, reply }: Route, body: string): boolean {
  if (OPERATIONS.includes(path)) return body !== '';
  return reply === undefined ? body === '' : Check(reply, JSON.parse(body));
}

/** Whether a call has a body past the limit, or of a type that no route takes. */
function isUnread({ bodyMaxBytes }: Route, { body, headers }: WildCall): boolean {
  if (body === undefined) return false;
  return body.length > bodyMaxBytes || headers['content-type']?.startsWith('application/json') !== true;
}

/** Calls a route as often as that; how many calls were accepted. */
async function knock(route: Route, numRuns: number): Promise<number> {
  let accepted = 0;
  const property = fc.asyncProperty(wildCalls(route), async (plan) => {
    const call = await server.patiently(async () => plan(server.url, await someCaller()));
    let before = 0;
    const count = (): void => void (before = server.rows());
    const answer = await ask(server.url, agent, call, count).catch((cause: unknown) => {
      // Of a request that cannot be read the server does not know that it was a HEAD: its refusal has a body then too.
      if (call.method === 'HEAD' && String(cause).includes('Parse Error')) return undefined;
      // Of a body that is not read to its end the word about it may be lost with the connection.
      if (isUnread(route, call) && /ECONNRESET|EPIPE/.test(String(cause))) return undefined;
      throw new Error(`${call.method} ${call.path} ${JSON.stringify(call.headers)}`.slice(0, 600), { cause });
    });
    if (answer === undefined) return;
    checkAnswer(route, call, answer);
    if (answer.status < 300) {
      accepted += 1;
      // It may have ended its session, or its account.
      if (route.method !== 'GET') caller = undefined;
    } else if (server.rows() > before) throw new Error('what was refused is kept');
  });
  await fc.assert(property, { numRuns });
  return accepted;
}

/** Bytes that are hardly a request, and hardly frames of a WebSocket. */
async function babble(numRuns: number): Promise<void> {
  const property = fc.asyncProperty(wildBytes, async (bytes) => {
    const before = server.rows();
    const connection = await openRaw(server.port);
    connection.socket.end(bytes);
    await within(
      connection.until(() => false),
      'a connection',
    );
    if (connection.statuses().some((status) => status >= 500))
      throw new Error(connection.text().slice(0, 300));
    if (server.rows() > before) throw new Error('something is kept');
  });
  await fc.assert(property, { numRuns });
}

/** Close codes of the catalogue but for failures, those of RFC 6455 for what is no frame at all, and an end without one. */
const CLOSES: readonly number[] = Object.values(ERRORS)
  .map(({ close }): number => close)
  .filter((close) => close !== ERRORS.internal.close)
  .concat(1000, 1002, 1005, 1007, 1009);
const LAST_PING = 0xffff_ffff;

/** Says a script on a socket, then asks whether anybody is there: there is an answer, or the socket was closed with a word. */
async function speak(path: SocketPath, { greets, messages }: Script, by: Caller): Promise<void> {
  const socket = new WebSocket(server.socketOrigin + path, { perMessageDeflate: false });
  const refused: string[] = [];
  let heard = (_frame: ServerFrame): void => undefined;
  socket.on('message', (data: Buffer) => {
    const frame = parseFrame(ServerFrame, data);
    if (frame.kind === 'refused') refused.push(frame.code);
    heard(frame);
  });
  socket.on('error', () => undefined);
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const next = (isIt: (frame: ServerFrame) => boolean): Promise<unknown> =>
    Promise.race([closed, new Promise<void>((resolve) => (heard = (frame) => isIt(frame) && resolve()))]);
  await within(once(socket, 'open'), 'an upgrade');
  if (greets) {
    const greeted = next(() => true);
    socket.send(helloOf(path, by));
    await within(greeted, 'a welcome');
  }
  const answered = next((frame) => frame.kind === 'pong' && frame.re === LAST_PING);
  const said = messages.map((message) => message(by));
  for (const message of said) socket.send(message);
  socket.send(encodeFrame({ kind: 'ping', re: LAST_PING }));
  await within(answered, 'a pong, or the end');
  socket.close();
  const code = await within(closed, 'the end');
  const failed = refused.some((word) => !isErrorCode(word) || FAILURES.includes(word));
  // A message past any limit is not read to its end, and the word about it may be lost with the rest.
  const isTooLong = said.some((message) => message.length > 2 * LIMITS.frameMaxBytes);
  if (!failed && (CLOSES.includes(code) || (isTooLong && code === 1006))) return;
  const shown = said.map(
    (message) => `${Buffer.from(message).length}:${Buffer.from(message).toString('hex', 0, 40)}`,
  );
  throw new Error(`closed with ${String(code)}, refused ${refused.join(' ')} after ${shown.join(' ')}`);
}

/** Wild scripts on one socket. */
async function chatter(socket: (typeof SOCKETS)[number], numRuns: number): Promise<void> {
  const by = await server.patiently(makeCaller);
  const before = server.rows();
  let most = 0;
  const property = fc.asyncProperty(wildScripts(socket), async (script) => {
    // Each may be a whole send to all devices, and be kept when its socket is gone.
    most += script.messages.length * by.account.devices.length;
    await speak(socket.path, script, by);
    if (server.rows() > before + most) throw new Error('more is kept than was sent');
  });
  await fc.assert(property, { numRuns });
}

/** Everything once, with as many tries each. */
async function storm(tries: number): Promise<ReadonlyMap<string, number>> {
  const accepted = new Map<string, number>();
  for (const route of ROUTES) accepted.set(route.name, await knock(route, tries));
  for (const path of OPERATIONS) await knock({ ...readServer, name: path, path }, tries);
  await babble(4 * tries);
  for (const socket of SOCKETS) await chatter(socket, 4 * tries);
  return accepted;
}

/** Somebody with an account and a connection, from before: a message reaches him. */
async function expectHonest(receiver: SocketClient, to: WireAccount): Promise<void> {
  const sender = await openAnonymous(server.socketOrigin);
  const body = randomBytes(500);
  sender.send(sendTo(to, { body }));
  await within(sender.take('sent'), 'a send');
  const { id, body: arrived } = await within(receiver.take('deliver'), 'a delivery');
  receiver.acknowledge(id);
  await within(receiver.barrier(), 'an acknowledgement');
  await sender.close();
  if (!Buffer.from(arrived).equals(body)) throw new Error('something else was delivered');
}

t.test('every signed request is tried, each for its route', async (t) => {
  const shapes = ROUTES.map(signedShapeOf).filter((shape) => shape !== undefined);
  t.equal(new Set(shapes).size, shapes.length);
  t.equal(shapes.length, SIGNED.size);
});

t.test(
  'no route, socket or port fails, keeps what it refused, or keeps honest people waiting, whatever is said to it',
  async (t) => {
    const bob = await makeAccount(server);
    const receiver = await openSignedIn(server.socketOrigin, bytesOf(bob.devices[0]?.token ?? ''));
    await receiver.takeUntil('drained');
    await expectHonest(receiver, bob);
    const handles = server.handles();
    await storm(2);
    await expectHonest(receiver, bob);

    agent.destroy();
    await server.untilHandles(handles);
    const held = await server.heldBytes();
    callers = 0;
    const accepted = await storm(12 * soak ** 2);
    await expectHonest(receiver, bob);
    agent.destroy();
    // Whoever is refused is held for a while, and takes room until then.
    t.ok((await server.untilHandles(handles)) <= handles, 'no connection is left');
    const grown = (await server.heldBytes()) - held;
    t.comment(
      [...accepted].map(([name, times]) => `${name} ${String(times)}`).join(', '),
      `${String(grown)} bytes more, ${String(callers)} callers`,
    );
    t.ok(grown < 6 * 2 ** 20 + callers * CALLER_BYTES, `${String(grown)} bytes more are held`);
    t.equal(server.complaints(), '', 'nothing was logged');
    t.ok(server.isAlive());
    await receiver.close();
  },
);
