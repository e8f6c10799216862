/**
 * A server that says anything at all to core: unasked, in the place of its frames, and in the place of its answers. Core never crashes or
 * hangs and fails in typed ways alone; nothing that was not written by Ada or Ben is shown, nobody else is a contact, and once the server
 * is honest again they talk as before, with all that was written meanwhile.
 */
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { failureFrom, isCoreError } from '../../client/core/failure.ts';
import { ANONYMOUS_PATH, makeHostileWire, SOCKET_PATH } from '../support/hostile-wire.ts';
import {
  accountOf,
  forgetSessions,
  isOnline,
  openTestClient,
  openWith,
  linesOf,
  readAll,
  readShown,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { soak } from '../support/schedule.ts';
import { seedProperties } from '../support/seed-properties.ts';
import { makeSpokenPair } from '../support/spoken-pair.ts';
import { routeOf, wildFrame, wildReply } from '../support/wild-server.ts';

t.setTimeout(580_000 * soak);
seedProperties(t);

/** How many times as many tries a soak makes. */
const TIMES = soak > 1 ? 5 : 1;
/** No command is waited for longer, on the busiest machine. */
const WITHIN_MS = 120_000;
/** What is to take longer takes no longer while the server lies: waits for one that does not answer. */
const WAIT_MOST_MS = 4_000;

const server = await openTestServer();
const wire = makeHostileWire();
let isHonest = true;
const timerMs = (ms: number): number => (isHonest ? ms : Math.min(ms, WAIT_MOST_MS));
const adas = { url: server.url, wire, timerMs };
const pair = await makeSpokenPair(server.url, { adas });
const { ben, toAda, toBen } = pair;
let { ada } = pair;
t.teardown(async () => {
  await Promise.all([ada.close(), ben.close()]);
  await server[Symbol.asyncDispose]();
});

/** All that Ada and Ben have written. */
const written = new Set(['hello', 'hi']);
function newText(from: string): string {
  const text = `${from} ${String(written.size)}`;
  written.add(text);
  return text;
}

async function within<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no end`)), WITHIN_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a command came to: it may fail, but not without a word. */
async function settles(name: string, command: Promise<unknown>): Promise<void> {
  const error = await within(
    command.then(
      () => undefined,
      (cause: unknown) => cause,
    ),
    name,
  );
  if (error !== undefined && failureFrom(error).code === 'unexpected')
    throw new Error(name, { cause: error });
}

/** Whether Ada connects anew, which makes all that waits try at once; not so where the server has ended her client. */
async function connectsAnew(): Promise<boolean> {
  const isIn = ({ session }: TestClient['state']): boolean => session.kind === 'signed-in';
  if (!isIn(ada.state)) return false;
  ada.ports.dropSockets();
  await ada.waitFor('a lost connection', (state) => !isIn(state) || state.connection.kind !== 'online');
  try {
    await ada.commands.connectNow();
  } catch (error) {
    if (isCoreError(error, 'not-signed-in')) return false;
    throw error;
  }
  return isIn(await ada.waitFor('an end', (state) => !isIn(state) || state.connection.kind === 'online'));
}

/** The server is honest again, and Ada is connected: where it has ended her client, hers begins anew with what is on her disk. */
async function comeBack(): Promise<void> {
  wire.behave();
  isHonest = true;
  if (await connectsAnew()) return;
  const { disk } = ada.ports;
  await ada.close();
  ada = openTestClient({ ...adas, disk });
  await openWith(ada, 'Ben');
  await ada.commands.connectNow();
  await isOnline(ada);
}

/** Somebody has seen all of the open conversation: its window goes on with what comes next. */
async function catchUp(client: TestClient, id: typeof toAda): Promise<void> {
  while (client.state.open?.hasLater === true) await client.commands.loadLater(id);
  await readShown(client);
}

/** Nothing that nobody has written is shown, nothing twice, nobody else is a contact, and nothing has failed in an unknown way. */
function checkShown(client: TestClient, account: string, other: string): void {
  const { failures } = client.client.background;
  for (const { name, error } of failures)
    if (failureFrom(error).code === 'unexpected')
      throw new Error(`in the background: ${name}`, { cause: error });
  for (const { delivery } of linesOf(client.state))
    if (delivery.kind === 'failed' && delivery.failure.code === 'unexpected')
      throw new Error('a failed message');
  const texts = textsOf(client.state);
  const foreign = texts.filter((text) => !written.has(text));
  if (foreign.length > 0) throw new Error(`shown: ${foreign.join(', ').slice(0, 300)}`);
  if (new Set(texts).size < texts.length) throw new Error('a text is shown twice');
  const people = client.state.conversations.map(({ id }) => id as string);
  if (people.join() !== other) throw new Error(`contacts: ${people.join()}`);
  if (accountOf(client) !== account) throw new Error('another account');
}

/** A text comes. A window that is full of unread messages goes on when somebody looks at them. */
async function hears(client: TestClient, id: typeof toAda, text: string): Promise<void> {
  const isShown = (state: TestClient['state']): boolean => textsOf(state).includes(text);
  while (!isShown(await client.waitFor(text, (now) => isShown(now) || now.open?.hasLater === true)))
    await catchUp(client, id);
}

/** A message each way arrives. */
async function stillTalk(): Promise<void> {
  await comeBack();
  await Promise.all([catchUp(ada, toBen), catchUp(ben, toAda)]);
  const [fromAda, fromBen] = [newText('ada'), newText('ben')];
  await ada.commands.sendText(toBen, fromAda);
  await hears(ben, toAda, fromAda);
  await ben.commands.sendText(toAda, fromBen);
  await hears(ada, toBen, fromBen);
  checkShown(ada, toAda, toBen);
  checkShown(ben, toBen, toAda);
}

/** Ada’s client begins anew without her sessions, while the server lies: what she writes next asks for bundles. */
async function forgetAll(): Promise<void> {
  const { disk } = ada.ports;
  await ada.close();
  forgetSessions(disk);
  ada = openTestClient({ ...adas, disk });
  await openWith(ada, 'Ben');
}

/** Somebody else comes, to make an account or to sign in to Ada’s with words that are not hers. */
async function comesAnew(how: 'signUp' | 'signIn'): Promise<void> {
  await using other = openTestClient(adas);
  await other.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  const passphrase = await other.commands.suggestPassphrase();
  if (how === 'signIn') await other.commands.signIn({ username: 'ada', passphrase });
  else
    await other.commands.signUp({
      username: `other${String(written.size)}`,
      name: 'Other',
      passphrase,
      invite: pair.link,
    });
}

/** What Ada’s device keeps beside what is written and read: rows of each table. */
function rowsOf({ ports }: TestClient): Readonly<Record<string, number>> {
  const tables = ports.disk.databases.get('tacet') ?? new Map<string, ReadonlyMap<string, unknown>>();
  return Object.fromEntries([...tables].map(([name, rows]) => [name, rows.size]));
}

const anyPath = (): fc.Arbitrary<string> => fc.constantFrom(SOCKET_PATH, ANONYMOUS_PATH);
const oneOf = (most: number): fc.Arbitrary<number> => fc.nat(most);
const someFrame = () => fc.constantFrom(...wire.heard.slice(-40));

t.test('nothing that a server says unasked harms core', async () => {
  const property = fc.asyncProperty(fc.gen(), async (make) => {
    isHonest = false;
    for (let i = 0; i < 3; i += 1) {
      const path = make(anyPath);
      const bytes = make(wildFrame, make(someFrame));
      // A frame that is none has ended the socket: what is left is for the next one.
      if (wire.isOpen(path)) wire.tell(bytes, path);
    }
    await stillTalk();
  });
  await fc.assert(property, { numRuns: 20 * TIMES, endOnFailure: true });
});

t.test('nothing that a server says in the place of its frames harms core, and nothing is lost', async (t) => {
  const changed = new Map<string, number>();
  const property = fc.asyncProperty(fc.gen(), async (make) => {
    let passed = 0;
    isHonest = false;
    wire.change = (frame) => {
      passed += 1;
      if (frame.kind !== 'bundles' && make(oneOf, 2) !== 0) return [frame];
      changed.set(frame.kind, (changed.get(frame.kind) ?? 0) + 1);
      return [make(wildFrame, frame)];
    };
    const isNew = make(oneOf, 1) === 0;
    if (isNew) await forgetAll();
    await settles('send', ada.commands.sendText(toBen, newText('ada')));
    // What Ben says under a session that Ada has forgotten is asked for again, a few times a day alone.
    if (!isNew) await settles('send', ben.commands.sendText(toAda, newText('ben')));
    await Promise.race([wire.when('some frames', () => passed >= 4), delay(1_000)]);
    ada.ports.dropSockets();
    await settles('connect', ada.commands.connectNow());
    await Promise.race([wire.when('some frames', () => passed >= 8), delay(1_000)]);
    await stillTalk();
  });
  await fc.assert(property, { numRuns: 10 * TIMES, endOnFailure: true });
  t.comment([...changed].map(([kind, times]) => `${kind} ${String(times)}`).join(', '));
});

/** What a person may do that asks the server. */
const ACTS: readonly ((made: { link: string }) => readonly [string, Promise<unknown>])[] = [
  () => ['startConversation', ada.commands.startConversation('ben')],
  () => ['startConversation', ada.commands.startConversation('nobody')],
  (made) => ['makeInvite', ada.commands.makeInvite().then(({ link }) => (made.link = link))],
  ({ link }) => ['readInvite', ada.commands.readInvite(link)],
  ({ link }) => ['withdrawInvite', ada.commands.withdrawInvite(link)],
  () => ['readOwnInvites', ada.commands.readOwnInvites()],
  () => ['signUp', comesAnew('signUp')],
  () => ['signIn', comesAnew('signIn')],
  () => ['readServer', ada.commands.readServer()],
  () => ['setName', ada.commands.setName(`Ada ${String(written.size)}`)],
  () => ['setPrivacy', ada.commands.setPrivacy({ typing: written.size % 2 === 0 })],
  () => ['setDefaultTimer', ada.commands.setDefaultTimer(0)],
  () => {
    ada.ports.dropSockets();
    return ['connectNow', ada.commands.connectNow()];
  },
  () => {
    for (const what of ['record', 'list', 'credentials', 'reset', 'prekeys-low'] as const)
      if (wire.isOpen(SOCKET_PATH)) wire.tell({ kind: 'notice', what });
    return ['notices', Promise.resolve()];
  },
];
const someActs = () => fc.subarray([...ACTS], { minLength: 2, maxLength: 4 });

t.test('nothing that a server answers harms core', async (t) => {
  const answered = new Map<string, number>();
  const made = { link: pair.link };
  const property = fc.asyncProperty(fc.gen(), async (make) => {
    isHonest = false;
    wire.answer = (request, reply) => {
      if (make(oneOf, 2) === 0) return reply;
      const route = routeOf(request);
      answered.set(route.name, (answered.get(route.name) ?? 0) + 1);
      return make(wildReply, route, reply);
    };
    for (const act of make(someActs)) await settles(...act(made));
    await stillTalk();
  });
  await fc.assert(property, { numRuns: 20 * TIMES, endOnFailure: true });
  t.comment([...answered].map(([name, times]) => `${name} ${String(times)}`).join(', '));
});

t.test('all that was written arrives', async (t) => {
  const failed = (await readAll(ada, toBen)).filter(({ delivery }) => delivery.kind === 'failed');
  for (const { id } of failed) await ada.commands.retrySend(id);
  for (const [client, id] of [
    [ada, toBen],
    [ben, toAda],
  ] as const) {
    const until = performance.now() + WITHIN_MS;
    let texts: readonly string[] = [];
    while (texts.length < written.size && performance.now() < until) {
      await delay(100);
      texts = (await readAll(client, id)).map(({ text }) => text);
    }
    t.strictSame([...texts].sort(), [...written].sort());
  }
  t.comment(rowsOf(ada));
});
