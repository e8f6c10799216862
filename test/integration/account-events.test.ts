/** What a change over HTTP does to connected sockets and to sends: notices, closed sockets, refused keys, on the whole server. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { encodeB64u } from '@tacet/protocol/bytes';
import { idBytes, idOf } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { changeCredentials, putDeliveryKey, putProfile, putRecord } from '@tacet/protocol/rest/accounts';
import { introduce, strangerBundles } from '@tacet/protocol/rest/people';
import { signOut } from '@tacet/protocol/rest/sessions';
import { signedDeparture } from '@tacet/protocol/signed/statement';
import { signedChangeCredentials } from '@tacet/protocol/signed/requests';
import { sendTo, tryDelete } from '../support/account-requests.ts';
import {
  bytesOf,
  freshChallenge,
  linkDevice,
  makeAccount,
  makeDevice,
  makeSigningKey,
  sha256,
  signList,
  signRequest,
  tryChangeList,
  tryLogin,
  trySignUp,
  type WireDevice,
} from '../support/make-account.ts';
import { openTestServer, type TestServer } from '../support/open-test-server.ts';
import { callRoute, mustCall } from '../support/rest-client.ts';
import { openAnonymous, openSignedIn, type SocketClient } from '../support/socket-client.ts';

/** An account with two devices, both connected. */
async function connectTwo(server: TestServer) {
  const account = await makeAccount(server);
  const second = await linkDevice(server, account);
  const [first] = account.devices;
  if (first === undefined) throw new Error('no device');
  const sockets = await Promise.all([first, second].map((device) => connect(server, device)));
  const [one, two] = sockets;
  if (one === undefined || two === undefined) throw new Error('no socket');
  return { account, first, second, one, two };
}

async function connect(server: TestServer, device: WireDevice): Promise<SocketClient> {
  const socket = await openSignedIn(server.url.replace('http:', 'ws:'), bytesOf(device.token));
  await socket.take('welcome');
  await socket.take('drained');
  return socket;
}

t.test(
  'a changed record, list and credentials are told to the other devices, not to the one that made the change',
  async (t) => {
    await using server = await openTestServer();
    const { account, first, one, two } = await connectTwo(server);
    await mustCall(server.url, putRecord, { token: first.token, body: { version: 2, sealed: 'AAAA' } });
    t.equal((await two.take('notice')).what, 'record');

    const next = makeSigningKey();
    const credentials = {
      version: 2,
      loginKey: next.publicKey,
      vault: randomBytes(80),
      wraps: [{ way: 'passphrase', sealed: randomBytes(60) }],
    };
    const challenge = await freshChallenge(server);
    const request = { origin: server.url, challenge, account: idBytes(account.id), credentials };
    const body = signRequest(signedChangeCredentials, request, account.loginKey);
    await mustCall(server.url, changeCredentials, { token: first.token, body });
    account.loginKey = next;
    t.equal((await two.take('notice')).what, 'credentials');

    await linkDevice(server, account);
    t.equal((await two.take('notice')).what, 'list');
    t.strictSame(
      (await one.barrier()).map(({ kind }) => kind),
      ['notice'],
      'the first hears of the added device only',
    );
    await mustCall(server.url, putProfile, { token: first.token, body: { version: 2, sealed: 'AAAA' } });
    t.strictSame(await two.barrier(), [], 'a profile is not announced');
  },
);

t.test('a removed device is cut off at once, its mail with it, and senders learn the new list', async (t) => {
  await using server = await openTestServer();
  const { account, first, second, one, two } = await connectTwo(server);
  const sender = await openAnonymous(server.url.replace('http:', 'ws:'));
  const before = sendTo(account, { re: 6 });
  t.equal((await tryChangeList(server, account, [first], first)).status, 200);
  t.equal((await two.take('refused')).code, 'session-ended');
  t.equal((await two.ended).code, 4403);
  sender.send(before);
  t.equal((await sender.take('refused')).code, 'delivery-refused', 'the delivery key went with the device');
  sender.send({ ...before, re: 7, deliveryKey: account.deliveryKey });
  const { re, directory } = await sender.take('mismatch');
  t.strictSame([re, Buffer.from(directory.list.bytes)], [7, Buffer.from(account.list.bytes)]);
  sender.send(sendTo(account, { re: 8 }));
  t.equal((await sender.take('sent')).re, 8);
  await one.take('deliver');
  const again = await openSignedIn(server.url.replace('http:', 'ws:'), bytesOf(second.token));
  t.equal((await again.take('refused')).code, 'session-ended');
});

t.test('a device that signs out is cut off, the others are told, senders see its departure', async (t) => {
  await using server = await openTestServer();
  const { account, second, one, two } = await connectTwo(server);
  const bytes = signedDeparture.encode({
    account: idBytes(account.id),
    device: idBytes(second.id),
    departedAt: 1_790_000_000_000,
  });
  const departure = { bytes: encodeB64u(bytes), signature: encodeB64u(randomBytes(64)) };
  await mustCall(server.url, signOut, { token: second.token, body: { departure } });
  t.equal((await two.take('refused')).code, 'session-ended');
  t.equal((await one.take('notice')).what, 'list');
  const sender = await openAnonymous(server.url.replace('http:', 'ws:'));
  sender.send(sendTo(account));
  const { directory } = await sender.take('mismatch');
  t.strictSame(
    directory.departures.map((notice) => Buffer.from(notice.bytes)),
    [Buffer.from(bytes)],
  );
});

t.test('signing in again under the same device closes the socket of its former session', async (t) => {
  await using server = await openTestServer();
  const { account, second, one, two } = await connectTwo(server);
  t.equal((await tryLogin(server, account, { ...second, sessionKey: makeSigningKey() })).status, 200);
  t.equal((await two.take('refused')).code, 'session-ended');
  t.strictSame(await one.barrier(), []);
});

t.test('a new delivery key is in force when its change is answered', async (t) => {
  await using server = await openTestServer();
  const { account, first, one } = await connectTwo(server);
  const sender = await openAnonymous(server.url.replace('http:', 'ws:'));
  sender.send(sendTo(account));
  await sender.take('sent');
  await one.take('deliver');
  const key = randomBytes(32);
  await mustCall(server.url, putDeliveryKey, { token: first.token, body: { hash: encodeB64u(sha256(key)) } });
  sender.send(sendTo(account, { re: 2 }));
  t.equal((await sender.take('refused')).code, 'delivery-refused');
  sender.send(sendTo({ ...account, deliveryKey: key }, { re: 3 }));
  t.equal((await sender.take('sent')).re, 3);
});

t.test(
  'an account that was unknown to the first send is found by the next one, once it exists',
  async (t) => {
    await using server = await openTestServer();
    const sender = await openAnonymous(server.url.replace('http:', 'ws:'));
    const id = randomBytes(16);
    sender.send({ ...sendTo(await makeAccount(server)), account: id });
    t.equal((await sender.take('refused')).code, 'delivery-refused');
    const { account, request } = await trySignUp(server, {
      change(ordinary) {
        const entry = { ...makeDevice().entry, device: ordinary.device };
        const { bytes, signature } = signList(id, 1, new Uint8Array(32), [entry]);
        return { ...ordinary, account: id, list: { bytes, signature } };
      },
    });
    sender.send(sendTo({ ...account, id: idOf(id), list: { ...request.list, counter: 1 } }, { re: 2 }));
    t.equal((await sender.take('sent')).re, 2);
  },
);

t.test('a deleted account closes every socket and refuses senders as if it had never been', async (t) => {
  await using server = await openTestServer();
  const { account, one, two } = await connectTwo(server);
  const sender = await openAnonymous(server.url.replace('http:', 'ws:'));
  sender.send(sendTo(account));
  await sender.take('sent');
  await Promise.all([one, two].map((socket) => socket.take('deliver')));
  t.equal((await tryDelete(server, account)).status, 204);
  for (const socket of [one, two]) t.equal((await socket.take('refused')).code, 'session-ended');
  sender.send(sendTo(account, { re: 2 }));
  t.equal((await sender.take('refused')).code, 'delivery-refused');
  const other = await makeAccount(server);
  const introduction = {
    account: account.id,
    listHash: encodeB64u(sha256(account.list.bytes)),
    to: account.devices.map(({ id }) => ({ device: id })),
  };
  const token = other.devices[0]?.token;
  t.equal((await callRoute(server.url, introduce, { token, body: introduction })).code, 'account-unknown');
});

t.test('a device whose one-time keys run low is told', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server, { oneTimeKeys: LIMITS.prekeyRefillBelow + 1 });
  const [device] = account.devices;
  if (device === undefined) throw new Error('no device');
  const socket = await connect(server, device);
  const token = (await makeAccount(server)).devices[0]?.token;
  const ask = () => mustCall(server.url, strangerBundles, { token, body: { account: account.id } });
  await ask();
  t.strictSame(await socket.barrier(), [], 'twenty are enough');
  await ask();
  t.equal((await socket.take('notice')).what, 'prekeys-low');
});
