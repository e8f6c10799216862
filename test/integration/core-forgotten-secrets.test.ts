/** Secrets of prekeys go once no waiting message can need them, whatever the server says of its keys and its time. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { SECRETS_KEPT_MS } from '@tacet/client/core/devices';
import { digestOfKeys } from '@tacet/client/core/prekeys';
import { LIMITS } from '@tacet/protocol/limits';
import { changeTimes, makeHostileWire, type HostileWire } from '../support/hostile-wire.ts';
import {
  openTestClient,
  reconnectAndSettle,
  signUp,
  toldOf,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

const DAY = 24 * 60 * 60_000;
const KEPT_DAYS = SECRETS_KEPT_MS / DAY;
/** By how much a wrong clock puts off that something is old. */
const WRONG_DAYS = 400;

/** Somebody who has signed up, over days that both clocks count. */
async function openAda(wire: HostileWire) {
  const time = { days: 0 };
  const skewMs = (): number => time.days * DAY;
  const server = await openTestServer({ overrides: { clock: { now: () => Date.now() + skewMs() } } });
  const ada = openTestClient({ url: server.url, wire, skewMs });
  await signUp(ada, 'ada');
  await ada.client.background.settled();
  return {
    ada,
    time,
    async [Symbol.asyncDispose]() {
      await ada.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Whether the secrets of the signed keys with an id are kept. */
function keeps({ ports }: TestClient, id: number): boolean {
  const keys = [...(ports.disk.databases.get('tacet')?.get('prekeys')?.keys() ?? [])];
  const kinds = ['signed', 'last-resort'].map((kind) => keys.includes(`[s"${kind}",n${id}]`));
  if (kinds[0] !== kinds[1]) throw new Error('one without the other');
  return kinds[0] === true;
}

t.test('secrets are kept while the server may hand their keys out, and forgotten in the end', async (t) => {
  const wire = makeHostileWire();
  let shown: 'none' | 'all' | 'second' = 'none';
  const first = new Set<number>();
  wire.answer = (request, reply) => {
    if (request.path !== '/v1/keys') return reply;
    if (request.method === 'PUT' && shown === 'none') shown = 'all';
    if (shown === 'all') return reply;
    const held = JSON.parse(reply.body) as Record<string, { ids: number[]; digest: string }>;
    for (const kind of ['oneTime', 'oneTimeKyber'] as const) {
      const ids = held[kind]?.ids ?? [];
      if (shown === 'none') for (const id of ids) first.add(id);
      const digest = Buffer.from(randomBytes(32)).toString('base64url');
      held[kind] = { ids: shown === 'none' ? [] : ids.filter((id) => !first.has(id)), digest };
    }
    return { ...reply, body: JSON.stringify(held) };
  };
  await using opened = await openAda(wire);
  const { ada, time } = opened;
  const secrets = (): number => ada.ports.disk.databases.get('tacet')?.get('prekeys')?.size ?? 0;
  const two = 2 * 2 * LIMITS.prekeyBatch;
  t.ok(secrets() >= two, 'the server called keys low, and got a second batch');

  time.days = KEPT_DAYS + 1;
  await reconnectAndSettle(ada);
  t.ok(secrets() >= two, 'the first batch is old, but still there to be handed out');

  shown = 'second';
  time.days += KEPT_DAYS - 1;
  await reconnectAndSettle(ada);
  t.ok(secrets() >= two, 'what was handed out the day after may be on its way');
  time.days += 2;
  await reconnectAndSettle(ada);
  t.ok(secrets() < two, 'nothing that waits can need the first batch any more');
  t.ok(secrets() >= two / 2, 'the newest stays');
});

interface Uploaded {
  readonly signed?: { readonly id: number; readonly publicKey: string };
  readonly lastResort?: { readonly id: number; readonly publicKey: string };
}

/** The signed keys of both kinds that a client has uploaded and the server then lists, the newest first, with a digest that holds. */
function listAll(wire: HostileWire): { readonly ids: number[] } {
  const keys = {
    signed: new Map<number, Uint8Array<ArrayBuffer>>(),
    lastResort: new Map<number, Uint8Array<ArrayBuffer>>(),
  };
  const ids: number[] = [];
  wire.answer = (request, reply) => {
    if (request.path !== '/v1/keys') return reply;
    const held = JSON.parse(reply.body) as Record<string, { ids: number[]; digest: string }>;
    const uploaded = JSON.parse(request.body ?? '{}') as Uploaded;
    for (const kind of ['signed', 'lastResort'] as const) {
      const key = uploaded[kind];
      if (key !== undefined) keys[kind].set(key.id, Buffer.from(key.publicKey, 'base64url'));
      if (key !== undefined && kind === 'signed') ids.unshift(key.id);
      if (ids.length === 0) continue;
      const listed = [...keys[kind]].map(([id, publicKey]) => ({ id, publicKey }));
      held[kind] = { ids: [...ids], digest: Buffer.from(digestOfKeys(listed)).toString('base64url') };
    }
    return { ...reply, body: JSON.stringify(held) };
  };
  return { ids };
}

t.test(
  'a server that lists old signed keys beside the newest keeps no secret alive, and is told of',
  async (t) => {
    const wire = makeHostileWire();
    await using opened = await openAda(wire);
    const { ada, time } = opened;
    const { ids } = listAll(wire);
    time.days = 3;
    await reconnectAndSettle(ada);
    const first = ids.at(-1)!;
    t.ok(keeps(ada, first));
    for (let visits = 0; visits < 3; visits += 1) {
      time.days += KEPT_DAYS / 2;
      await reconnectAndSettle(ada);
    }
    t.ok(ids.length > 1 && ids.includes(first), 'the server lists it still');
    t.notOk(keeps(ada, first));
    t.strictSame(toldOf(ada), ['foreign-keys']);
  },
);

t.test(
  'a server that runs ahead and then holds its time back keeps a secret 400 days longer at most',
  async (t) => {
    let lieMs = 10 * 365 * DAY;
    const wire = makeHostileWire();
    wire.change = changeTimes(() => lieMs);
    await using opened = await openAda(wire);
    const { ada, time } = opened;
    // The first keys are seen for the last time, and replaced.
    time.days = 3;
    await reconnectAndSettle(ada);
    lieMs = -lieMs;
    for (const until of [KEPT_DAYS, 2 * KEPT_DAYS, 3 * KEPT_DAYS, KEPT_DAYS + WRONG_DAYS - 1]) {
      time.days = 3 + until;
      await reconnectAndSettle(ada);
      t.ok(keeps(ada, 1), `after ${until} days`);
    }
    time.days += 2;
    await reconnectAndSettle(ada);
    t.notOk(keeps(ada, 1));
  },
);

t.test('a server that does not say what it holds keeps no secret alive', async (t) => {
  const wire = makeHostileWire();
  await using opened = await openAda(wire);
  const { ada, time } = opened;
  time.days = 3;
  await reconnectAndSettle(ada);
  wire.answer = (request, reply) =>
    request.path === '/v1/keys' ? { ...reply, status: 500, body: '{}' } : reply;
  time.days += KEPT_DAYS - 1;
  await reconnectAndSettle(ada);
  t.ok(keeps(ada, 1));
  time.days += 2;
  await reconnectAndSettle(ada);
  t.notOk(keeps(ada, 1));
});
