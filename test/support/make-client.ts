/** Real clients of core on Node's ports, with what a test says and waits for. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { openClient, type Client, type View } from '@tacet/client/core/client';
import type { Engine } from '@tacet/client/core/engine';
import { ownEngine } from '@tacet/client/core/own-engine';
import { FIRST_STATE } from '@tacet/client/core/door';
import type { Commands, ConversationId, Line, ViewState } from '@tacet/client/core/view';
import { idOf, type MessageId } from '@tacet/protocol/ids';
import { openNodePorts, rowsOf, type Disk, type NodePorts, type NodePortsOptions } from './node-ports.ts';

/** How long a test waits for a state before it says what there was instead, where it does not say so itself. */
const WAIT_MS = 60_000;

/** A client with one view. */
export interface TestClient extends AsyncDisposable {
  readonly ports: NodePorts;
  readonly client: Client;
  readonly commands: Commands;
  /** The commands for one call that may be repeated: what it makes is made once for each key. */
  keyed(key: MessageId): Commands;
  /** The state as the view has it. */
  readonly state: ViewState;
  /** Resolves with the first state that satisfies. Fails with the last one when none comes, and once the power is gone. */
  waitFor(what: string, test: (state: ViewState) => boolean): Promise<ViewState>;
  /** The power goes; what is on disk stays. */
  crash(): void;
  close(): Promise<void>;
}

export interface TestClientOptions extends NodePortsOptions {
  readonly engine?: Engine;
  readonly waitMs?: number;
}

/** Opens a client on what its disk holds. */
export function openTestClient(options: TestClientOptions): TestClient {
  const ports = openNodePorts(options);
  const client = openClient(ports, options.engine ?? ownEngine);
  let state: ViewState = FIRST_STATE;
  const waiting = new Set<() => void>();
  ports.power.onLoss(() => {
    for (const look of waiting) look();
  });
  const view: View = client.attach((slices) => {
    state = { ...state, ...slices };
    for (const look of waiting) look();
  });

  function waitFor(what: string, test: (state: ViewState) => boolean): Promise<ViewState> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        waiting.delete(look);
      };
      const look = (): void => {
        if (ports.power.isOff) {
          end();
          reject(new Error(`the power went before: ${what}`));
        } else if (test(state)) {
          end();
          resolve(state);
        }
      };
      const timer = setTimeout(() => {
        end();
        const failures = client.background.failures.map(({ name, error }) => `${name}: ${String(error)}`);
        const shown = JSON.stringify({ ...state, failures }, undefined, 1);
        reject(new Error(`never came: ${what}\n${shown}`));
      }, options.waitMs ?? WAIT_MS);
      waiting.add(look);
      look();
    });
  }

  async function close(): Promise<void> {
    view.close();
    // Without power nothing is said or stored any more.
    if (!ports.power.isOff) await client.close();
  }

  return {
    ports,
    client,
    commands: view.commands,
    keyed: (key) => view.keyed(key),
    get state() {
      return state;
    },
    waitFor,
    crash() {
      ports.power.cut();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Signs up under a generated passphrase and waits until it is connected. */
export async function signUp(
  client: TestClient,
  username: string,
  invite?: string,
): Promise<{ readonly passphrase: string }> {
  await client.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  const passphrase = await client.commands.suggestPassphrase();
  await client.commands.signUp({ username, name: nameOf(username), passphrase, invite });
  await isOnline(client);
  return { passphrase };
}

/** Signs in with a passphrase and waits until it is connected. */
export async function signIn(client: TestClient, username: string, passphrase: string): Promise<void> {
  await client.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await client.commands.signIn({ username, passphrase });
  await isOnline(client);
}

/** The shown name that `signUp` gives. */
export function nameOf(username: string): string {
  return username.charAt(0).toUpperCase() + username.slice(1);
}

/** Waits until a signed-in client is connected. */
export async function isOnline(client: TestClient): Promise<void> {
  await client.waitFor('online', ({ connection }) => connection.kind === 'online');
}

/** Loses the connection and makes another one, in whose welcome the server says anew what it has. */
export async function reconnect(client: TestClient): Promise<void> {
  client.ports.dropSockets();
  await client.waitFor('offline', ({ connection }) => connection.kind === 'offline');
  await client.commands.connectNow();
  await isOnline(client);
}

/** Makes a new connection, and waits until what that brings about is done. */
export async function reconnectAndSettle(client: TestClient): Promise<void> {
  await reconnect(client);
  await client.client.background.settled();
}

/** Waits until the receipts of a client are on their way. */
export async function haveReceiptsLeft({ ports: { clock, disk }, client }: TestClient): Promise<void> {
  for (const end = clock.now() + 60_000; rowsOf(disk, 'receipts') > 0;) {
    if (clock.now() > end) throw new Error('the receipts never left');
    await new Promise<void>((resolve) => clock.after(20, resolve));
  }
  await client.background.settled();
}

/** Waits until everything that a client has written in the open conversation is known to have arrived. */
export async function isAllDelivered(client: TestClient): Promise<void> {
  await client.waitFor('all delivered', (state) =>
    linesOf(state).every(({ mine, delivery }) => !mine || delivery.kind === 'delivered'),
  );
}

/** The id that what is said under these words gets, the same each time: given as the key of `keyed`, it is said once. */
export function idFor(words: string): MessageId {
  return idOf<MessageId>(createHash('sha256').update(words).digest().subarray(0, 16));
}

/** A closed device loses its sessions and nothing else: with the next message it asks for keys, and begins anew. */
export function forgetSessions({ databases }: Disk): void {
  databases.get('tacet')?.set('sessions', new Map());
}

/** The own account of a signed-in client. */
export function accountOf(client: TestClient): ConversationId {
  const { session } = client.state;
  if (session.kind !== 'signed-in') throw new Error('not signed in');
  return session.me.account;
}

/** Two people who are each other's contacts by an invite. */
export async function makePair(
  url: string,
  options: { readonly engine?: Engine; readonly names?: readonly [string, string] } = {},
): Promise<{ readonly ada: TestClient; readonly ben: TestClient; readonly adasPassphrase: string }> {
  const [first, second] = options.names ?? ['ada', 'ben'];
  const made = { url, ...(options.engine === undefined ? {} : { engine: options.engine }) };
  await using opened = new AsyncDisposableStack();
  const ada = opened.use(openTestClient(made));
  const { passphrase } = await signUp(ada, first);
  const { link } = await ada.commands.makeInvite();
  const ben = opened.use(openTestClient(made));
  await signUp(ben, second, link);
  await hasContact(ben, nameOf(first));
  await hasContact(ada, nameOf(second));
  // Both are the caller's from here on; until now a failure closed them, so that nothing keeps the test's process alive.
  opened.move();
  return { ada, ben, adasPassphrase: passphrase };
}

/** Such a pair until the test ends, each with the conversation with the other open. */
export async function makeTalk(t: Pick<Test, 'teardown'>, url: string) {
  const { ada, ben, adasPassphrase } = await makePair(url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const toBen = await openWith(ada, 'Ben');
  const toAda = await openWith(ben, 'Ada');
  return { ada, ben, toBen, toAda, adasPassphrase };
}

/** Waits until a conversation with somebody of this name is shown, and gives its id. */
export async function hasContact(client: TestClient, name: string): Promise<ConversationId> {
  const state = await client.waitFor(`a conversation with ${name}`, ({ conversations }) =>
    conversations.some(({ person, state: kind }) => person.name === name && kind === 'accepted'),
  );
  const found = state.conversations.find(({ person }) => person.name === name);
  if (found === undefined) throw new Error('no conversation');
  return found.id;
}

/** The texts of the open conversation, in order. */
export function textsOf(state: ViewState): readonly string[] {
  return linesOf(state).map(({ text }) => text);
}

/** A message as a view shows it. */
export type MessageLine = Extract<Line, { readonly kind: 'message' }>;

/** Every line of the open conversation, page by page: a view keeps a window of them alone. */
export async function readLines(client: TestClient, id: ConversationId): Promise<readonly Line[]> {
  const lines = new Map<number, Line>();
  const note = (): void => {
    for (const line of client.state.open?.lines ?? []) lines.set(line.order, line);
  };
  // A conversation opens where its unread messages begin: down to the end first, then up to the beginning.
  for (note(); client.state.open?.hasLater === true; note()) await client.commands.loadLater(id);
  for (note(); client.state.open?.hasEarlier === true; note()) await client.commands.loadEarlier(id);
  return [...lines.values()].sort((a, b) => a.order - b.order);
}

/** Every message of the open conversation. */
export async function readAll(client: TestClient, id: ConversationId): Promise<readonly MessageLine[]> {
  return (await readLines(client, id)).filter((line) => line.kind === 'message');
}

/** The messages of the open conversation, in order. */
export function linesOf(state: ViewState): readonly MessageLine[] {
  return (state.open?.lines ?? []).filter((line) => line.kind === 'message');
}

/** The message of the open conversation with this text. Throws where there is none. */
export function lineOf(client: TestClient, text: string): MessageLine {
  const line = linesOf(client.state).find((each) => each.text === text);
  if (line === undefined) throw new Error(`no message ${text}`);
  return line;
}

/** What the event lines of the open conversation tell, in order. */
export function eventsOf(state: ViewState): readonly string[] {
  return (state.open?.lines ?? []).flatMap((line) => (line.kind === 'event' ? [line.event.what] : []));
}

/** What is told above the list, by kind, but that a test lets the clocks of server and client differ. */
export function toldOf({ state }: TestClient): readonly string[] {
  return state.alerts.flatMap(({ what }) => (what === 'clocks' ? [] : [what]));
}

/** Waits until so many devices of the other side have told that the newest line of the open conversation arrived. */
export async function isDeliveredTo(
  client: TestClient,
  conversation: ConversationId,
  devices: number,
): Promise<void> {
  const order = linesOf(client.state).at(-1)?.order ?? 0;
  const told = async (): Promise<number> => {
    const details = await client.commands.readDetails(conversation, order);
    return details.devices.filter(({ deliveredAt }) => deliveredAt !== undefined).length;
  };
  // What a second device tells changes nothing that is shown: it is asked for until it is there, or the test's time is over.
  while ((await told()) < devices) await delay(30);
}

/** Marks whoever the open conversation is with as verified, as after a comparison of the numbers. */
export async function markVerified(client: TestClient, id: ConversationId): Promise<void> {
  const { digits } = await client.commands.readSafetyNumber(id);
  await client.commands.verify(id, digits);
  await client.waitFor('verified', ({ open }) => open?.person.trust === 'verified');
}

/** Opens the conversation with somebody and waits until it is shown. */
export async function openWith(client: TestClient, name: string): Promise<ConversationId> {
  const id = await hasContact(client, name);
  await client.commands.openConversation(id);
  await client.waitFor('the open conversation', ({ open }) => open?.id === id);
  return id;
}

/** The person has seen everything that the open conversation shows: its window goes on with what comes. */
export async function readShown({ commands, state }: TestClient): Promise<void> {
  const { open } = state;
  const order = open?.lines.at(-1)?.order;
  if (open !== undefined && order !== undefined) await commands.markRead(open.id, order);
}
