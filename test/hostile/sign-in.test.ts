/** What a server can make of a sign-in or a sign-up: nothing of the passphrase, no key of its own, no session that outlives its end. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { parseInviteLink } from '@tacet/client/core/account/invites';
import { ARGON2, stretchPassphrase, verifyWithPublicKey } from '@tacet/crypto/vault';
import { decodeB64u, encodeB64u } from '@tacet/protocol/bytes';
import type { HttpRequest } from '@tacet/client/core/ports';
import { changeCredentials, getCredentials, getRecord } from '@tacet/protocol/rest/accounts';
import { addDevice } from '@tacet/protocol/rest/devices';
import { login, renewSession } from '@tacet/protocol/rest/sessions';
import { signedChangeCredentials, signedLogin } from '@tacet/protocol/signed/requests';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { makeAccount, makeDevice, makeSigningKey, tryLogin } from '../support/make-account.ts';
import { isOnline, openTestClient, openWith, signIn, textsOf } from '../support/make-client.ts';
import { openScene } from './scene.ts';
import { readAs } from './servers-word.ts';

t.setTimeout(300_000);
const scene = await openScene();
t.teardown(() => scene.close());
const WRONG = 'six words that nobody here ever chose';

/** The signed bytes of a request. */
function signedOf({ body }: HttpRequest): { readonly bytes: Uint8Array; readonly signature: Uint8Array } {
  const { bytes, signature } = JSON.parse(body ?? '') as { bytes: string; signature: string };
  return { bytes: decodeB64u(bytes)!, signature: decodeB64u(signature)! };
}

function isLogin({ path, method }: Pick<HttpRequest, 'path' | 'method'>): boolean {
  return path === login.path && method === login.method;
}

/** The same bytes with a bit turned over. */
function flipped(text: string): string {
  const bytes = Uint8Array.from(decodeB64u(text)!);
  bytes[bytes.length >> 1]! ^= 1;
  return encodeB64u(bytes);
}

t.test(
  'A50: however wrong a passphrase is, and whatever stands in the place of the vault, the server hears the same',
  async (t) => {
    const { ada, ben } = scene;
    const honest = JSON.parse(await readAs(ada, getCredentials)) as {
      readonly version: number;
      readonly vault: string;
      readonly wraps: readonly { readonly way: string; readonly sealed: string }[];
    };
    const others = JSON.parse(await readAs(ben, getCredentials)) as typeof honest;
    const [wrap] = honest.wraps;
    let shown: object = honest;
    const { way, wire } = await scene.newWay();
    await using client = openTestClient({ ...way });
    wire.answer = ({ path, method, body, ...rest }, reply) => {
      if (path === getCredentials.path) return { ...reply, status: 200, body: JSON.stringify(shown) };
      if (!isLogin({ path, method })) return reply;
      // Everybody is let in.
      const { device } = signedLogin.parse(signedOf({ path, method, body, ...rest }).bytes);
      const session = {
        account: ada.client.state.session.kind === 'signed-in' ? ada.client.state.session.me.account : '',
        device: encodeB64u(device),
        accessToken: encodeB64u(randomBytes(32)),
        expiresAt: Date.now() + 900_000,
        pending: true,
      };
      return { ...reply, status: 200, body: JSON.stringify(session) };
    };
    await client.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
    const tries: readonly (readonly [string, string, object, string])[] = [
      ['another passphrase', WRONG, honest, 'passphrase-wrong'],
      [
        'another wrap',
        ada.passphrase,
        { ...honest, wraps: [{ ...wrap, sealed: flipped(wrap!.sealed) }] },
        'server-dishonest',
      ],
      ['somebody else’s wrap', ada.passphrase, { ...honest, wraps: others.wraps }, 'server-dishonest'],
      ['another vault', ada.passphrase, { ...honest, vault: flipped(honest.vault) }, 'server-dishonest'],
      ['another version', ada.passphrase, { ...honest, version: honest.version + 1 }, 'server-dishonest'],
    ];
    let first: unknown;
    for (const [what, passphrase, credentials, code] of tries) {
      shown = credentials;
      const from = wire.asked.length;
      await t.rejects(client.commands.signIn({ username: ada.username, passphrase }), { code }, what);
      const heard = wire.asked
        .slice(from)
        .map(({ method, path, headers, body }) =>
          JSON.stringify([method, path, Object.keys(headers), body?.length]),
        )
        // A connection that had been idle was closed: the platform asks the same again.
        .filter((each, i, all) => each !== all[i - 1]);
      first ??= heard;
      t.strictSame(heard, first, `${what}: the server hears the same`);
      t.same(client.state.session, { kind: 'signed-out' });
    }
    wire.behave();
    await signIn(client, ada.username, ada.passphrase);
    await scene.stillTalk();
  },
);

t.test(
  'A53: a cost or a salt that the server names changes nothing: the key that signs is that of the pinned ones',
  async (t) => {
    const { ada } = scene;
    t.ok(
      ARGON2.memoryBytes >= 64 * 1024 * 1024 && ARGON2.passes >= 3,
      'what is pinned is no less than it was',
    );
    const { way, wire } = await scene.newWay();
    await using client = openTestClient({ ...way });
    await client.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
    const weak = { salt: encodeB64u(new Uint8Array(16)), kdf: { memoryBytes: 8192, passes: 1 } };
    for (const route of [login, getCredentials]) {
      wire.answer = ({ path, method }, reply) =>
        path === route.path && method === route.method
          ? { ...reply, body: JSON.stringify({ ...(JSON.parse(reply.body) as object), ...weak }) }
          : reply;
      await t.rejects(
        client.commands.signIn({ username: ada.username, passphrase: ada.passphrase }),
        { code: 'server-dishonest' },
        `${route.name}: an answer with more than belongs in it is none`,
      );
    }
    const { loginKey } = stretchPassphrase(ada.passphrase, ada.username);
    const logins = wire.asked.filter(isLogin).map(signedOf);
    t.equal(logins.length, 2);
    for (const { bytes, signature } of logins) {
      t.ok(verifyWithPublicKey(loginKey.publicKey, SIGNED_LABELS.login, bytes, signature));
    }
    await scene.stillTalk();
  },
);

t.test('A54: a sign-in is signed for the page’s own origin, and is worth nothing at another', async (t) => {
  const { ada } = scene;
  const { proxy, wire } = await scene.newWay();
  // The look-alike passes everything on to the real server.
  const url = 'https://tacet.look-alike.example';
  await using client = openTestClient({ url, via: proxy.url });
  await client.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await t.rejects(client.commands.signIn({ username: ada.username, passphrase: ada.passphrase }), {
    code: 'login-refused',
  });
  t.equal(signedLogin.parse(signedOf(wire.asked.find(isLogin)!).bytes).origin, url);
  await scene.stillTalk();
});

t.test(
  'A55: an unknown name, a wrong key and a stolen device id are one answer, byte for byte',
  async (t) => {
    const at = { url: scene.origin };
    const inviteOf = async (): Promise<string | undefined> => {
      const link = await scene.freshInvite();
      return link === undefined ? undefined : parseInviteLink(link, scene.origin).code;
    };
    const account = await makeAccount(at, { username: scene.freshName('cleo'), invite: await inviteOf() });
    const other = await makeAccount(at, { username: scene.freshName('dora'), invite: await inviteOf() });
    const wrongKey = await tryLogin(at, { ...account, loginKey: makeSigningKey() }, makeDevice());
    const unknown = await tryLogin(at, { ...account, username: scene.freshName('nobody') }, makeDevice());
    const taken = await tryLogin(at, account, other.devices[0]!);
    // The length of the body stands among the headers.
    const shape = ({ status, code, headers }: { status: number; code: unknown; headers: Headers }) => ({
      status,
      code,
      headers: [...headers].filter(([name]) => name !== 'date'),
    });
    t.strictSame(shape(unknown), shape(wrongKey));
    t.strictSame(shape(taken), shape(wrongKey));
    t.equal(wrongKey.code, 'login-refused');
    t.ok(wrongKey.headers.has('content-length'));

    const { way } = await scene.newWay();
    await using client = openTestClient({ ...way });
    await client.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
    for (const username of [scene.ada.username, scene.freshName('nobody')]) {
      await t.rejects(client.commands.signIn({ username, passphrase: WRONG }), { code: 'login-refused' });
      t.same(client.state.session, { kind: 'signed-out' });
      t.equal(client.state.progress, undefined);
    }
    await scene.stillTalk();
  },
);

t.test('A51: no secret is encrypted to a key that the server brings in', async (t) => {
  const { ben } = scene;
  const next = await ben.client.commands.suggestPassphrase();
  ben.wire.answer = ({ path, method }, reply) => {
    if (path !== getCredentials.path || method !== getCredentials.method) return reply;
    const honest = JSON.parse(reply.body) as { readonly wraps: readonly object[] };
    const escrow = { way: 'escrow', sealed: encodeB64u(randomBytes(72)) };
    return { ...reply, body: JSON.stringify({ ...honest, wraps: [...honest.wraps, escrow] }) };
  };
  await ben.client.commands.changePassphrase({ current: ben.passphrase, next });
  const asked = ben.wire.asked.findLast(
    ({ path, method }) => path === changeCredentials.path && method === changeCredentials.method,
  )!;
  const { credentials } = signedChangeCredentials.parse(signedOf(asked).bytes);
  t.strictSame(
    credentials.wraps.map(({ way }) => way),
    ['passphrase'],
  );
  t.equal(
    encodeB64u(credentials.loginKey),
    encodeB64u(stretchPassphrase(next, ben.username).loginKey.publicKey),
  );
  await scene.stillTalk();

  // A key where none belongs is no answer.
  ben.wire.answer = ({ path, method }, reply) =>
    path === getCredentials.path && method === getCredentials.method
      ? {
          ...reply,
          body: JSON.stringify({
            ...(JSON.parse(reply.body) as object),
            recoveryKey: encodeB64u(randomBytes(32)),
          }),
        }
      : reply;
  await t.rejects(ben.client.commands.changePassphrase({ current: next, next: ben.passphrase }), {
    code: 'server-dishonest',
  });
  await scene.stillTalk();
});

t.test(
  'A56: nothing that a device has said opens a session after its end, and no other device’s is taken',
  async (t) => {
    const { ada } = scene;
    const { way, wire, proxy } = await scene.newWay();
    const first = openTestClient({ ...way });
    await signIn(first, ada.username, ada.passphrase);
    const { disk } = first.ports;
    await first.close();

    // Fixed beforehand: the session that the server gives is another device's.
    wire.answer = ({ path }, reply) => {
      if (path !== renewSession.path) return reply;
      const session = JSON.parse(reply.body) as object;
      return { ...reply, body: JSON.stringify({ ...session, device: encodeB64u(randomBytes(16)) }) };
    };
    const hellos = (): number => wire.said.filter(({ kind }) => kind === 'hello').length;
    const before = hellos();
    await using again = openTestClient({ ...way, disk });
    await again.waitFor('refused', ({ connection }) => connection.kind === 'offline');
    t.equal(hellos(), before, 'nothing was said under it');
    wire.behave();
    await again.commands.connectNow();
    await isOnline(again);

    await again.commands.signOut();
    const opens: readonly string[] = [login.path, renewSession.path, addDevice.path];
    const told = wire.asked.filter(
      ({ path, headers }) => opens.includes(path) || headers['authorization'] !== undefined,
    );
    t.ok(told.some(isLogin) && told.some(({ path }) => path === renewSession.path));
    for (const request of told) {
      const { status } = await proxy.send(request);
      t.ok(status >= 400 && status < 500, `${request.method} ${request.path}: ${status}`);
    }
    // Nor does the token serve for anything else.
    const { authorization = '' } = told.findLast(
      ({ headers }) => headers['authorization'] !== undefined,
    )!.headers;
    const { method, path } = getRecord;
    const read = await proxy.send({ method, path, headers: { authorization }, body: undefined });
    t.match(JSON.parse(read.body), { code: 'session-ended' });
    await scene.stillTalk();
  },
);

t.test(
  'A57: a device that is told of its end keeps what it has, and nobody signs up in its place',
  async (t) => {
    const { ada, ben } = scene;
    const shown = textsOf(ada.client.state);
    const { devices } = ada.client.state;
    ada.wire.answer = (_request, reply) => ({
      ...reply,
      status: 401,
      body: JSON.stringify({ code: 'session-ended' }),
    });
    ada.wire.change = (frame) => {
      if (frame.kind !== 'welcome') return [frame];
      setImmediate(() => ada.wire.hangUp(4403));
      return [{ kind: 'refused', code: 'session-ended' }];
    };
    ada.wire.hangUp();
    await ada.client.waitFor('the end', ({ session }) => session.kind === 'ended');
    t.match(ada.client.state.session, { kind: 'ended', why: 'removed' });
    const from = ada.wire.asked.length;
    const passphrase = await ada.client.commands.suggestPassphrase();
    const request = { username: scene.freshName('anew'), name: 'Ada', passphrase, invite: undefined };
    await t.rejects(ada.client.commands.signUp(request), { code: 'cancelled' });
    await t.rejects(ada.client.commands.signIn({ username: ada.username, passphrase: ada.passphrase }), {
      code: 'cancelled',
    });
    t.equal(ada.wire.asked.length, from, 'no new secret was made for the server');

    ada.wire.behave();
    const again = await scene.open(ada);
    await again.waitFor('all that was there', (state) =>
      shown.every((text) => textsOf(state).includes(text)),
    );
    t.equal(again.state.devices.length, devices.length);
    await openWith(ben.client, ada.name);
    await scene.stillTalk();
  },
);
