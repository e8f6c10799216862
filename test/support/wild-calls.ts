/**
 * Wild HTTP requests for fast-check, made from what the routes of the protocol say of themselves: bodies that their schemas allow and
 * spoiled ones, signed requests that are whole but for one thing, and methods, headers, queries and sizes of every kind.
 */
import { randomBytes, sign } from 'node:crypto';
import fc from 'fast-check';
import { encodeB64u } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import { idBytes } from '@tacet/protocol/ids';
import { REFRESH_COOKIE } from '@tacet/protocol/rest/sessions';
import type { Route } from '@tacet/protocol/route';
import * as requests from '@tacet/protocol/signed/requests';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { arbitraryOf, mangled, spoilings } from './arbitrary.ts';
import {
  freshChallenge,
  makeDevice,
  makeEcKey,
  makePrekeys,
  makeRotation,
  makeSigningKey,
  makeUsername,
  sha256,
  signList,
  type SigningKey,
  type WireAccount,
  type WireDevice,
} from './make-account.ts';
import type { WildCall } from './wild-http.ts';

/** Who asks: an account with its devices, a device of it that waits to be put on the list, an open invite. */
export interface Caller {
  readonly account: WireAccount;
  readonly pending: WireDevice;
  /** The code of an invite that it has open. */
  readonly invite: string;
}

/** A request that knows nobody yet: who asks is put in when it is sent. */
export type Plan = (url: string, by: Caller) => Promise<WildCall>;

/** Every signed request of the protocol, by its purpose. */
export const SIGNED = new Map(
  Object.values(requests).flatMap((shape) =>
    'purpose' in shape ? [[shape.purpose as string, shape] as const] : [],
  ),
);

/** Whose requests the device signs, not the passphrase. */
const BY_SESSION_KEY: readonly string[] = ['renewSession', 'beginReset', 'finishReset', 'comeBack'];

/** What a route's signed request is, if it takes one. */
export function signedShapeOf({ name }: Route) {
  return SIGNED.get(name === 'renewSession' ? 'renewal' : name);
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value) ?? '');

/** What an honest client would do, but for one time in four: a request is to be wild in one respect, and otherwise come far. */
export function rarely<Usual, Odd>(usual: Usual, odd: fc.Arbitrary<Odd>): fc.Arbitrary<Usual | Odd> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: odd });
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'WILD'];
/** Characters that a path or header may carry over HTTP at all. */
const printable = fc.stringMatching(/^[!-~]{0,40}$/);
const headerText = fc.stringMatching(/^[ -~\u00a1-\u00ff]{0,60}$/);

const strangeHeaders = rarely(
  {},
  fc.dictionary(
    fc.constantFrom(
      'accept',
      'accept-encoding',
      'content-encoding',
      'cookie',
      'expect-ct',
      'forwarded',
      'if-none-match',
      'origin',
      'range',
      'tacet-version',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-http-method-override',
    ),
    fc.oneof(
      headerText,
      fc.constantFrom(
        '1',
        '0',
        'NaN',
        '*',
        'gzip',
        '127.0.0.1',
        'null',
        `${REFRESH_COOKIE}=`,
        'a'.repeat(4_000),
      ),
    ),
    { minKeys: 1, maxKeys: 3 },
  ),
);

/** What stands in for `:name` in a path, where it is not the caller's own invite. */
const param = rarely(
  undefined,
  fc.oneof(
    fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => encodeB64u(bytes)),
    printable.map(encodeURIComponent),
    fc.constantFrom('', '..', '%2e%2e', '%00', '%zz', 'a'.repeat(100), 'a'.repeat(101), 'a'.repeat(4_000)),
  ),
);

const query = rarely(
  '',
  fc.oneof(
    printable.map((text) => `?${encodeURIComponent(text)}`),
    fc.constantFrom('?', '?a=1&a=2', '?__proto__=1', '?%', `?${'a'.repeat(4_000)}`),
  ),
);

/** Whose token, or what instead of one. */
const authorization = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constant(({ account }: Caller) => `Bearer ${account.devices[0]?.token ?? ''}`),
  },
  { weight: 2, arbitrary: fc.constant(({ pending }: Caller) => `Bearer ${pending.token}`) },
  { weight: 1, arbitrary: fc.constant(() => undefined) },
  { weight: 1, arbitrary: headerText.map((text) => () => text) },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((bytes) => () => `Bearer ${encodeB64u(bytes)}`),
  },
);

const mediaType = fc.oneof(
  { weight: 20, arbitrary: fc.constant('application/json') },
  { weight: 1, arbitrary: headerText },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'text/plain',
      'application/json; charset=utf-16',
      'application/cbor',
      'multipart/form-data',
    ),
  },
);

type Bodies = fc.Arbitrary<(url: string, by: Caller) => Promise<Uint8Array | undefined>>;

/** Wild requests to one route. */
export function wildCalls(route: Route): fc.Arbitrary<Plan> {
  const method = fc.oneof(
    { weight: 9, arbitrary: fc.constant<string>(route.method) },
    { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
  );
  const parts = fc.tuple(method, param, query, authorization, mediaType, strangeHeaders);
  return fc
    .tuple(parts, bodiesOf(route))
    .map(([[verb, name, asked, who, type, more], bodyOf]) => async (url, by) => {
      const body = await bodyOf(url, by);
      const token = who(by);
      return {
        method: verb,
        path: route.path.replaceAll(/:\w+/g, () => name ?? by.invite) + asked,
        headers: {
          ...more,
          ...(token === undefined ? {} : { authorization: token }),
          ...(body === undefined ? {} : { 'content-type': type }),
        },
        body,
      };
    });
}

function bodiesOf(route: Route): Bodies {
  const none: Bodies = fc.constant(() => Promise.resolve(undefined));
  const fixed = (bytes: fc.Arbitrary<Uint8Array>): Bodies => bytes.map((body) => () => Promise.resolve(body));
  const random = fixed(fc.uint8Array({ maxLength: 300 }));
  const sizes = fixed(
    fc
      .tuple(fc.constantFrom(-1, 0, 1, 1_000), fc.constantFrom(0, 0x20, 0x22, 0x5b, 0x7b))
      .map(([over, byte]) => new Uint8Array(route.bodyMaxBytes + over).fill(byte)),
  );
  const { body: schema } = route;
  if (schema === undefined) return fc.oneof({ weight: 4, arbitrary: none }, { weight: 1, arbitrary: random });
  const allowed = arbitraryOf(schema);
  const kept = rarely([], fc.constantFrom(['account'], ['listHash'], ['to'], ['username'], ['version']));
  const change = rarely(undefined, spoilings('text'));
  const honest: Bodies = fc.tuple(allowed, kept, change).map(([wild, keep, spoilIt]) => (_url, by) => {
    const whole = mix(wild, plainParts(by), keep);
    return Promise.resolve(json(spoilIt === undefined ? whole : spoilIt(whole)));
  });
  const signed = signedBodies(route);
  return fc.oneof(
    { weight: 6, arbitrary: honest },
    { weight: 2, arbitrary: fixed(allowed.chain((value) => mangled(json(value)))) },
    { weight: 1, arbitrary: fixed(fc.json().map((text) => Buffer.from(text))) },
    { weight: 1, arbitrary: fc.oneof(none, random) },
    { weight: 1, arbitrary: sizes },
    ...(signed === undefined ? [] : [{ weight: 8, arbitrary: signed }]),
  );
}

/** A request that is signed as it must be, and honest but for what is kept of a wild one, and perhaps spoiled. */
function signedBodies(route: Route): Bodies | undefined {
  const shape = signedShapeOf(route);
  if (shape === undefined) return undefined;
  const label = Buffer.from(`${SIGNED_LABELS[shape.purpose]}\0`);
  const kept = rarely([], fc.subarray(Object.keys(shape.schema.properties), { minLength: 1, maxLength: 2 }));
  const change = rarely(undefined, spoilings('bytes'));
  return fc.tuple(arbitraryOf(shape.schema), kept, change).map(([wild, keep, spoilIt]) => async (url, by) => {
    const { parts, key } = honestParts(route, by);
    const whole = mix(wild, { ...parts, origin: url, challenge: await freshChallenge({ url }) }, keep);
    const bytes = Buffer.concat([label, encodeCbor(spoilIt === undefined ? whole : spoilIt(whole))]);
    return json({ bytes: encodeB64u(bytes), signature: encodeB64u(sign(undefined, bytes, key.privateKey)) });
  });
}

/** A wild value with honest parts in the place of its own, but for those to keep. */
export function mix(
  wild: unknown,
  honest: Readonly<Record<string, unknown>>,
  keep: readonly string[],
): unknown {
  const entries = Object.entries(Object(wild)).map(([name, value]) => {
    return [name, name in honest && !keep.includes(name) ? honest[name] : value];
  });
  return Object.fromEntries(entries);
}

/** What an honest client would put into a request that is not signed. */
function plainParts({ account }: Caller): Readonly<Record<string, unknown>> {
  const to = account.devices.map(({ id }) => {
    return { device: id, envelope: { id: encodeB64u(randomBytes(16)), body: encodeB64u(randomBytes(300)) } };
  });
  const listHash = encodeB64u(sha256(account.list.bytes));
  return { username: account.username, account: account.id, listHash, version: account.version + 1, to };
}

/** What an honest client would put into a signed request, and the key that it would sign with. */
function honestParts(
  { name }: Route,
  { account, pending }: Caller,
): { readonly parts: Readonly<Record<string, unknown>>; readonly key: SigningKey } {
  const [listed = pending] = account.devices;
  const isNew = name === 'signUp';
  const own = isNew ? randomBytes(16) : idBytes(account.id);
  const device = isNew ? makeDevice() : name === 'addDevice' ? pending : listed;
  const loginKey = isNew ? makeSigningKey() : account.loginKey;
  const others = name === 'addDevice' ? account.devices.map(({ entry }) => entry) : [];
  const entries = [...others, device.entry];
  const list = isNew
    ? signList(own, 1, new Uint8Array(32), entries)
    : signList(own, account.list.counter + 1, sha256(account.list.bytes), entries);
  const rotation = makeRotation({ ...account, loginKey, version: isNew ? 0 : account.version });
  const parts = {
    username: isNew ? makeUsername() : account.username,
    account: own,
    accountKey: isNew ? makeEcKey() : account.accountKey,
    device: idBytes(device.id),
    sessionKey: device.sessionKey.publicKey,
    list: { bytes: list.bytes, signature: list.signature },
    prekeys: makePrekeys(2),
    rotation,
    ...rotation,
  };
  return { parts, key: BY_SESSION_KEY.includes(name) ? listed.sessionKey : loginKey };
}
