/** The server hands out other prekeys than the devices gave it, older ones, or fewer: rows A07 to A14. */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { signLabelled } from '@tacet/crypto/vault';
import type { MessageDetails } from '@tacet/client/core/view';
import { encodeFrame } from '@tacet/protocol/frames/frame';
import type { ServerFrame } from '@tacet/protocol/frames/server';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import {
  eventsOf,
  hasContact,
  linesOf,
  nameOf,
  openTestClient,
  openWith,
  reconnect,
  signUp,
  textsOf,
  toldOf,
  type TestClient,
} from '../support/make-client.ts';
import { needsStore, openScene, type Player } from './scene.ts';

t.setTimeout(600_000);

const DAY_MS = 24 * 60 * 60_000;
const KEYS = '/v1/keys';

type Bundle = Extract<ServerFrame, { readonly kind: 'bundles' }>['bundles'][number];

let days = 0;
const skewMs = (): number => days * DAY_MS;
const scene = await openScene({ adas: { skewMs }, bens: { skewMs } });
t.teardown(() => scene.close());
const { ada, ben } = scene;

/** From here on whoever is behind a wire is given other bundles. */
function giveOthers({ wire }: Pick<Player, 'wire'>, change: (bundle: Bundle) => Bundle): void {
  wire.change = (frame) =>
    frame.kind === 'bundles' ? [{ ...frame, bundles: frame.bundles.map(change) }] : [frame];
}

/** The last bundle that the server gave somebody. */
function lastBundle({ wire }: Player): Bundle {
  const given = wire.heard.findLast((frame) => frame.kind === 'bundles' && frame.bundles.length > 0);
  const bundle = given?.kind === 'bundles' ? given.bundles[0] : undefined;
  if (bundle === undefined) throw new Error('no bundle was given');
  return bundle;
}

function sendsOf({ wire }: Player): number {
  return wire.said.filter(({ kind }) => kind === 'send').length;
}

/** Ben's device without its sessions, and how much has left it: what was encrypted before it lost them is through. */
async function beginAnew(): Promise<{ readonly client: TestClient; readonly sends: number }> {
  const client = await scene.forgetSessions(ben);
  await client.client.background.settled();
  return { client, sends: sendsOf(ben) };
}

/**
 * Ben begins anew with Ada while the server gives each of these in place of her bundle: he encrypts nothing for any of them, says so, and
 * what he said goes under her own keys afterwards.
 */
async function refusesAll(
  t: Test,
  lies: readonly (readonly [string, (bundle: Bundle) => Bundle])[],
): Promise<void> {
  const [first] = lies;
  if (first !== undefined) giveOthers(ben, first[1]);
  const { client, sends } = await beginAnew();
  for (const [what, lie] of lies) {
    giveOthers(ben, lie);
    const id = await client.commands.sendText(ben.talk, what);
    const state = await client.waitFor('refused', (now) =>
      linesOf(now).some((line) => line.id === id && line.delivery.kind === 'failed'),
    );
    const line = linesOf(state).find((each) => each.id === id);
    t.match(line?.delivery, { failure: { code: 'server-dishonest' } }, what);
    t.equal(sendsOf(ben), sends, `${what}: nothing left`);
    ben.wire.behave();
    if (what !== lies.at(-1)?.[0]) continue;
    await client.commands.retrySend(id);
    await ada.client.waitFor('under the right keys', (now) => textsOf(now).includes(what));
    t.notOk(eventsOf(ada.client.state).includes('unreadable'));
  }
  await scene.stillTalk();
}

/** The details of the message with this text in the open conversation. */
async function detailsOf({ client, talk }: Player, text: string): Promise<MessageDetails> {
  const line = linesOf(client.state).find((each) => each.text === text);
  if (line === undefined) throw new Error(`no message ${text}`);
  return client.commands.readDetails(talk, line.order);
}

/** One bit of the last byte. */
function bent(bytes: Uint8Array): Uint8Array {
  return bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1);
}

/** A public key in libsignal's form with this u-coordinate, little-endian. */
function point(hex: string, type = 5): Uint8Array {
  return Uint8Array.of(type, ...Buffer.from(hex.padEnd(64, '0'), 'hex'));
}

const servers = PrivateKey.generate();
const serversKey = servers.getPublicKey().serialize();

t.test(
  'A07: a prekey that is signed badly, by another key, or not the one that the device states is refused',
  (t) =>
    refusesAll(t, [
      [
        'bent',
        (bundle) => ({ ...bundle, signed: { ...bundle.signed, signature: bent(bundle.signed.signature) } }),
      ],
      [
        'another signer',
        (bundle) => ({
          ...bundle,
          signed: { ...bundle.signed, signature: servers.sign(bundle.signed.publicKey) },
        }),
      ],
      [
        'another key',
        (bundle) => ({
          ...bundle,
          signed: { ...bundle.signed, publicKey: serversKey, signature: servers.sign(serversKey) },
        }),
      ],
      [
        'another statement',
        (bundle) => {
          const { bytes } = bundle.statement;
          const signature = signLabelled(servers, SIGNED_LABELS.statement, bytes);
          return { ...bundle, statement: { bytes, signature } };
        },
      ],
      [
        'the Kyber key bent',
        (bundle) => ({ ...bundle, kyber: { ...bundle.kyber, signature: bent(bundle.kyber.signature) } }),
      ],
    ]),
);

t.test('A08: a key that is zero, of low order or of another form is refused, whichever it is', async (t) => {
  const bad: readonly (readonly [string, Uint8Array])[] = [
    ['zero', point('00')],
    ['one', point('01')],
    ['of order 8', point('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800')],
    ['minus one', point(`ec${'ff'.repeat(30)}7f`)],
    ['zero, not canonical', point(`ed${'ff'.repeat(30)}7f`)],
    ['one, with the top bit', point(`01${'00'.repeat(30)}80`)],
    ['of another type', point('09', 6)],
  ];
  const asOneTime = bad.map(
    ([what, publicKey]) =>
      [
        `one-time: ${what}`,
        (bundle: Bundle): Bundle => ({ ...bundle, oneTime: { id: bundle.oneTime?.id ?? 1, publicKey } }),
      ] as const,
  );
  const zero = point('00');
  await refusesAll(t, [
    ...asOneTime,
    ['signed', (bundle) => ({ ...bundle, signed: { ...bundle.signed, publicKey: zero } })],
    [
      'Kyber',
      (bundle) => {
        const publicKey = new Uint8Array(bundle.kyber.publicKey.length).fill(0xff).with(0, 8);
        return { ...bundle, kyber: { ...bundle.kyber, publicKey } };
      },
    ],
  ]);
});

t.test(
  'A08: an envelope whose seal is made for the zero key shows nothing, and what it held comes again',
  async (t) => {
    // The form of a seal: its version, then the ephemeral key in a field of 33 bytes.
    ben.wire.change = (frame) => {
      if (frame.kind !== 'deliver') return [frame];
      const body = Uint8Array.from(frame.body);
      t.same([...body.subarray(1, 4)], [0x0a, 33, 5], 'here the key begins');
      body.fill(0, 4, 36);
      ben.wire.behave();
      return [{ ...frame, body }];
    };
    await ada.client.commands.sendText(ada.talk, 'under a seal of zero');
    await ben.wire.when('the envelope', () => ben.wire.change === undefined);
    await ada.client.commands.sendText(ada.talk, 'and the next');
    const state = await ben.client.waitFor('both', (now) =>
      ['under a seal of zero', 'and the next'].every((text) => textsOf(now).includes(text)),
    );
    t.equal(textsOf(state).filter((text) => text === 'under a seal of zero').length, 1);
    await scene.stillTalk();
  },
);

t.test(
  'A12: a bundle without its post-quantum key, or with one of the server’s, begins no session',
  async (t) => {
    let told = 0;
    ben.wire.change = (frame) => {
      if (frame.kind !== 'bundles' || frame.bundles.length === 0) return [frame];
      told += 1;
      return [
        encodeFrame({ ...frame, bundles: frame.bundles.map(({ kyber: _taken, ...bundle }) => bundle) }),
      ];
    };
    const { client, sends } = await beginAnew();
    await client.commands.sendText(ben.talk, 'not in the old way');
    await ben.wire.when('the bundle without', () => told > 0);
    await client.client.background.settled();
    t.equal(sendsOf(ben), sends, 'nothing left');
    ben.wire.behave();
    await ada.client.waitFor('it', (now) => textsOf(now).includes('not in the old way'));
    await refusesAll(t, [
      [
        'under the server’s signature',
        (bundle) => ({
          ...bundle,
          kyber: { ...bundle.kyber, signature: servers.sign(bundle.kyber.publicKey) },
        }),
      ],
    ]);
  },
);

/** A statement that names the version before this one: the number after the name of its field, one less. */
function lowered(statement: Uint8Array): Uint8Array {
  const name = Buffer.from('session');
  const at = Buffer.from(statement).indexOf(name) + name.length;
  return statement.with(at, (statement[at] ?? 0) - 1);
}

t.test(
  'A13: a lower version in a statement is refused, and one in a welcome makes no connection',
  async (t) => {
    await refusesAll(t, [
      [
        'a lower version, signed as before',
        ({ statement, ...bundle }) => ({
          ...bundle,
          statement: { ...statement, bytes: lowered(statement.bytes) },
        }),
      ],
      [
        'a lower version, signed by the server',
        ({ statement, ...bundle }) => {
          const bytes = lowered(statement.bytes);
          return {
            ...bundle,
            statement: { bytes, signature: signLabelled(servers, SIGNED_LABELS.statement, bytes) },
          };
        },
      ],
    ]);
    let welcomes = 0;
    ben.wire.change = (frame) => {
      if (frame.kind !== 'welcome') return [frame];
      welcomes += 1;
      return [encodeFrame({ ...frame, version: 0 })];
    };
    ben.client.ports.dropSockets();
    await ben.client.waitFor('offline', ({ connection }) => connection.kind === 'offline');
    await ben.client.commands.connectNow();
    await ben.wire.when('a welcome', () => welcomes > 0);
    await ben.client.client.background.settled();
    t.not(ben.client.state.connection.kind, 'online');
    await scene.stillTalk();
  },
);

t.test(
  'A09: a signed prekey from before a rotation is refused by whoever has seen the one after it',
  async (t) => {
    await scene.forgetSessions(ben);
    await ben.client.commands.sendText(ben.talk, 'with the keys of today');
    await ada.client.waitFor('it', (now) => textsOf(now).includes('with the keys of today'));
    const before = lastBundle(ben);
    days = 3;
    await reconnect(ada.client);
    await ada.client.client.background.settled();
    await scene.forgetSessions(ben);
    await ben.client.commands.sendText(ben.talk, 'three days later');
    await ada.client.waitFor('it', (now) => textsOf(now).includes('three days later'));
    t.not(lastBundle(ben).signed.id, before.signed.id, 'the keys were changed');
    await refusesAll(t, [
      ['all of it as before', () => before],
      ['the signed key as before', (bundle) => ({ ...bundle, signed: before.signed })],
      ['the statement as before', (bundle) => ({ ...bundle, statement: before.statement })],
    ]);
  },
);

t.test(
  'A10: a one-time prekey that was given to two people opens the first message alone; the second is shown as unreadable and comes again',
  async (t) => {
    const { way, wire } = await scene.newWay();
    const carol = openTestClient({ ...way, skewMs });
    const name = scene.freshName('carol');
    await signUp(carol, name, (await ada.client.commands.makeInvite()).link);
    const toAda = await openWith(carol, ada.name);
    await carol.commands.sendText(toAda, 'hi');
    const shown = nameOf(name);
    await hasContact(ada.client, shown);
    await carol.waitFor('delivered', (now) => linesOf(now).at(-1)?.delivery.kind === 'delivered');

    await scene.forgetSessions(ben);
    await ben.client.commands.sendText(ben.talk, 'the first');
    await ada.client.waitFor('the first', (now) => textsOf(now).includes('the first'));
    const { oneTime, kyber } = lastBundle(ben);
    t.ok(oneTime, 'it has a one-time key');

    const { disk } = carol.ports;
    await carol.close();
    disk.databases.get('tacet')?.set('sessions', new Map());
    await using again = openTestClient({ ...way, disk, skewMs });
    await openWith(again, ada.name);
    await openWith(ada.client, shown);
    giveOthers({ wire }, (bundle) => ({ ...bundle, kyber, ...(oneTime === undefined ? {} : { oneTime }) }));
    const unreadable = ada.client.waitFor('it is told', (now) => eventsOf(now).includes('unreadable'));
    await again.commands.sendText(toAda, 'the second');
    await unreadable;
    wire.behave();
    const state = await ada.client.waitFor('the second', (now) => textsOf(now).includes('the second'));
    t.equal(textsOf(state).filter((text) => text === 'the second').length, 1);
    await openWith(ada.client, ben.name);
    await scene.stillTalk();
  },
);

t.test(
  'A11: messages of a session that began without a one-time prekey say so on both sides, until the first answer',
  async (t) => {
    const client = await scene.forgetSessions(ben);
    // The server keeps the one-time keys, and everything that Ada says: no answer has been heard when Ben writes.
    ben.wire.change = (frame) => {
      if (frame.kind === 'deliver') return [];
      if (frame.kind !== 'bundles') return [frame];
      return [{ ...frame, bundles: frame.bundles.map(({ oneTime: _kept, ...bundle }) => bundle) }];
    };
    await client.commands.sendText(ben.talk, 'without');
    await ada.client.waitFor('it', (state) => textsOf(state).includes('without'));
    t.match(await detailsOf(ben, 'without'), { reduced: true });
    t.match(await detailsOf(ada, 'without'), { reduced: true, delayed: false });

    ben.wire.behave();
    await reconnect(client);
    await ada.client.commands.sendText(ada.talk, 'the answer');
    await client.waitFor('the answer', (state) => textsOf(state).includes('the answer'));
    await client.commands.sendText(ben.talk, 'with all');
    await ada.client.waitFor('it', (state) => textsOf(state).includes('with all'));
    t.match(await detailsOf(ada, 'the answer'), { reduced: false });
    t.match(await detailsOf(ben, 'with all'), { reduced: false });
    t.match(await detailsOf(ada, 'with all'), { reduced: false });
    t.match(await detailsOf(ada, 'without'), { reduced: true }, 'what was sent so stays so');
    await scene.stillTalk();
  },
);

/** How often somebody's device brought new signed keys. */
function renewalsOf({ wire }: Player): number {
  return wire.asked.filter(
    ({ method, path, body }) => path === KEYS && method === 'PUT' && body?.includes('"signed"') === true,
  ).length;
}

/** An alert that is told of is seen and gone. */
async function isTold(t: Test, player: Player): Promise<void> {
  await player.client.waitFor('the word', () => toldOf(player.client).length > 0);
  t.strictSame(toldOf(player.client), ['foreign-keys']);
  await player.client.commands.seeAlert('foreign-keys');
  await player.client.waitFor('seen', () => toldOf(player.client).length === 0);
}

t.test(
  'A14: another prekey under an id that a device gave to one of its own is told of, and the keys are replaced',
  async (t) => {
    await reconnect(ada.client);
    await ada.client.client.background.settled();
    t.strictSame(toldOf(ada.client), [], 'an honest server is caught at nothing');
    const renewals = renewalsOf(ada);
    const digest = Buffer.from(randomBytes(32)).toString('base64url');
    ada.wire.answer = ({ path, method }, reply) => {
      if (path !== KEYS || method !== 'GET') return reply;
      const held = JSON.parse(reply.body) as { readonly oneTime: object };
      return { ...reply, body: JSON.stringify({ ...held, oneTime: { ...held.oneTime, digest } }) };
    };
    await reconnect(ada.client);
    await isTold(t, ada);
    await ada.wire.when('new keys', () => renewalsOf(ada) > renewals);
    await scene.stillTalk();
  },
);

t.test('A14: a prekey that the server gave away and still holds is told of', needsStore, async (t) => {
  const saved = scene.editLive((store) => store.save('one_time_prekeys', 'one_time_kyber_prekeys'));
  await scene.forgetSessions(ada);
  await ada.client.commands.sendText(ada.talk, 'with one of them');
  await ben.client.waitFor('it', (now) => textsOf(now).includes('with one of them'));
  await reconnect(ben.client);
  await ben.client.client.background.settled();
  t.strictSame(toldOf(ben.client), [], 'an honest server is caught at nothing');
  scene.editLive((store) => store.rollBack(saved));
  await reconnect(ben.client);
  await isTold(t, ben);
  await scene.stillTalk();
});
