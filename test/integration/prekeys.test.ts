/** Prekeys over real HTTP: upload, refill, limits, digests, and one-time keys that leave once. */
import { createHash, randomBytes } from 'node:crypto';
import t from 'tap';
import { Bytes, encodeB64u } from '@tacet/protocol/bytes';
import { LIMITS } from '@tacet/protocol/limits';
import { getPreKeys, putPreKeys } from '@tacet/protocol/rest/keys';
import { strangerBundles } from '@tacet/protocol/rest/people';
import { PreKeyUpload } from '@tacet/protocol/shapes';
import type { Static } from 'typebox';
import { toJson } from '../../server/carrier.ts';
import { openTestServer } from '../support/open-test-server.ts';
import {
  linkDevice,
  makeAccount,
  makeEcKey,
  makePrekeys,
  trySignUp,
  type WireAccount,
} from '../support/make-account.ts';
import { readTables } from '../support/read-tables.ts';
import { callRoute, mustCall } from '../support/rest-client.ts';

const tokenOf = (account: WireAccount): string => account.devices[0]?.token ?? '';

const UPLOAD = PreKeyUpload(Bytes);
type Upload = Static<typeof UPLOAD>;

/** The digest as PROTOCOL.md has it. */
function digestOf(keys: readonly { readonly id: number; readonly publicKey: Uint8Array }[]) {
  const hash = createHash('sha256');
  const sorted = keys.toSorted((a, b) => a.id - b.id);
  for (const { id, publicKey } of sorted) {
    hash.update(Buffer.of(id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255)).update(publicKey);
  }
  return { ids: sorted.map(({ id }) => id), digest: encodeB64u(hash.digest()) };
}

const heldOf = (keys: Required<Upload>) => ({
  oneTime: digestOf(keys.oneTime),
  oneTimeKyber: digestOf(keys.oneTimeKyber),
  signed: digestOf([keys.signed]),
  lastResort: digestOf([keys.lastResort]),
});

t.test('the owner can check by digests that the server holds what was uploaded', async (t) => {
  await using server = await openTestServer();
  const { account, request } = await trySignUp(server, { oneTimeKeys: 5 });
  t.strictSame(await mustCall(server.url, getPreKeys, { token: tokenOf(account) }), heldOf(request.prekeys));
});

t.test('a refill adds keys, an id that is held stays as it is', async (t) => {
  await using server = await openTestServer();
  const { account, request } = await trySignUp(server, { oneTimeKeys: 3 });
  const token = tokenOf(account);
  const more = makePrekeys(4, 3);
  const answer = await mustCall(server.url, putPreKeys, {
    token,
    body: toJson({ oneTime: more.oneTime, oneTimeKyber: more.oneTimeKyber }),
  });
  const merged = {
    ...request.prekeys,
    oneTime: [...request.prekeys.oneTime, ...more.oneTime.slice(1)],
    oneTimeKyber: [...request.prekeys.oneTimeKyber, ...more.oneTimeKyber.slice(1)],
  };
  t.strictSame(answer, heldOf(merged));
  t.strictSame(await mustCall(server.url, getPreKeys, { token }), answer);
});

t.test('a rotation replaces signed key, last-resort key and statement, and nothing else', async (t) => {
  await using server = await openTestServer();
  const { account, request } = await trySignUp(server, { oneTimeKeys: 2 });
  const other = await makeAccount(server);
  const { signed, lastResort, statement } = makePrekeys(0, 77);
  const body = toJson({ signed, lastResort, statement, oneTime: [], oneTimeKyber: [] });
  const answer = await mustCall(server.url, putPreKeys, { token: tokenOf(account), body });
  t.strictSame(answer, heldOf({ ...request.prekeys, signed, lastResort }));
  const { bundles } = await mustCall(server.url, strangerBundles, {
    token: tokenOf(other),
    body: { account: account.id },
  });
  t.strictSame(bundles[0]?.signed, toJson(signed));
  t.strictSame(bundles[0]?.statement, toJson(statement));
});

t.test(
  'a device holds at most two hundred one-time keys of a kind; an upload above that changes nothing',
  async (t) => {
    await using server = await openTestServer();
    const token = tokenOf(await makeAccount(server, { oneTimeKeys: 100 }));
    const put = (first: number, count: number) => {
      const { oneTime } = makePrekeys(0);
      const keys = Array.from({ length: count }, (_, i) => ({ id: first + i, publicKey: makeEcKey() }));
      return callRoute(server.url, putPreKeys, {
        token,
        body: toJson({ oneTime: [...oneTime, ...keys], oneTimeKyber: [] }),
      });
    };
    t.equal((await put(1000, 100)).status, 200);
    const before = readTables(server.dataDir);
    t.equal((await put(2000, 1)).code, 'too-large');
    t.strictSame(readTables(server.dataDir), before);
    t.equal((await put(1000, 100)).status, 200, 'ids that are held already count once');
    t.equal(
      (await put(3000, LIMITS.prekeyBatch + 1)).code,
      'malformed-request',
      'nor more than a batch at once',
    );
  },
);

t.test('a full batch of both kinds fits the body limit', async (t) => {
  await using server = await openTestServer();
  const token = tokenOf(await makeAccount(server, { oneTimeKeys: 0 }));
  const body = toJson(makePrekeys(LIMITS.prekeyBatch, 0xff_ff00 - LIMITS.prekeyBatch));
  const answer = await callRoute(server.url, putPreKeys, { token, body });
  t.equal(answer.status, 200);
  t.equal(answer.body.oneTimeKyber.ids.length, LIMITS.prekeyBatch);
});

t.test(
  'a one-time key leaves once, also when many ask at once, and the last-resort key stands in after that',
  async (t) => {
    await using server = await openTestServer();
    const { account, request } = await trySignUp(server, { oneTimeKeys: 8 });
    const other = await makeAccount(server);
    const ask = () =>
      mustCall(server.url, strangerBundles, { token: tokenOf(other), body: { account: account.id } });
    const bundles = (await Promise.all(Array.from({ length: 12 }, ask))).flatMap((answer) => answer.bundles);
    t.equal(bundles.length, 12);
    const oneTime = bundles.flatMap((bundle) => bundle.oneTime ?? []);
    t.strictSame(
      oneTime.toSorted((a, b) => a.id - b.id),
      toJson(request.prekeys.oneTime),
      'each of the eight once',
    );
    const kyber = bundles.map((bundle) => bundle.kyber);
    const lastResort = toJson(request.prekeys.lastResort);
    const isLastResort = (key: { publicKey: string }) => key.publicKey === lastResort.publicKey;
    t.strictSame(
      kyber.filter((key) => !isLastResort(key)).toSorted((a, b) => a.id - b.id),
      toJson(request.prekeys.oneTimeKyber),
    );
    t.equal(kyber.filter(isLastResort).length, 4);
    const held = await mustCall(server.url, getPreKeys, { token: tokenOf(account) });
    t.strictSame([held.oneTime.ids, held.oneTimeKyber.ids], [[], []]);
  },
);

t.test('when bundles of one device are asked for too fast, its one-time keys are spared', async (t) => {
  await using server = await openTestServer({ settings: { TACET_RATE_FACTOR: '1' } });
  const { account } = await trySignUp(server, { oneTimeKeys: 100 });
  const askers = [await makeAccount(server), await makeAccount(server)];
  const bundles = [];
  for (const asker of askers) {
    for (let i = 0; i < 40; i++) {
      const answer = await mustCall(server.url, strangerBundles, {
        token: tokenOf(asker),
        body: { account: account.id },
      });
      bundles.push(...answer.bundles);
    }
  }
  t.equal(bundles.length, 80, 'everybody gets a bundle');
  t.equal(
    bundles.filter((bundle) => bundle.oneTime !== undefined).length,
    60,
    'as many one-time keys as the burst',
  );
});

t.test('prekeys belong to the device that uploads them', async (t) => {
  await using server = await openTestServer();
  const account = await makeAccount(server);
  const second = await linkDevice(server, account);
  const before = await mustCall(server.url, getPreKeys, { token: tokenOf(account) });
  const { signed } = makePrekeys(0, 9);
  await mustCall(server.url, putPreKeys, {
    token: second.token,
    body: toJson({ signed, oneTime: [], oneTimeKyber: [] }),
  });
  t.strictSame(await mustCall(server.url, getPreKeys, { token: tokenOf(account) }), before);
});

t.test('keys of a wrong length, ids out of range and unknown fields are refused', async (t) => {
  await using server = await openTestServer();
  const token = tokenOf(await makeAccount(server));
  const before = readTables(server.dataDir);
  const good = { id: 500, publicKey: encodeB64u(makeEcKey()) };
  const uploads: readonly unknown[] = [
    { oneTime: [{ ...good, publicKey: encodeB64u(randomBytes(32)) }], oneTimeKyber: [] },
    { oneTime: [{ ...good, publicKey: encodeB64u(randomBytes(34)) }], oneTimeKyber: [] },
    { oneTime: [{ ...good, publicKey: `${good.publicKey}=` }], oneTimeKyber: [] },
    { oneTime: [{ ...good, publicKey: good.publicKey.replace(/^./, '+') }], oneTimeKyber: [] },
    { oneTime: [{ ...good, id: 0 }], oneTimeKyber: [] },
    { oneTime: [{ ...good, id: 0x100_0000 }], oneTimeKyber: [] },
    { oneTime: [{ ...good, id: 1.5 }], oneTimeKyber: [] },
    { oneTime: [{ ...good, id: '500' }], oneTimeKyber: [] },
    { oneTime: [{ ...good, more: 1 }], oneTimeKyber: [] },
    { oneTime: [good] },
    { oneTime: good, oneTimeKyber: [] },
    { oneTime: [], oneTimeKyber: [good] },
    { oneTime: [], oneTimeKyber: [], signed: null },
  ];
  for (const body of uploads) {
    t.equal(
      (await callRoute(server.url, putPreKeys, { token, body })).code,
      'malformed-request',
      JSON.stringify(body).slice(0, 60),
    );
  }
  t.strictSame(readTables(server.dataDir), before);
});
